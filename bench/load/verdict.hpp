#pragma once

#include "load/connection.hpp"
#include "load/keys.hpp"
#include "load/protocol.hpp"
#include "load/value_pattern.hpp"

#include <string>

namespace pkv::bench {

/// What an answer means for its exchange.
enum class Verdict {
  right,
  missing,   ///< There is no such key.
  error,     ///< The server refused; the answer says why.
  mismatch,  ///< Not what was written.
};

/// Compares an answer with what the exchange asked for, values byte by byte.
[[nodiscard]] Verdict judge(const Exchange& exchange, const Answer& answer,
                            const ValuePattern& values) noexcept;

/// What is wrong with an answer that is a mismatch or missing, for people.
[[nodiscard]] std::string fault_of(const Exchange& exchange, const Answer& answer, const Keys& keys,
                                   const ValuePattern& values);

}  // namespace pkv::bench

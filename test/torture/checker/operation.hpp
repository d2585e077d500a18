#pragma once

#include "torture/checker/value.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace pkv::torture {

using Clock = std::chrono::steady_clock;

/// What an operation does. `argument` and `result` are those of Operation; of a result that is not
/// mentioned, nothing is looked at.
enum class Action : std::uint8_t {
  read,       ///< Answers the value: result.
  put,        ///< Replaces the value by argument, whatever it was.
  create,     ///< Puts argument if there is no value. Was there one: result.is_there.
  erase,      ///< Removes the value. Was there one: result.is_there.
  increment,  ///< Adds argument.content; without a value to 0. The sum: result.content.
  append,     ///< Adds a piece (argument: tag as content, and length). The sum: result.length.
};

/// What a client knows about its operation.
enum class Outcome : std::uint8_t {
  ok,       ///< It happened between `invoked` and `answered`, with `result`.
  refused,  ///< It did not happen, and never will.
  unknown,  ///< It happened at some time after `invoked`, or never.
};

/// One operation on one key (or on several that are always used together), as its client saw it.
struct Operation {
  Action action = Action::read;
  Outcome outcome = Outcome::ok;
  std::uint32_t client = 0;
  Clock::time_point invoked{};   ///< Not after it was sent.
  Clock::time_point answered{};  ///< Not before its answer came; of no meaning unless `ok`.
  Value argument{};
  Value result{};
};

/// All operations on one key, in any order, but those of one client in the order it sent them.
using History = std::vector<Operation>;

/// The value of a key whose value was `before` once the operation has happened; nothing if its
/// result cannot come of that.
[[nodiscard]] std::optional<Value> apply(const Operation& operation, const Value& before) noexcept;

}  // namespace pkv::torture

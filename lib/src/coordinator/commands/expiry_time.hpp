#pragma once

#include "pkv/entry.hpp"

#include "coordinator/conversation.hpp"
#include "wire/operation.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::commands {

/// How a command tells a time of expiry: EX, PX, EXAT and PXAT, in Redis' words.
enum class ExpiryForm : std::uint8_t { seconds, milliseconds, unix_seconds, unix_milliseconds };

/// The form that goes by this name, in whatever case.
[[nodiscard]] std::optional<ExpiryForm> expiry_form(std::string_view word) noexcept;

/// A time, or why there is none.
struct ExpiryTime {
  Timestamp at = never;
  std::string error;  ///< Empty if there is a time.
};

/// Reads a time in a command that is about to get its place in the order. Times of the past are
/// times; there is no time beyond what 63 bits of milliseconds can tell.
[[nodiscard]] ExpiryTime read_expiry(Conversation& client, ExpiryForm form, std::string_view number,
                                     std::string_view command);

/// As read_expiry(), but the number must be above 0.
[[nodiscard]] ExpiryTime read_positive_expiry(Conversation& client, ExpiryForm form,
                                              std::string_view number, std::string_view command);

/// Has an operation carry a time, and sees to it that the key is removed after it.
void give_expiry(Conversation& client, wire::Operation& operation, Timestamp at) noexcept;

}  // namespace pkv::commands

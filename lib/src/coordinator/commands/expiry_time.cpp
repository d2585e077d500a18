#include "coordinator/commands/expiry_time.hpp"

#include "base/decimal.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <algorithm>

namespace pkv::commands {
namespace {

bool is_from_now(ExpiryForm form) noexcept {
  return form == ExpiryForm::seconds || form == ExpiryForm::milliseconds;
}

bool is_in_seconds(ExpiryForm form) noexcept {
  return form == ExpiryForm::seconds || form == ExpiryForm::unix_seconds;
}

}  // namespace

std::optional<ExpiryForm> expiry_form(std::string_view word) noexcept {
  if (same_word(word, "ex")) return ExpiryForm::seconds;
  if (same_word(word, "px")) return ExpiryForm::milliseconds;
  if (same_word(word, "exat")) return ExpiryForm::unix_seconds;
  if (same_word(word, "pxat")) return ExpiryForm::unix_milliseconds;
  return std::nullopt;
}

ExpiryTime read_expiry(Conversation& client, ExpiryForm form, std::string_view number,
                       std::string_view command) {
  const std::optional<std::int64_t> told = parse_integer(number);
  if (!told) return {never, std::string(error_text::not_an_integer)};
  const Timestamp start = is_from_now(form) ? client.service().coordinator.order_time() : 0;
  Timestamp at = 0;
  if (__builtin_mul_overflow(*told, is_in_seconds(form) ? 1000 : 1, &at) ||
      __builtin_add_overflow(at, start, &at))
    return {never, error_text::invalid_expiry(command)};
  // What would be never, or before 1970, has expired as well as any other time of the past.
  return {std::max<Timestamp>(at, 1), {}};
}

ExpiryTime read_positive_expiry(Conversation& client, ExpiryForm form, std::string_view number,
                                std::string_view command) {
  const std::optional<std::int64_t> told = parse_integer(number);
  if (told && *told <= 0) return {never, error_text::invalid_expiry(command)};
  return read_expiry(client, form, number, command);
}

void give_expiry(Conversation& client, wire::Operation& operation, Timestamp at) noexcept {
  operation.flags |= wire::with_expiry;
  operation.expires_at = at;
  client.service().expirer.note(at);
}

}  // namespace pkv::commands

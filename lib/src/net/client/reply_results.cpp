#include "net/client/reply_results.hpp"

#include "pkv/client.hpp"

#include "protocol/error_text.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace pkv {
namespace {

// Those that a server answers with; their texts come from the table the server itself uses.
constexpr std::array answered_errors{
    errc::key_too_long,    errc::value_too_long,   errc::malformed_frame, errc::overloaded,
    errc::worker_timeout,  errc::shutting_down,    errc::key_exists,      errc::key_not_found,
    errc::not_an_integer,  errc::integer_overflow, errc::protocol_error,  errc::node_down,
    errc::storage_failure, errc::out_of_memory,    errc::view_lost};

std::string_view code_of(std::string_view text) noexcept {
  return text.substr(0, text.find(' '));
}

// ERR alone says nothing: there the whole text decides. Any other code is as good as the text, and
// lasts longer.
bool means(std::string_view text, std::string_view known) noexcept {
  const std::string_view code = code_of(known);
  return code == "ERR" ? text == known : code_of(text) == code;
}

}  // namespace

boost::system::error_code error_of(const Reply& reply) {
  const std::string_view text = reply.text();
  for (const errc error : answered_errors) {
    if (means(text, error_text::of(error))) return error;
  }
  return errc::command_refused;
}

result<void> done_from(const Reply& reply) {
  if (reply.is_error()) return error_of(reply);
  if (!reply.is_status()) return errc::protocol_error;
  return {};
}

result<std::string> value_from(Reply&& reply) {
  if (reply.is_error()) return error_of(reply);
  if (reply.is_nil()) return errc::key_not_found;
  if (!reply.is_bulk()) return errc::protocol_error;
  return std::move(reply).take_text();
}

result<std::int64_t> integer_from(const Reply& reply) {
  if (reply.is_error()) return error_of(reply);
  if (!reply.is_integer()) return errc::protocol_error;
  return reply.integer();
}

}  // namespace pkv

#include "protocol/error_text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace pkv::error_text {
namespace {

constexpr std::size_t most_quoted_bytes = 128;

/// At most `limit` bytes of what a client sent, up to the first zero byte as in Redis.
std::string_view excerpt(std::string_view text, std::size_t limit) noexcept {
  text = text.substr(0, limit);
  return text.substr(0, text.find('\0'));
}

// A line end inside the text would end the reply there and make a second one of the rest.
std::string in_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char byte) { return byte == '\r' || byte == '\n'; }, ' ');
  return text;
}

}  // namespace

std::string_view of(errc error) noexcept {
  switch (error) {
    case errc::key_too_long:
      return "ERR key is longer than the limit";
    case errc::value_too_long:
      return "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    case errc::malformed_frame:
      return "ERR internal error: malformed frame between nodes";
    case errc::overloaded:
      return "BUSY too many commands under way, try again later";
    case errc::worker_timeout:
      return "TIMEOUT the node that owns the key did not answer in time, a write may have "
             "happened, "
             "read before trying again";
    case errc::shutting_down:
      return "SHUTDOWN the server is stopping, connect again later";
    case errc::key_exists:
      return "EXISTS key already exists";
    case errc::key_not_found:
      return "NOTFOUND no such key";
    case errc::not_an_integer:
      return not_an_integer;
    case errc::integer_overflow:
      return "ERR increment or decrement would overflow";
    case errc::protocol_error:
      return "ERR Protocol error";
    case errc::connection_lost:
      return "ERR the connection was lost before the answer came";
    case errc::timed_out:
      return "TIMEOUT the request took longer than its deadline";
    case errc::node_down:
      return "NODEDOWN the node that owns the key is down, try again when it is back";
    case errc::storage_failure:
      return "IOERR the node that owns the key could not read or write its storage, see its log";
    case errc::out_of_memory:
      return "OOM the node that owns the key is out of memory, delete keys or add nodes";
    case errc::command_refused:
      return "ERR the command was refused";
    case errc::view_lost:
      return "VIEWLOST the view of the entries ended before it was read: more was written "
             "meanwhile "
             "than it may save, or nobody asked for more, begin again";
  }
  return "ERR unknown internal error";
}

std::string protocol_error(std::string_view what) {
  return std::string("ERR Protocol error: ").append(what);
}

std::string expected_bulk(char got) {
  if (got == '\0') got = ' ';
  return in_one_line(std::string("expected '$', got '") + got + '\'');
}

std::string invalid_expiry(std::string_view command) {
  return std::string("ERR invalid expire time in '").append(command).append("' command");
}

std::string unsupported_option(std::string_view option) {
  std::string text = "ERR Unsupported option ";
  text.append(excerpt(option, most_quoted_bytes));
  return in_one_line(std::move(text));
}

std::string unknown_command(std::span<const std::string_view> command) {
  std::string arguments;
  for (const std::string_view argument : command.subspan(1)) {
    if (arguments.size() >= most_quoted_bytes) break;
    const std::size_t room = most_quoted_bytes - arguments.size();
    arguments.append("'").append(excerpt(argument, room)).append("' ");
  }
  std::string text = "ERR unknown command '";
  text.append(excerpt(command.front(), most_quoted_bytes));
  text.append("', with args beginning with: ").append(arguments);
  return in_one_line(std::move(text));
}

std::string unknown_subcommand(std::string_view container, std::string_view subcommand) {
  std::string upper(container);
  for (char& byte : upper) {
    if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
  }
  std::string text = "ERR unknown subcommand '";
  text.append(excerpt(subcommand, most_quoted_bytes));
  text.append("'. Try ").append(upper).append(" HELP.");
  return in_one_line(std::move(text));
}

std::string wrong_arity(std::string_view name) {
  return std::string("ERR wrong number of arguments for '").append(name).append("' command");
}

}  // namespace pkv::error_text

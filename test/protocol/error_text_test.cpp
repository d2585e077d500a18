#include "protocol/error_text.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace pkv;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string unknown(const std::vector<std::string_view>& words) {
  return error_text::unknown_command(words);
}

}  // namespace

// The expectations are what Redis 7.0 answers.
TEST_CASE("Error text: unknown commands are named with their arguments", "[protocol][error]") {
  CHECK(unknown({"FOO", "a", "b"}) ==
        "ERR unknown command 'FOO', with args beginning with: 'a' 'b' ");
  CHECK(unknown({"FOO"}) == "ERR unknown command 'FOO', with args beginning with: ");
  CHECK(unknown({""}) == "ERR unknown command '', with args beginning with: ");
  CHECK(unknown({"fo\r\no", "x\ny", "\r\n"}) ==
        "ERR unknown command 'fo  o', with args beginning with: 'x y' '  ' ");
  CHECK(unknown({"a\0b"sv, "c\0d"sv}) == "ERR unknown command 'a', with args beginning with: 'c' ");
}

TEST_CASE("Error text: an unknown command is cut after 128 bytes", "[protocol][error]") {
  const std::string name(129, 'n');
  const std::string argument(200, 'a');
  CHECK(unknown({name, "x"}) ==
        "ERR unknown command '" + std::string(128, 'n') + "', with args beginning with: 'x' ");
  CHECK(unknown({"FOO", argument, "b"}) ==
        "ERR unknown command 'FOO', with args beginning with: '" + std::string(128, 'a') + "' ");
  // 'aaa...' with 117 letters takes 120 bytes, so the next argument may have 8.
  CHECK(unknown({"FOO", argument.substr(0, 117), "bbbbbbbbbb", "c"}) ==
        "ERR unknown command 'FOO', with args beginning with: '" + std::string(117, 'a') +
            "' 'bbbbbbbb' ");
}

TEST_CASE("Error text: other mistakes of clients", "[protocol][error]") {
  CHECK(error_text::wrong_arity("get") == "ERR wrong number of arguments for 'get' command");
  CHECK(error_text::wrong_arity("client|setname") ==
        "ERR wrong number of arguments for 'client|setname' command");
  CHECK(error_text::unknown_subcommand("client", "foo") ==
        "ERR unknown subcommand 'foo'. Try CLIENT HELP.");
  CHECK(error_text::unknown_subcommand("config", "a\r\nb" + std::string(200, 'c')) ==
        "ERR unknown subcommand 'a  b" + std::string(124, 'c') + "'. Try CONFIG HELP.");
  CHECK(error_text::protocol_error("x") == "ERR Protocol error: x");
}

TEST_CASE("Error text: every failure has a text with a code", "[protocol][error]") {
  CHECK(error_text::of(errc::key_exists) == "EXISTS key already exists");
  CHECK(error_text::of(errc::key_not_found) == "NOTFOUND no such key");
  CHECK(error_text::of(errc::not_an_integer) == "ERR value is not an integer or out of range");
  CHECK(error_text::of(errc::integer_overflow) == "ERR increment or decrement would overflow");
  CHECK(error_text::of(errc::value_too_long) ==
        "ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  CHECK(error_text::of(errc::key_too_long) == "ERR key is longer than the limit");
  CHECK(error_text::of(errc::worker_timeout).starts_with("TIMEOUT "));
  CHECK(error_text::of(errc::node_down).starts_with("NODEDOWN "));
  CHECK(error_text::of(errc::overloaded).starts_with("BUSY "));
  CHECK(error_text::of(errc::out_of_memory).starts_with("OOM "));
  CHECK(error_text::of(errc::storage_failure).starts_with("IOERR "));
  CHECK(error_text::of(errc::shutting_down).starts_with("SHUTDOWN "));
  for (int code = 1; code <= 16; ++code) {
    const std::string_view text = error_text::of(static_cast<errc>(code));
    CAPTURE(text);
    CHECK(text != error_text::of(static_cast<errc>(999)));
    CHECK(text.find_first_of("\r\n") == std::string_view::npos);
    const std::string_view prefix = text.substr(0, text.find(' '));
    CHECK(prefix.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos);
  }
}

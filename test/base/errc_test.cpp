#include "pkv/errc.hpp"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using pkv::errc;

namespace {

constexpr int first_code = static_cast<int>(errc::key_too_long);
constexpr int last_code = static_cast<int>(errc::view_lost);

}  // namespace

TEST_CASE("errc: every code has a text of its own", "[errc]") {
  std::set<std::string> texts;
  for (int code = first_code; code <= last_code; ++code) {
    const std::string text = make_error_code(static_cast<errc>(code)).message();
    CAPTURE(code, text);
    CHECK(text != "unknown pkv error");
    CHECK(texts.insert(text).second);
  }
}

TEST_CASE("errc: a number from a newer peer still has a text", "[errc]") {
  CHECK(make_error_code(static_cast<errc>(0x7fffffff)).message() == "unknown pkv error");
  CHECK(make_error_code(errc{}).message() == "unknown pkv error");
}

TEST_CASE("errc: the numbers that travel between ranks never change", "[errc]") {
  CHECK(static_cast<int>(errc::key_too_long) == 1);
  CHECK(static_cast<int>(errc::value_too_long) == 2);
  CHECK(static_cast<int>(errc::malformed_frame) == 3);
  CHECK(static_cast<int>(errc::overloaded) == 4);
  CHECK(static_cast<int>(errc::worker_timeout) == 5);
  CHECK(static_cast<int>(errc::shutting_down) == 6);
  CHECK(static_cast<int>(errc::key_exists) == 7);
  CHECK(static_cast<int>(errc::key_not_found) == 8);
  CHECK(static_cast<int>(errc::not_an_integer) == 9);
  CHECK(static_cast<int>(errc::integer_overflow) == 10);
  CHECK(static_cast<int>(errc::protocol_error) == 11);
  CHECK(static_cast<int>(errc::connection_lost) == 12);
  CHECK(static_cast<int>(errc::timed_out) == 13);
  CHECK(static_cast<int>(errc::node_down) == 14);
  CHECK(static_cast<int>(errc::storage_failure) == 15);
  CHECK(static_cast<int>(errc::out_of_memory) == 16);
  CHECK(static_cast<int>(errc::command_refused) == 17);
  CHECK(static_cast<int>(errc::view_lost) == 18);
}

TEST_CASE("errc: converts to an error_code of its own category", "[errc]") {
  const boost::system::error_code code = errc::node_down;
  CHECK(code == errc::node_down);
  CHECK(code != errc::timed_out);
  CHECK(&code.category() == &pkv::category());
  CHECK(std::string(code.category().name()) == "pkv");
  CHECK(code.failed());
}

TEST_CASE("errc: a result holds a value or says why not", "[errc]") {
  const pkv::result<int> value = 7;
  const pkv::result<int> failure = errc::key_not_found;
  REQUIRE(value.has_value());
  CHECK(*value == 7);
  REQUIRE_FALSE(failure.has_value());
  CHECK(failure.error() == errc::key_not_found);
}

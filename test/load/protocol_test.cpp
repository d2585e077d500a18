#include "load/protocol.hpp"

#include "load/keys.hpp"
#include "load/requests.hpp"
#include "load/value_pattern.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace pkv;
using namespace pkv::bench;
using Status = ScanResult::Status;
using Type = Answer::Type;

namespace {

/// The answer must be found whole, not before its last byte has come, and with more behind it.
void check_answer(AnswerScanner scan, const std::string& bytes, Type type,
                  const std::string& text) {
  CAPTURE(bytes);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    const ScanResult part = scan(bytes.substr(0, length));
    REQUIRE(part.status == Status::need_more);
    REQUIRE(part.bytes >= 1);
    REQUIRE(part.bytes <= bytes.size() - length);
  }
  for (const std::string& behind : {std::string(), bytes, std::string("x")}) {
    const std::string unread = bytes + behind;
    const ScanResult whole = scan(unread);
    REQUIRE(whole.status == Status::complete);
    CHECK(whole.bytes == bytes.size());
    CHECK(whole.answer.type == type);
    CHECK(whole.answer.text == text);
  }
}

}  // namespace

TEST_CASE("RESP: answers are found wherever the stream is cut", "[load]") {
  check_answer(scan_resp, "+OK\r\n", Type::done, "OK");
  check_answer(scan_resp, "-ERR no\r\n", Type::error, "ERR no");
  check_answer(scan_resp, "-\r\n", Type::error, "");
  check_answer(scan_resp, ":12\r\n", Type::other, "12");
  check_answer(scan_resp, "$-1\r\n", Type::missing, "");
  check_answer(scan_resp, "$0\r\n\r\n", Type::value, "");
  check_answer(scan_resp, "$5\r\na\r\nbc\r\n", Type::value, "a\r\nbc");
  check_answer(scan_resp, "$12\r\n123456789012\r\n", Type::value, "123456789012");
  const std::string scan = "*2\r\n$2\r\n17\r\n*2\r\n$1\r\na\r\n$-1\r\n";
  check_answer(scan_resp, scan, Type::list, scan);
  check_answer(scan_resp, "*0\r\n", Type::list, "*0\r\n");
  check_answer(scan_resp, "*-1\r\n", Type::list, "*-1\r\n");
  check_answer(scan_resp, "*2\r\n*1\r\n*0\r\n:1\r\n", Type::list, "*2\r\n*1\r\n*0\r\n:1\r\n");
}

TEST_CASE("RESP: a long value says how much of it is missing", "[load]") {
  const ScanResult part = scan_resp("$1000000\r\nabc");
  CHECK(part.status == Status::need_more);
  CHECK(part.bytes == 1'000'000 - 3 + 2);
}

TEST_CASE("RESP: what is none is noticed", "[load]") {
  for (const char* bytes :
       {"HTTP/1.1 400 Bad Request\r\n", "ERROR\r\n", "\r\n", "$x\r\n", "$-2\r\n", "$1\r\nabc",
        "$2000000000\r\n", "*99999999\r\n", "$\r\n", ":\r\n", "*1\r\nx", "*1\r\n*x\r\n"}) {
    CAPTURE(bytes);
    CHECK(scan_resp(bytes).status == Status::broken);
  }
  std::string endless(std::size_t{1} << 20, '1');
  for (const char type : {'+', '-', ':', '$', '*'}) {
    endless.front() = type;
    CHECK(scan_resp(endless).status == Status::broken);
  }
}

TEST_CASE("RESP: the cursor of a scan is its first element", "[load]") {
  CHECK(cursor_of("*2\r\n$2\r\n17\r\n*0\r\n") == "17");
  CHECK(cursor_of("*0\r\n").empty());
  CHECK(cursor_of("*1\r\n:5\r\n").empty());
}

TEST_CASE("memcached: answers are found wherever the stream is cut", "[load]") {
  check_answer(scan_memcached, "STORED\r\n", Type::done, "STORED");
  check_answer(scan_memcached, "NOT_STORED\r\n", Type::other, "NOT_STORED");
  check_answer(scan_memcached, "END\r\n", Type::missing, "");
  check_answer(scan_memcached, "ERROR\r\n", Type::error, "ERROR");
  check_answer(scan_memcached, "SERVER_ERROR out of memory storing object\r\n", Type::error,
               "SERVER_ERROR out of memory storing object");
  check_answer(scan_memcached, "VALUE k 0 5\r\na\r\nbc\r\nEND\r\n", Type::value, "a\r\nbc");
  check_answer(scan_memcached, "VALUE k 0 0\r\n\r\nEND\r\n", Type::value, "");
}

TEST_CASE("memcached: what is none is noticed", "[load]") {
  for (const char* bytes :
       {"-ERR unknown command\r\n", "+OK\r\n", "HTTP/1.1 400 Bad Request\r\n", "VALUE k 0 x\r\n",
        "VALUE k 0 -1\r\n", "VALUE k 0 2000000000\r\n", "VALUE k 0 1\r\nab\r\nEND\r\n", "$"}) {
    CAPTURE(bytes);
    CHECK(scan_memcached(bytes).status == Status::broken);
  }
}

TEST_CASE("Requests: are what the protocols say", "[load]") {
  const Keys keys("k", 3);
  const ValuePattern values(2);
  std::string value(2, '\0');
  values.write(value.data(), 7, 1);
  ByteBuffer output;

  const Requests resp(Protocol::resp, keys, values);
  resp.append_get(output, 42);
  resp.append_set(output, 7, 1);
  append_scan(output, "17", 100);
  std::string expected = "*2\r\n$3\r\nGET\r\n$3\r\nk42\r\n*3\r\n$3\r\nSET\r\n$3\r\nk07\r\n$2\r\n";
  expected += value;
  expected += "\r\n*4\r\n$4\r\nSCAN\r\n$2\r\n17\r\n$5\r\nCOUNT\r\n$3\r\n100\r\n";
  CHECK(output.view() == expected);

  output.clear();
  const Requests memcached(Protocol::memcached, keys, values);
  memcached.append_get(output, 42);
  memcached.append_set(output, 7, 1);
  CHECK(output.view() == std::string("get k42\r\nset k07 0 0 2\r\n").append(value).append("\r\n"));
}

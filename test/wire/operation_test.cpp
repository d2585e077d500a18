#include "wire/operation.hpp"

#include "base/endian.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using wire::Opcode;
using wire::Operation;
using wire::OperationReader;

namespace {

std::string encoded(const std::vector<Operation>& operations) {
  ByteBuffer bytes;
  for (const Operation& operation : operations)
    wire::append_operation(bytes, operation);
  return std::string(bytes.view());
}

std::string encoded(const Operation& operation) {
  return encoded(std::vector{operation});
}

Operation put(std::string_view key, std::string_view value) {
  Operation operation;
  operation.opcode = Opcode::put;
  operation.key = key;
  operation.value = value;
  return operation;
}

/// A put of "key" and "value" whose head claims other lengths.
std::string claiming(std::uint32_t key_bytes, std::uint32_t value_bytes) {
  std::string bytes = encoded(put("key", "value"));
  store(bytes.data() + 4, key_bytes);
  store(bytes.data() + 8, value_bytes);
  return bytes;
}

bool readable(std::string_view body) {
  OperationReader reader(body, 1);
  Operation operation;
  return reader.next(operation);
}

}  // namespace

TEST_CASE("Operation: every opcode, flag and length comes back", "[wire][operation]") {
  const std::string long_value(100'000, 'v');
  const std::string all_zero(3, '\0');
  std::vector<Operation> expected;
  for (int code = 1; code <= static_cast<int>(wire::last_opcode); ++code) {
    Operation operation;
    operation.opcode = static_cast<Opcode>(code);
    operation.flags = static_cast<std::uint8_t>(code * 15);
    if ((operation.flags & wire::with_expiry) != 0) operation.expires_at = -code;
    operation.sequence_offset = UINT32_MAX - static_cast<std::uint32_t>(code);
    operation.key = code % 2 == 0 ? std::string_view("key") : std::string_view(all_zero);
    operation.value = code % 3 == 0 ? std::string_view(long_value) : std::string_view();
    expected.push_back(operation);
  }
  const std::string body = encoded(expected);

  OperationReader reader(body, static_cast<std::uint32_t>(expected.size()));
  Operation operation;
  for (const Operation& wanted : expected) {
    REQUIRE(reader.next(operation));
    CHECK(operation == wanted);
  }
  CHECK_FALSE(reader.next(operation));
  CHECK(reader.complete());
}

TEST_CASE("Operation: the bytes never change", "[wire][operation]") {
  Operation operation = put("key", "value");
  operation.flags = wire::put_only_if_present | wire::put_return_old;
  operation.sequence_offset = 0x01020304;
  CHECK(encoded(operation) == std::string_view("\x06\x06\x00\x00"
                                               "\x03\x00\x00\x00"
                                               "\x05\x00\x00\x00"
                                               "\x04\x03\x02\x01"
                                               "keyvalue",
                                               24));
  CHECK(encoded(operation).size() == wire::encoded_bytes(operation));

  operation.flags |= wire::with_expiry;
  operation.expires_at = 0x1122334455667788;
  CHECK(encoded(operation) == std::string_view("\x06\x26\x00\x00"
                                               "\x03\x00\x00\x00"
                                               "\x05\x00\x00\x00"
                                               "\x04\x03\x02\x01"
                                               "\x88\x77\x66\x55\x44\x33\x22\x11"
                                               "keyvalue",
                                               32));
  CHECK(encoded(operation).size() == wire::encoded_bytes(operation));
}

TEST_CASE("Operation: a time of expiry that is none or cut off is refused", "[wire][operation]") {
  Operation operation = put("", "");
  operation.flags = wire::with_expiry;
  operation.expires_at = 1;
  const std::string body = encoded(operation);
  Operation read;
  for (std::size_t length = 0; length < body.size(); ++length) {
    OperationReader reader(std::string_view(body).substr(0, length), 1);
    CHECK_FALSE(reader.next(read));
  }
  operation.expires_at = 0;
  const std::string never = encoded(operation);
  CHECK_FALSE(OperationReader(never, 1).next(read));
}

TEST_CASE("Operation: the numbers that travel between ranks never change", "[wire][operation]") {
  const std::vector<Opcode> in_order{Opcode::get,
                                     Opcode::read,
                                     Opcode::create,
                                     Opcode::update,
                                     Opcode::erase,
                                     Opcode::put,
                                     Opcode::put_if_new,
                                     Opcode::remove,
                                     Opcode::exists,
                                     Opcode::length,
                                     Opcode::append,
                                     Opcode::increment,
                                     Opcode::exchange,
                                     Opcode::take,
                                     Opcode::count,
                                     Opcode::clear,
                                     Opcode::statistics,
                                     Opcode::define_ranges,
                                     Opcode::copy_page,
                                     Opcode::copy_in,
                                     Opcode::erase_page,
                                     Opcode::count_page,
                                     Opcode::sync,
                                     Opcode::open_view,
                                     Opcode::view_page,
                                     Opcode::close_view,
                                     Opcode::begin_query,
                                     Opcode::next_rows,
                                     Opcode::end_query,
                                     Opcode::expire,
                                     Opcode::persist,
                                     Opcode::expiry,
                                     Opcode::get_expire,
                                     Opcode::remove_expired,
                                     Opcode::record,
                                     Opcode::list_keys,
                                     Opcode::remove_if_equal};
  CHECK(in_order.back() == wire::last_opcode);
  for (std::size_t i = 0; i < in_order.size(); ++i)
    CHECK(static_cast<std::size_t>(in_order[i]) == i + 1);
}

TEST_CASE("Operation: an empty key and an empty value are read", "[wire][operation]") {
  const std::string body = encoded(put("", ""));
  CHECK(body.size() == wire::operation_overhead_bytes);
  OperationReader reader(body, 1);
  Operation operation;
  REQUIRE(reader.next(operation));
  CHECK(operation.key.empty());
  CHECK(operation.value.empty());
  CHECK(reader.complete());
}

TEST_CASE("Operation: a cut body is refused wherever it is cut", "[wire][operation]") {
  const std::string body = encoded({put("first", "1"), put("second", "22")});
  const std::size_t first_bytes = wire::encoded_bytes(put("first", "1"));
  for (std::size_t length = 0; length < body.size(); ++length) {
    CAPTURE(length);
    // A copy of exactly that length, so that the sanitizers see a read beyond it.
    const std::string cut(body, 0, length);
    OperationReader reader(cut, 2);
    Operation operation;
    std::size_t read = 0;
    while (reader.next(operation))
      ++read;
    CHECK(read == (length < first_bytes ? 0 : 1));
    CHECK_FALSE(reader.complete());
  }
}

TEST_CASE("Operation: lengths that the body does not hold are refused", "[wire][operation]") {
  REQUIRE(readable(claiming(3, 5)));
  CHECK(readable(claiming(8, 0)));
  CHECK(readable(claiming(0, 8)));
  CHECK_FALSE(readable(claiming(3, 6)));
  CHECK_FALSE(readable(claiming(4, 5)));
  CHECK_FALSE(readable(claiming(0, UINT32_MAX)));
  CHECK_FALSE(readable(claiming(UINT32_MAX, 0)));
}

TEST_CASE("Operation: lengths whose sum overflows 32 bits are refused", "[wire][operation]") {
  CHECK_FALSE(readable(claiming(UINT32_MAX, 1)));
  CHECK_FALSE(readable(claiming(1, UINT32_MAX)));
  CHECK_FALSE(readable(claiming(UINT32_MAX, UINT32_MAX)));
  CHECK_FALSE(readable(claiming(UINT32_MAX - 4, 4 + 9)));
  CHECK_FALSE(readable(claiming(0x80000000, 0x80000008)));  // 8 modulo 2^32
}

TEST_CASE("Operation: opcodes that do not exist are refused", "[wire][operation]") {
  std::string body = encoded(put("key", "value"));
  for (int code = 0; code < 256; ++code) {
    body[0] = static_cast<char>(code);
    CAPTURE(code);
    CHECK(readable(body) == (code >= 1 && code <= static_cast<int>(wire::last_opcode)));
  }
}

TEST_CASE("Operation: more or fewer than announced is not complete", "[wire][operation]") {
  const std::string body = encoded({put("a", "1"), put("b", "2")});
  for (const std::uint32_t announced : {0U, 1U, 2U, 3U, UINT32_MAX}) {
    CAPTURE(announced);
    OperationReader reader(body, announced);
    Operation operation;
    std::uint32_t read = 0;
    while (reader.next(operation))
      ++read;
    CHECK(read == std::min(announced, 2U));
    CHECK(reader.complete() == (announced == 2));
  }
}

TEST_CASE("Operation: no operations in no bytes are complete", "[wire][operation]") {
  OperationReader reader({}, 0);
  Operation operation;
  CHECK_FALSE(reader.next(operation));
  CHECK(reader.complete());
}

TEST_CASE("Operation: random bytes are never read beyond their end", "[wire][operation]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string body(random() % 64, '\0');
    // Small numbers, so that some of it makes sense.
    for (char& byte : body)
      byte = static_cast<char>(random() % 8);
    OperationReader reader(body, 8);
    for (Operation operation; reader.next(operation);) {
      REQUIRE(operation.key.data() >= body.data());
      REQUIRE(operation.key.data() + operation.key.size() == operation.value.data());
      REQUIRE(operation.value.data() + operation.value.size() <= body.data() + body.size());
    }
  }
}

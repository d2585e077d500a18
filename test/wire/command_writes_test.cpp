#include "wire/command_writes.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <vector>

using namespace pkv;
using wire::CommandWritesReader;
using wire::Opcode;
using wire::Operation;

namespace {

Operation operation_of(Opcode opcode, std::string_view key, std::string_view value) {
  Operation operation;
  operation.opcode = opcode;
  operation.key = key;
  operation.value = value;
  return operation;
}

std::string three_writes() {
  ByteBuffer bytes;
  wire::begin_record(bytes, 77);
  Operation expiring = operation_of(Opcode::put, "", std::string_view("\0v", 2));
  expiring.flags = wire::with_expiry;
  expiring.expires_at = 12345;
  expiring.sequence_offset = 9;  // its place is that of the record
  wire::append_recorded(bytes, std::array{NodeId{3}, NodeId{1}}, expiring);
  wire::append_recorded(bytes, std::array{NodeId{2}}, operation_of(Opcode::remove, "key", ""));
  wire::append_recorded(bytes, std::array{NodeId{4'000'000'000}},
                        operation_of(Opcode::clear, "", ""));
  return std::string(bytes.view());
}

/// How many can be read, and whether that was all.
std::pair<std::size_t, bool> read(std::string_view writes) {
  CommandWritesReader reader(writes);
  std::size_t count = 0;
  while (reader.next())
    ++count;
  return {count, reader.complete()};
}

}  // namespace

TEST_CASE("CommandWrites: come back with their nodes", "[wire][record]") {
  const std::string record = three_writes();
  CHECK(load<std::uint64_t>(record.data()) == 77);
  CommandWritesReader reader(std::string_view(record).substr(wire::record_head_bytes));
  REQUIRE(reader.next());
  CHECK(reader.operation().opcode == Opcode::put);
  CHECK(reader.operation().key.empty());
  CHECK(reader.operation().value == std::string_view("\0v", 2));
  CHECK(reader.operation().expires_at == 12345);
  CHECK(reader.operation().sequence_offset == 0);
  CHECK(reader.is_at(NodeId{1}));
  CHECK_FALSE(reader.is_at(NodeId{2}));
  CHECK(reader.is_at(NodeId{3}));
  REQUIRE(reader.next());
  CHECK(reader.operation().opcode == Opcode::remove);
  CHECK(reader.operation().key == "key");
  CHECK(reader.is_at(NodeId{2}));
  CHECK_FALSE(reader.is_at(NodeId{3}));
  REQUIRE(reader.next());
  CHECK(reader.operation().opcode == Opcode::clear);
  CHECK(reader.is_at(NodeId{4'000'000'000}));
  CHECK_FALSE(reader.next());
  CHECK(reader.complete());
}

TEST_CASE("CommandWrites: their length is known before", "[wire][record]") {
  const Operation operation = operation_of(Opcode::put, "key", "value");
  ByteBuffer bytes;
  wire::append_recorded(bytes, std::array{NodeId{1}, NodeId{2}}, operation);
  CHECK(bytes.size() == wire::recorded_bytes(operation, 2));
}

TEST_CASE("CommandWrites: cut off anywhere, the rest is not taken for anything", "[wire][record]") {
  const std::string record = three_writes();
  const std::string_view writes = std::string_view(record).substr(wire::record_head_bytes);
  CHECK(read(writes) == std::pair<std::size_t, bool>(3, true));
  for (std::size_t bytes = 1; bytes < writes.size(); ++bytes) {
    const auto [count, complete] = read(writes.substr(0, bytes));
    CAPTURE(bytes, count);
    CHECK(count < 3);
    const bool between =
        bytes == wire::recorded_bytes(operation_of(Opcode::put, "", "vv"), 2) + 8 ||
        bytes == writes.size() - wire::recorded_bytes({}, 1);
    CHECK(complete == between);
  }
}

TEST_CASE("CommandWrites: what is no write, or claims too many nodes, is refused",
          "[wire][record]") {
  ByteBuffer bytes;
  wire::append_recorded(bytes, std::array{NodeId{1}}, operation_of(Opcode::get, "key", ""));
  CHECK(read(bytes.view()) == std::pair<std::size_t, bool>(0, false));
  std::string record = three_writes().substr(wire::record_head_bytes);
  for (const std::uint32_t nodes : {3U, 1'000U, 0xffff'ffffU}) {
    store(record.data(), nodes);
    CHECK_FALSE(read(record).second);
  }
}

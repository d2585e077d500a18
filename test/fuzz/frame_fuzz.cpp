#include "base/byte_buffer.hpp"
#include "wire/copying.hpp"
#include "wire/frame.hpp"
#include "wire/listing.hpp"
#include "wire/node_statistics.hpp"
#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

// What a rank does with bytes from another one. The first byte chooses the reader, the second how
// many elements it is told to expect, or which of a kind: checksums would otherwise keep the fuzzer
// out of the bodies.
// What was read is written again and has to give the same bytes, where nothing in them is ignored.
namespace {

using namespace pkv;

void require(bool holds) {
  if (!holds) std::abort();
}

void read_header(std::string_view bytes) {
  const auto header = wire::decode_header(bytes);
  if (!header) return;
  require(header->body_bytes <= wire::largest_body_bytes);
  const std::string_view body = bytes.substr(wire::header_bytes);
  if (body.size() != header->body_bytes) return;
  if (!wire::body_matches(bytes.substr(0, wire::header_bytes), body)) return;

  ByteBuffer again(wire::header_bytes);
  again.resize(wire::header_bytes);
  wire::seal(*header, body, again.data());
  require(wire::decode_header(again.view()).value() == *header);
}

void read_operations(std::string_view body, std::uint32_t count) {
  wire::OperationReader reader(body, count);
  ByteBuffer again;
  std::uint32_t read = 0;
  for (wire::Operation operation; reader.next(operation); ++read)
    wire::append_operation(again, operation);
  require(read <= count);
  require(again.size() <= body.size());
  if (reader.complete()) require(again.size() == body.size() && read == count);

  // The second reading must see the same, whatever the reserved bytes of the first held.
  wire::OperationReader first(body, read);
  wire::OperationReader second(again.view(), read);
  wire::Operation expected;
  wire::Operation operation;
  while (first.next(expected))
    require(second.next(operation) && operation == expected);
  require(second.complete());
}

void append(ByteBuffer& to, const wire::WireReply& reply) {
  switch (reply.kind) {
    case wire::ReplyKind::ok:
      return wire::append_ok(to);
    case wire::ReplyKind::nil:
      return wire::append_nil(to);
    case wire::ReplyKind::integer:
      return wire::append_integer(to, reply.integer);
    case wire::ReplyKind::value:
      return wire::append_value(to, reply.value);
    case wire::ReplyKind::error:
      return wire::append_error(to, reply.error);
  }
  std::abort();
}

void read_replies(std::string_view body, std::uint32_t count) {
  wire::ReplyReader reader(body, count);
  ByteBuffer again;
  for (wire::WireReply reply; reader.next(reply);)
    append(again, reply);
  require(body.starts_with(again.view()));
  if (reader.complete()) require(again.view() == body);
}

void read_node_statistics(std::string_view bytes) {
  const auto statistics = wire::read_statistics(bytes);
  require(statistics.has_value() == (bytes.size() == wire::node_statistics_bytes));
  if (!statistics) return;
  ByteBuffer again;
  wire::append_statistics(again, *statistics);
  require(again.view() == bytes);
}

void read_page(std::string_view bytes) {
  wire::PageReader reader(bytes);
  const std::uint32_t announced = reader.left();
  ByteBuffer again;
  wire::store_page_head(again.extend(wire::page_head_bytes), reader.next_position(), announced);
  for (wire::CopiedEntry entry; reader.next(entry);)
    wire::append_entry(again, entry);
  if (bytes.size() >= wire::page_head_bytes) require(bytes.starts_with(again.view()));
  if (reader.complete()) require(again.view() == bytes);
}

void read_ranges(std::string_view bytes) {
  const auto ranges = wire::RangesView::read(bytes);
  if (!ranges) return;
  std::vector<wire::RingRange> copied;
  for (std::size_t i = 0; i < ranges->size(); ++i)
    copied.push_back((*ranges)[i]);
  ByteBuffer again;
  wire::append_ranges(again, ranges->set(), copied);
  require(again.view() == bytes);
}

void read_copying(std::string_view bytes, unsigned which) {
  ByteBuffer again;
  switch (which % 5) {
    case 0:
      return read_page(bytes);
    case 1:
      return read_ranges(bytes);
    case 2:
      if (const auto request = wire::read_copy_request(bytes)) {
        wire::append_copy_request(again, *request);
        require(again.view() == bytes);
      }
      return;
    case 3:
      if (const auto erased = wire::read_erased_page(bytes)) {
        wire::append_erased_page(again, *erased);
        require(again.view() == bytes);
      }
      return;
    case 4:
      if (const auto counted = wire::read_counted_page(bytes)) {
        wire::append_counted_page(again, *counted);
        require(again.view() == bytes);
      }
      return;
  }
}

void read_listing(std::string_view bytes, unsigned which) {
  ByteBuffer again;
  if (which % 2 == 0) {
    const auto request = wire::read_list_request(bytes);
    if (!request) return;
    wire::append_list_request(again, *request);
    return require(again.view() == bytes);
  }
  wire::KeyPageReader reader(bytes);
  wire::store_key_page_head(again.extend(wire::key_page_head_bytes), reader.next_position());
  for (std::string_view key; reader.next(key);)
    wire::append_listed_key(again, key);
  if (reader.complete()) require(again.view() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  switch (bytes[0] % 6) {
    case 0:
      read_header(input);
      break;
    case 1:
      read_operations(input, bytes[1]);
      break;
    case 2:
      read_replies(input, bytes[1]);
      break;
    case 3:
      read_node_statistics(input);
      break;
    case 4:
      read_copying(input, bytes[1]);
      break;
    case 5:
      read_listing(input, bytes[1]);
      break;
  }
  return 0;
}

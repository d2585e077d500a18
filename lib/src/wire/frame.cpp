#include "wire/frame.hpp"

#include "base/endian.hpp"
#include "base/hash.hpp"
#include "base/long_hash.hpp"

#include <cassert>
#include <limits>

namespace pkv::wire {
namespace {

constexpr std::uint32_t magic = 0x31564B50;  // "PKV1"
constexpr std::uint16_t version = 4;
constexpr std::uint8_t last_flag = 1;

constexpr std::size_t body_checksum_at = 48;
constexpr std::size_t body_bytes_at = 56;
constexpr std::size_t header_checksum_at = 60;

static_assert(largest_body_bytes <= std::numeric_limits<std::uint32_t>::max());

std::uint32_t header_checksum(const char* header) noexcept {
  return static_cast<std::uint32_t>(hash_bytes({header, header_checksum_at}));
}

// From here on wider vectors are worth a call.
constexpr std::size_t least_long_body_bytes = 1024;

std::uint64_t body_checksum(std::string_view body) noexcept {
  return body.size() < least_long_body_bytes ? hash_bytes(body) : hash_long_bytes(body);
}

// The rest's checksum is the seed of the lead's: one number for both, and whoever has kept the
// first need not look at the rest again.
std::uint64_t parts_checksum(std::string_view lead, std::uint64_t rest) noexcept {
  return hash_bytes_with_seed(lead, rest);
}

void store_header(const FrameHeader& header, std::uint64_t body_checksum, char* to) noexcept {
  assert(header.body_bytes <= largest_body_bytes);
  char* at = to;
  at = store(at, magic);
  at = store(at, version);
  at = store(at, header.kind);
  at = store(at, static_cast<std::uint8_t>(header.last ? last_flag : 0));
  at = store(at, header.epoch);
  at = store(at, to_number(header.node));
  at = store(at, header.count);
  at = store(at, header.slot);
  at = store(at, header.sequence);
  at = store(at, header.stored_bytes);
  at = store(at, header.stable);
  at = store(at, body_checksum);
  at = store(at, static_cast<std::uint32_t>(header.body_bytes));
  store(at, header_checksum(to));
}

std::uint64_t stored_body_checksum(std::string_view header) noexcept {
  return load<std::uint64_t>(header.data() + body_checksum_at);
}

}  // namespace

void seal(const FrameHeader& header, std::string_view body, char* to) noexcept {
  assert(body.size() == header.body_bytes);
  store_header(header, body_checksum(body), to);
}

void seal_parts(const FrameHeader& header, std::string_view lead, std::uint64_t rest_checksum,
                char* to) noexcept {
  assert(lead.size() <= header.body_bytes);
  store_header(header, parts_checksum(lead, rest_checksum), to);
}

std::uint64_t rest_checksum(std::string_view rest) noexcept {
  return hash_long_bytes(rest);
}

result<FrameHeader> decode_header(std::string_view bytes) noexcept {
  if (bytes.size() < header_bytes) return errc::malformed_frame;
  const char* from = bytes.data();
  if (load<std::uint32_t>(from) != magic) return errc::malformed_frame;
  if (load<std::uint16_t>(from + 4) != version) return errc::malformed_frame;
  if (load<std::uint32_t>(from + header_checksum_at) != header_checksum(from))
    return errc::malformed_frame;

  FrameHeader header;
  const auto kind = load<std::uint8_t>(from + 6);
  if (kind < static_cast<std::uint8_t>(FrameKind::request) ||
      kind > static_cast<std::uint8_t>(FrameKind::shutdown))
    return errc::malformed_frame;
  header.kind = static_cast<FrameKind>(kind);
  header.last = (load<std::uint8_t>(from + 7) & last_flag) != 0;
  header.epoch = load<std::uint32_t>(from + 8);
  header.node = NodeId{load<std::uint32_t>(from + 12)};
  header.count = load<std::uint32_t>(from + 16);
  header.slot = load<std::uint32_t>(from + 20);
  header.sequence = load<std::uint64_t>(from + 24);
  header.stored_bytes = load<std::uint64_t>(from + 32);
  header.stable = load<std::uint64_t>(from + 40);
  header.body_bytes = load<std::uint32_t>(from + body_bytes_at);
  if (header.body_bytes > largest_body_bytes) return errc::malformed_frame;
  return header;
}

bool body_matches(std::string_view header_bytes_of_frame, std::string_view body) noexcept {
  return stored_body_checksum(header_bytes_of_frame) == body_checksum(body);
}

bool parts_match(std::string_view header_bytes_of_frame, std::string_view lead,
                 std::uint64_t rest_checksum) noexcept {
  return stored_body_checksum(header_bytes_of_frame) == parts_checksum(lead, rest_checksum);
}

}  // namespace pkv::wire

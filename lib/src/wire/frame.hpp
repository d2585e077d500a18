#pragma once

#include "pkv/errc.hpp"
#include "pkv/node_id.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv::wire {

/// What a frame is for.
enum class FrameKind : std::uint8_t {
  request = 1,   ///< A batch of operations, coordinator to worker.
  reply = 2,     ///< Answers to the operations of one request, in their order.
  shutdown = 3,  ///< No more requests will come: answer with a frame of the same kind and leave.
};

/// The fixed head of every frame between ranks.
///
///      0        4       6      7       8        12      16       20      24
///      +--------+-------+------+-------+--------+-------+--------+-------+
///      | magic  |version| kind | flags | epoch  | node  | count  | slot  |
///      +--------+-------+------+-------+--------+-------+--------+-------+
///     24  sequence (8)   stored_bytes (8)   stable (8)   body_checksum (8)
///     56  body_bytes (4), header_checksum (4)                            64
///
/// All numbers are little-endian. The checksums are XXH3: a frame that was cut, mixed up with an
/// old one or damaged is refused as a whole, because MPI's success codes do not prove delivery.
struct FrameHeader {
  FrameKind kind = FrameKind::request;
  /// Incarnation of the node's process that the frame is meant for or comes from.
  std::uint32_t epoch = 0;
  NodeId node{};
  /// Operations or replies in the body.
  std::uint32_t count = 0;
  /// The pairing of request and reply; both travel under this tag.
  std::uint32_t slot = 0;
  std::uint64_t body_bytes = 0;
  /// Request: the sequence number that the operations' offsets count from. It tells the time that
  /// they run by, too (time_at): all nodes run an operation at the same time.
  std::uint64_t sequence = 0;
  /// Request: every operation at or below this sequence number has been answered, so nobody will
  /// ask what was there before it. The node remembers what later writes replace, for reads that
  /// have to be asked again (read_as_of); 0: it remembers nothing.
  std::uint64_t stable = 0;
  /// Reply: what the node's entries and their index take, behind what this frame answers.
  std::uint64_t stored_bytes = 0;
  /// Reply: whether this is the last frame for the request.
  bool last = true;

  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

inline constexpr std::size_t header_bytes = 64;

/// Bodies beyond this are malformed, whatever their header says.
inline constexpr std::uint64_t largest_body_bytes = (std::uint64_t{1} << 31) - (1U << 20);

/// Writes `header` and the checksums of it and of `body` to `to`.
/// Requires: `to` has header_bytes of room; body.size() == header.body_bytes, at most
/// largest_body_bytes.
void seal(const FrameHeader& header, std::string_view body, char* to) noexcept;

/// The same for a body that travels in two messages: `lead`, which goes with the header, and the
/// rest, of which only the checksum is needed. Requires: header.body_bytes is the length of both.
void seal_parts(const FrameHeader& header, std::string_view lead, std::uint64_t rest_checksum,
                char* to) noexcept;

/// The checksum of the rest of a body.
[[nodiscard]] std::uint64_t rest_checksum(std::string_view rest) noexcept;

/// Reads and checks a header. The body is not looked at: it may arrive later.
/// Errors: errc::malformed_frame.
[[nodiscard]] result<FrameHeader> decode_header(std::string_view bytes) noexcept;

/// Whether `body` is the one that the header in `header_bytes_of_frame` was sealed with.
/// Requires: decode_header(header_bytes_of_frame) succeeded.
[[nodiscard]] bool body_matches(std::string_view header_bytes_of_frame,
                                std::string_view body) noexcept;

/// The same for a body that was sealed in two parts.
[[nodiscard]] bool parts_match(std::string_view header_bytes_of_frame, std::string_view lead,
                               std::uint64_t rest_checksum) noexcept;

}  // namespace pkv::wire

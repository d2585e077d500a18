#pragma once

#include "pkv/shared_value.hpp"

#include "base/byte_buffer.hpp"
#include "wire/frame.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace pkv::wire {

/// A frame in memory: its header, and bytes that start with header_bytes of room for the encoded
/// header and go on with the body, so that it is sent and received as one block without a copy.
///
/// A frame that is too long for one message travels as two: the header with the body's *lead*, and
/// the rest of the body. So the end of a body to be sent may lie elsewhere, as a value that an
/// engine shares (`tail`), and a value that makes up all of the rest has a checksum of its own.
class Frame {
 public:
  Frame() = default;
  /// An empty body in `bytes`, whose content is dropped and whose capacity is used.
  explicit Frame(ByteBuffer bytes) : bytes_(std::move(bytes)) {
    bytes_.clear();
    bytes_.extend(header_bytes);
  }
  /// A received frame. Requires: bytes.size() == header_bytes + header.body_bytes.
  Frame(const FrameHeader& received_header, ByteBuffer bytes)
      : header(received_header), bytes_(std::move(bytes)) {}

  FrameHeader header;

  /// Header room and body. Append the body's content here.
  [[nodiscard]] ByteBuffer& bytes() noexcept { return bytes_; }
  [[nodiscard]] const ByteBuffer& bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string_view body() const noexcept {
    return bytes_.view().substr(header_bytes);
  }
  /// The tail included.
  [[nodiscard]] std::size_t body_size() const noexcept {
    return bytes_.size() - header_bytes + tail.bytes().size();
  }

  /// Copies the tail behind the rest of the body.
  void join_tail() {
    bytes_.append(tail.bytes());
    tail = {};
  }

  /// Writes the header, with the body's size and checksum, into its room. Costs a pass over the
  /// body. Requires: no tail.
  void seal() noexcept {
    assert(!tail);
    header.body_bytes = body_size();
    wire::seal(header, body(), bytes_.data());
  }

  /// The same for a frame in two messages, the second of which is the tail or begins behind the
  /// lead. A tail whose checksum is known costs no pass over it.
  void seal_parts() noexcept {
    header.body_bytes = body_size();
    const std::string_view lead = tail ? body() : body().substr(0, lead_bytes);
    const std::string_view rest = tail ? tail.bytes() : body().substr(lead_bytes);
    const std::optional<std::uint64_t> known = tail.checksum();
    wire::seal_parts(header, lead, known ? *known : wire::rest_checksum(rest), bytes_.data());
  }

  /// The end of the body, behind what bytes() has.
  SharedValue tail;
  /// How much of the body goes with the header if it does not travel as one message.
  std::size_t lead_bytes = 0;
  /// Of a received frame that has come in two messages: the checksum of what is behind the lead.
  std::optional<std::uint64_t> rest_checksum;

 private:
  ByteBuffer bytes_;
};

}  // namespace pkv::wire

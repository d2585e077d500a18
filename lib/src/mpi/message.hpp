#pragma once

#include "base/byte_buffer.hpp"

#include <cstddef>
#include <cstdint>

namespace pkv::mpi {

/// One MPI message under way, with the memory that MPI reads or writes meanwhile.
struct Message {
  enum class Role : std::uint8_t {
    send_frame,   ///< A frame, or the body of one; `bytes` is the whole frame.
    send_header,  ///< The header that announces a body.
    receive_frame,
    receive_body,
  };

  Role role = Role::send_frame;
  int peer = 0;
  std::uint32_t slot = 0;
  ByteBuffer bytes;
};

[[nodiscard]] constexpr bool is_send(Message::Role role) noexcept {
  return role == Message::Role::send_frame || role == Message::Role::send_header;
}

/// A part of a message's bytes.
struct Part {
  std::size_t offset = 0;
  std::size_t size = 0;
};

}  // namespace pkv::mpi

#pragma once

#include "pkv/shared_value.hpp"

#include "base/byte_buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pkv::mpi {

/// One MPI message under way, with the memory that MPI reads or writes meanwhile.
struct Message {
  enum class Role : std::uint8_t {
    send_frame,   ///< A frame, or the rest of one; `bytes` is the whole frame.
    send_header,  ///< What goes before the rest of a frame.
    send_tail,    ///< The rest of a frame, which is shared.
    receive_frame,
    receive_body,
  };

  Role role = Role::send_frame;
  int peer = 0;
  std::uint32_t slot = 0;
  ByteBuffer bytes;
  SharedValue tail{};          ///< What is sent, of send_tail.
  std::size_t lead_bytes = 0;  ///< How much of the body had come before, of receive_body.
};

[[nodiscard]] constexpr bool is_send(Message::Role role) noexcept {
  return role == Message::Role::send_frame || role == Message::Role::send_header ||
         role == Message::Role::send_tail;
}

/// The memory that MPI reads.
[[nodiscard]] inline std::string_view sent_bytes(const Message& message) noexcept {
  return message.tail ? message.tail.bytes() : message.bytes.view();
}

/// A part of a message's bytes.
struct Part {
  std::size_t offset = 0;
  std::size_t size = 0;
};

}  // namespace pkv::mpi

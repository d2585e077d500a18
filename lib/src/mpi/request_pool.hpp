#pragma once

#include "base/byte_buffer.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pkv::mpi {

/// One MPI message under way, with the memory that MPI reads or writes meanwhile.
struct Message {
  enum class Role : std::uint8_t { send, receive_frame, receive_body };

  Role role = Role::send;
  int peer = 0;
  std::uint32_t slot = 0;
  ByteBuffer bytes;
};

/// A part of a message's bytes.
struct Part {
  std::size_t offset = 0;
  std::size_t size = 0;
};

/// A message that is no longer under way.
struct Finished {
  Message message;
  int error_code = MPI_SUCCESS;
  std::size_t received_bytes = 0;
};

/// The nonblocking MPI operations in progress. It owns their buffers until they complete, so nobody
/// can touch, move or free what MPI is still using.
///
/// Thread safety: none; lives on the MPI thread.
/// Lifetime: destroy it when empty(). If it is not, because a peer is gone, the buffers are
/// abandoned rather than freed: a request may still write to them. Errors: throws mpi::Error when
/// an operation cannot be started; the message is gone then.
class RequestPool {
 public:
  RequestPool() = default;
  RequestPool(const RequestPool&) = delete;
  RequestPool& operator=(const RequestPool&) = delete;
  ~RequestPool();

  /// Requires: `part` lies in message.bytes.
  void send(Message message, Part part, int tag);
  void receive(Message message, Part part, int tag);

  /// Makes progress and appends what has finished, in no particular order.
  void poll(std::vector<Finished>& finished);

  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }

 private:
  void drop_finished(int count);

  // Parallel arrays without gaps: MPI wants the requests adjacent and looks at every one.
  std::vector<MPI_Request> requests_;
  std::vector<Message> messages_;
  std::vector<int> indices_;
  std::vector<MPI_Status> statuses_;
};

}  // namespace pkv::mpi

#pragma once

#include "mpi/abandoned_requests.hpp"
#include "mpi/message.hpp"

#include <mpi.h>

#include <cstddef>
#include <utility>
#include <vector>

namespace pkv::mpi {

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
/// abandoned rather than freed: a request may still write to them.
/// Errors: throws mpi::Error when MPI fails.
class RequestPool {
 public:
  RequestPool() = default;
  RequestPool(const RequestPool&) = delete;
  RequestPool& operator=(const RequestPool&) = delete;
  ~RequestPool();

  /// If it throws, the message is untouched. Requires: `part` lies in message.bytes.
  void send(Message&& message, Part part, int tag);
  void receive(Message&& message, Part part, int tag);

  /// Makes progress and appends what has finished, in no particular order.
  void poll(std::vector<Finished>& finished);

  /// Ends what is under way with the peer, whose process was lost: nothing of it finishes any more.
  /// `on_unsent(const Message&)` is called for each send, whose bytes MPI may go on reading.
  template <class OnUnsent>
  void abandon(int peer, OnUnsent on_unsent);

  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }

  [[nodiscard]] const AbandonedRequests& abandoned() const noexcept { return abandoned_; }

 private:
  void start(MPI_Request request, Message&& message);
  void remove(std::size_t at);
  void drop_finished(int count);

  // Parallel arrays without gaps: MPI wants the requests adjacent and looks at every one.
  std::vector<MPI_Request> requests_;
  std::vector<Message> messages_;
  std::vector<int> indices_;
  std::vector<MPI_Status> statuses_;
  AbandonedRequests abandoned_;
};

template <class OnUnsent>
void RequestPool::abandon(int peer, OnUnsent on_unsent) {
  for (std::size_t at = requests_.size(); at-- > 0;) {
    if (messages_[at].peer != peer) continue;
    if (is_send(messages_[at].role)) on_unsent(std::as_const(messages_[at]));
    abandoned_.add(requests_[at], std::move(messages_[at]));
    remove(at);
  }
}

}  // namespace pkv::mpi

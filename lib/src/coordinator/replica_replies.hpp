#pragma once

#include "coordinator/reply_receiver.hpp"
#include "coordinator/shared_frame.hpp"
#include "coordinator/worker_list.hpp"
#include "wire/wire_reply.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pkv {

/// Makes one answer of those that the holders of a key give to a write.
///
/// Holders run the same operations in the same order, so they agree; what is passed on is the last
/// answer to come in. A holder that dies meanwhile is left out, and errc::node_down is the answer
/// only if none is left. A holder that fails where another one succeeds no longer holds the same
/// entries: it is reported by take_diverged() and must not be used any further.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: must outlive all answers that it waits for; so must their receivers.
class ReplicaReplies final : public ReplyReceiver {
 public:
  /// Begins to wait for one answer per worker, and gives `client` the one answer in the end.
  /// Returns the ticket; the part is the worker's index in `workers`. Requires: there is a worker.
  /// Throws std::bad_alloc.
  [[nodiscard]] std::uint32_t expect(const ReplyAddress& client, const WorkerList& workers);

  /// The workers found to differ from other holders, each once.
  [[nodiscard]] std::vector<WorkerIndex> take_diverged();

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  /// A write under way.
  struct Write {
    ReplyAddress client;
    WorkerList workers;
    std::uint8_t missing = 0;
    std::uint8_t failed = 0;  ///< Bit i: workers[i] could not run it.
    bool answered = false;    ///< `answer` is set.
    wire::WireReply answer;   ///< Of a holder that ran it; a value is in `frame`.
    SharedFrame frame;
    errc failure{};
  };

  void note(Write& write, std::uint32_t part, const wire::WireReply& reply,
            const SharedFrame& frame);
  void report_failed(const Write& write);
  void finish(std::uint32_t ticket);

  std::vector<Write> writes_;
  std::vector<std::uint32_t> free_;
  std::vector<WorkerIndex> diverged_;
};

}  // namespace pkv

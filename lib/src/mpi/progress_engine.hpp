#pragma once

#include "pkv/log.hpp"

#include "mpi/frame_exchange.hpp"
#include "mpi/settings.hpp"
#include "wire/tags.hpp"
#include "wire/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pkv::mpi {

/// The coordinator's end of the traffic with the workers: which slots wait for what, and what the
/// frames that arrive mean for them. Worker w is rank w + 1.
///
/// Every request is answered by frames from its worker, the last one marked so, or by a failure:
/// - node_down: the worker was lost. disconnect() was called, MPI or UCX report that it cannot be
///   reached, or a reply was damaged where processes can be replaced. All that it owes fails at
///   once, and so does everything sent to it until reconnect(). Requests are kept until they are
///   answered, and come back with this failure.
/// - malformed_frame: the worker found the request damaged, or its reply was, where processes
///   cannot be replaced.
///
/// Frames that answer another request than the one that waits are dropped.
///
/// To end, call dismiss() when nothing is under way and poll until all_dismissed(): a shutdown
/// frame goes out on every slot, which completes every receive that the worker has posted, and the
/// worker answers on the slot that is next in turn. So MPI is left without an active request on
/// either side. Lost workers are not waited for, but MPI_Finalize would: see has_lost_any().
///
/// Where processes can be replaced, every worker counts as lost until reconnect() says where its
/// first process is.
///
/// Thread safety: none; lives on the MPI thread.
/// Lifetime: as RequestPool.
class ProgressEngine {
 public:
  ProgressEngine(std::size_t workers, const TransportSettings& settings, LogSink log);

  /// Requires: the slot is free and next in turn; the worker is not dismissed.
  void send(std::size_t worker, wire::Frame request);

  /// See wire::Transport. What follows from them comes with the next poll().
  void disconnect(std::size_t worker);
  void reconnect(std::size_t worker, std::uint32_t epoch, std::string_view address);

  /// Makes progress; appends what has arrived. Returns whether anything happened.
  bool poll(std::vector<wire::Arrival>& arrivals);

  /// Whether a worker owes an answer.
  [[nodiscard]] bool waits_for_replies() const noexcept { return busy_slots_ > 0; }

  void dismiss();
  [[nodiscard]] bool all_dismissed() const noexcept;

  /// Whether a worker's process was ever lost.
  [[nodiscard]] bool has_lost_any() const noexcept { return has_lost_any_; }

 private:
  struct Slot {
    bool busy = false;
    wire::FrameHeader request;
    const char* sent_from = nullptr;  ///< Where the request's bytes are, unless kept below.
    ByteBuffer kept;                  ///< The request's bytes, from when MPI has sent them.
  };

  struct Worker {
    std::vector<Slot> slots;
    std::uint32_t next_slot = 0;
    std::uint32_t epoch = wire::first_epoch;
    bool lost = false;
    bool dismissed = false;
  };

  void take(Received received, std::vector<wire::Arrival>& arrivals);
  void take_damaged(std::size_t worker, std::uint32_t slot, errc why,
                    std::vector<wire::Arrival>& arrivals);
  void take_reply(std::size_t worker, wire::Frame reply, std::vector<wire::Arrival>& arrivals);
  void fail(std::size_t worker, std::uint32_t slot, errc why, std::vector<wire::Arrival>& arrivals);
  /// Takes what is known of failed connections.
  void notice_losses(std::vector<wire::Arrival>& arrivals);
  /// The transport has found out: tells so, and does what disconnect() does.
  void notice_loss(std::size_t worker, std::vector<wire::Arrival>& arrivals);
  void lose(std::size_t worker, std::vector<wire::Arrival>& arrivals);
  /// Keeps the requests that MPI has sent with those who wait for their answers.
  void keep_sent();
  void set_free(Slot& slot) noexcept;
  void report(LogLevel level, std::size_t worker, const char* what) const;

  std::vector<Worker> workers_;
  FrameExchange exchange_;
  LogSink log_;
  std::size_t busy_slots_ = 0;
  bool has_lost_any_ = false;
  std::vector<Received> received_;
  std::vector<wire::Arrival> news_;  // of lost workers, to be given by the next poll()
};

}  // namespace pkv::mpi

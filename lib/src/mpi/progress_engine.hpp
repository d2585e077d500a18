#pragma once

#include "pkv/log.hpp"

#include "mpi/frame_exchange.hpp"
#include "mpi/settings.hpp"
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
///   malformed_frame  the reply was damaged, or the worker found the request so;
///   node_down        MPI reports that the worker cannot be reached. All that it owes fails at
///   once,
///                    and so does everything sent to it from then on.
/// Frames that answer another request than the one that waits are dropped.
///
/// To end, call dismiss() when nothing is under way and poll until all_dismissed(): a shutdown
/// frame goes out on every slot, which completes every receive that the worker has posted, and the
/// worker answers on the slot that is next in turn. So MPI is left without an active request on
/// either side.
///
/// Thread safety: none; lives on the MPI thread.
/// Lifetime: as RequestPool.
class ProgressEngine {
 public:
  ProgressEngine(std::size_t workers, const TransportSettings& settings, LogSink log);

  /// Requires: the slot is free and next in turn; the worker is not dismissed.
  void send(std::size_t worker, wire::Frame request);

  /// Fails what the worker owes, and all that is sent to it from here on.
  void disconnect(std::size_t worker);

  /// Serves the worker by its incarnation `epoch`, a process at `address`.
  void reconnect(std::size_t worker, std::uint32_t epoch, std::string_view address);

  /// Makes progress; appends what has arrived. Returns whether anything happened.
  bool poll(std::vector<wire::Arrival>& arrivals);

  /// Whether a worker owes an answer.
  [[nodiscard]] bool waits_for_replies() const noexcept { return busy_slots_ > 0; }

  void dismiss();
  [[nodiscard]] bool all_dismissed() const noexcept;

 private:
  struct Slot {
    bool busy = false;
    wire::FrameHeader request;
  };

  struct Worker {
    std::vector<Slot> slots;
    std::uint32_t next_slot = 0;
    bool lost = false;
    bool dismissed = false;
  };

  void take(Received received, std::vector<wire::Arrival>& arrivals);
  void take_reply(std::size_t worker, wire::Frame reply, std::vector<wire::Arrival>& arrivals);
  void fail(std::size_t worker, std::uint32_t slot, errc why, std::vector<wire::Arrival>& arrivals);
  void lose(std::size_t worker, std::vector<wire::Arrival>& arrivals);
  void set_free(Slot& slot) noexcept;
  void report(LogLevel level, std::size_t worker, const char* what) const;

  std::vector<Worker> workers_;
  FrameExchange exchange_;
  LogSink log_;
  std::size_t busy_slots_ = 0;
  std::vector<Received> received_;
  std::vector<wire::Arrival>
      refused_;  // requests to lost workers, to be reported by the next poll()
};

}  // namespace pkv::mpi

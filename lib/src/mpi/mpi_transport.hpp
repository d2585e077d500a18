#pragma once

#include "pkv/log.hpp"

#include "mpi/buffer_pool.hpp"
#include "mpi/doorbell.hpp"
#include "mpi/hand_off.hpp"
#include "mpi/progress_engine.hpp"
#include "mpi/settings.hpp"
#include "mpi/waiter.hpp"
#include "wire/transport.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pkv::mpi {

/// Carries the coordinator's requests to the worker ranks, and their replies back.
///
/// Where processes can be replaced, see Environment, reconnect() has to be called for the first one
/// of each worker as well.
///
/// Used by two threads: the coordinator's calls what wire::Transport declares; the MPI thread,
/// which initialised MPI, calls run(). Frames pass between them many at a time, and the MPI thread
/// is woken only if it sleeps.
///
/// Thread safety: as wire::Transport; run() on the MPI thread; stop() on any thread.
/// Lifetime: MPI must be initialised; run() must have returned before it is destroyed.
/// Errors: what happens to a request, see ProgressEngine. run() throws mpi::Error when MPI itself
/// fails and std::bad_alloc; no frame travels any more then.
class MpiTransport final : public wire::Transport {
 public:
  /// `workers` is the number of ranks besides rank 0.
  MpiTransport(std::size_t workers, const TransportSettings& settings, LogSink log);

  [[nodiscard]] std::size_t worker_count() const noexcept override { return workers_; }

  [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override {
    return settings_.slots_per_worker;
  }

  [[nodiscard]] std::size_t preferred_frame_bytes() const noexcept override {
    return settings_.preferred_frame_bytes;
  }

  [[nodiscard]] std::size_t least_following_bytes() const noexcept override {
    return settings_.least_following_bytes;
  }

  void send(std::size_t worker, wire::Frame frame) override;
  void disconnect(std::size_t worker) override;
  void reconnect(std::size_t worker, std::uint32_t epoch, std::string address) override;
  void flush() override;

  void notify_with(std::function<void()> notify) override { notify_ = std::move(notify); }

  void collect(std::vector<wire::Arrival>& arrivals) override { arrivals_.take(arrivals); }

  [[nodiscard]] ByteBuffer take_buffer() override { return buffers_.take(); }

  void recycle(ByteBuffer buffer) noexcept override { buffers_.recycle(std::move(buffer)); }

  /// Operations handed over by send() so far. For the coordinator's thread.
  [[nodiscard]] std::uint64_t operations_sent() const noexcept { return operations_sent_; }

  /// Moves frames until stop() is called. Then waits for the replies that are under way, tells the
  /// workers to leave and waits for their answers, but not for those of workers that are lost.
  /// Returns whether MPI may be finalized: all of that was done within the patience given to
  /// stop(), and no worker's process was ever lost.
  [[nodiscard]] bool run();

  /// After run(): whether it was done in time, by all workers that are not lost. If so and run()
  /// returned false, all is in order, but MPI_Finalize would wait for the processes that died.
  [[nodiscard]] bool ended_in_order() const noexcept { return ended_in_order_; }

  /// Makes run() end. Further calls have no effect.
  void stop(std::chrono::milliseconds patience) noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  /// What the coordinator's thread wants done, in its order. A reconnection is carried by a frame
  /// that says the epoch in its header and the address in its body, so that a request, which is
  /// what travels here a million times, needs no room for it.
  struct Submission {
    enum class What { request, disconnect, reconnect };

    std::size_t worker = 0;
    What what = What::request;
    wire::Frame frame;
  };

  /// Polls until `done` says so, or the deadline of a stop has passed, which returns false.
  template <class Done>
  bool advance_until(Done done);
  bool advance();
  void submit(Submission submission);
  void rest();

  [[nodiscard]] bool stop_requested() const noexcept {
    return stop_at_.load() != Clock::duration{};
  }

  const std::size_t workers_;
  const TransportSettings settings_;

  // The coordinator's thread.
  std::vector<Submission> queued_;
  std::uint64_t operations_sent_ = 0;
  BufferPool buffers_;

  // Both threads. notify_ is set before the first request and not changed after it.
  HandOff<Submission> submissions_;
  HandOff<wire::Arrival> arrivals_;
  Doorbell doorbell_;
  std::function<void()> notify_;
  std::atomic<Clock::duration> stop_at_{};  // since the clock's epoch; zero means never

  // The MPI thread.
  ProgressEngine engine_;
  std::unique_ptr<Waiter> waiter_;
  std::vector<Submission> accepted_;
  std::vector<wire::Arrival> arrived_;
  bool ended_in_order_ = false;
};

}  // namespace pkv::mpi

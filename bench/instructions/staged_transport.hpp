#pragma once

#include "mpi/buffer_pool.hpp"
#include "mpi/settings.hpp"
#include "wire/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pkv::instructions {

/// A transport to stores in this process that moves only when it is told to, a stage at a time, so
/// that each stage can be counted for itself.
///
///     send -> seal_requests -> run_requests -> check_replies -> collect
///
/// What is done to a frame in a stage is what the MPI transport does to it there, except for MPI.
///
/// Thread safety: none. Lifetime: as wire::Transport.
class StagedTransport final : public wire::Transport {
 public:
  /// One store for each node.
  StagedTransport(const std::vector<NodeId>& nodes, const mpi::TransportSettings& settings);
  ~StagedTransport() override;

  [[nodiscard]] std::size_t worker_count() const noexcept override { return workers_.size(); }
  [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override {
    return settings_.slots_per_worker;
  }
  [[nodiscard]] std::size_t preferred_frame_bytes() const noexcept override {
    return settings_.preferred_frame_bytes;
  }
  void send(std::size_t worker, wire::Frame frame) override {
    requests_.push_back({worker, std::move(frame)});
  }
  void disconnect(std::size_t) override {}  // its nodes are never lost
  void reconnect(std::size_t, std::uint32_t, std::string) override {}
  void flush() override {}
  void notify_with(std::function<void()>) override {}
  void collect(std::vector<wire::Arrival>& arrivals) override;
  [[nodiscard]] ByteBuffer take_buffer() override { return buffers_.take(); }
  void recycle(ByteBuffer buffer) noexcept override { buffers_.recycle(std::move(buffer)); }

  /// Rank 0's MPI thread, on the way out.
  void seal_requests();
  /// The workers. Throws std::logic_error if one of them refuses a request.
  void run_requests();
  /// Rank 0's MPI thread, on the way back. Throws std::logic_error if a reply is damaged.
  void check_replies();

 private:
  class Worker;
  struct Travelling {
    std::size_t worker;
    wire::Frame frame;
  };

  mpi::TransportSettings settings_;
  mpi::BufferPool buffers_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Travelling> requests_;
  std::vector<Travelling> replies_;
  std::vector<wire::Arrival> arrivals_;
};

}  // namespace pkv::instructions

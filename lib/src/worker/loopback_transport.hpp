#pragma once

#include "pkv/kv_store.hpp"
#include "pkv/limits.hpp"
#include "pkv/node_id.hpp"

#include "wire/transport.hpp"
#include "worker/dispatcher.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace pkv {

/// A transport to stores in this very process: requests run, on the caller's thread, in flush().
///
/// For servers without MPI and for tests. What it carries is sealed, checked and dispatched as it
/// would be between processes. A node that is disconnected loses its store, and comes back empty.
///
/// Thread safety: none. Lifetime: as wire::Transport.
class LoopbackTransport final : public wire::Transport {
 public:
  /// One store for each of `nodes`, in their order.
  LoopbackTransport(const std::vector<NodeId>& nodes, const Limits& limits);
  ~LoopbackTransport() override;

  /// What the node has stored, by what has run so far. Requires: it is not lost.
  [[nodiscard]] KVStore& store(std::size_t worker) noexcept;

  [[nodiscard]] std::size_t worker_count() const noexcept override { return nodes_.size(); }
  [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override;
  [[nodiscard]] std::size_t preferred_frame_bytes() const noexcept override;
  void send(std::size_t worker, wire::Frame frame) override;
  void disconnect(std::size_t worker) override;
  /// The address is of no meaning here.
  void reconnect(std::size_t worker, std::uint32_t epoch, std::string address) override;
  void flush() override;
  void notify_with(std::function<void()> notify) override { notify_ = std::move(notify); }
  void collect(std::vector<wire::Arrival>& arrivals) override;
  [[nodiscard]] ByteBuffer take_buffer() override;
  void recycle(ByteBuffer buffer) noexcept override;

 private:
  class Node;
  struct Queued {
    enum class What { request, disconnect, reconnect };

    std::size_t worker = 0;
    What what = What::request;
    wire::Frame frame;
    std::uint32_t epoch = 0;
  };

  void run(std::size_t worker, wire::Frame request);
  [[nodiscard]] std::unique_ptr<Node> start_node(std::size_t worker, std::uint32_t epoch);

  std::vector<NodeId> ids_;
  Limits limits_;
  std::vector<std::unique_ptr<Node>> nodes_;  // null while the worker is lost
  std::vector<Queued> queued_;
  std::vector<wire::Arrival> arrived_;
  std::vector<ByteBuffer> spare_buffers_;
  std::function<void()> notify_;
};

}  // namespace pkv

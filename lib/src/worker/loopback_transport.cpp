#include "worker/loopback_transport.hpp"

#include <utility>

namespace pkv {
namespace {

constexpr std::uint32_t first_epoch = 1;
constexpr std::uint32_t loopback_slots = 4;
constexpr std::size_t frame_bytes = std::size_t{256} << 10;
constexpr std::size_t most_spare_buffers = 64;

}  // namespace

/// One store and where its replies go.
class LoopbackTransport::Node final : public ReplySink {
 public:
  Node(LoopbackTransport& transport, std::size_t worker, NodeId id, std::uint32_t epoch,
       const Limits& limits)
      : transport_(transport),
        worker_(worker),
        store_(limits),
        dispatcher_(store_, id, epoch, frame_bytes) {}

  [[nodiscard]] result<void> run(const wire::Frame& request) {
    return dispatcher_.run(request, *this);
  }

  [[nodiscard]] KVStore& store() noexcept { return store_; }

  [[nodiscard]] ByteBuffer take_buffer() override { return transport_.take_buffer(); }

  void send(wire::Frame reply) override {
    reply.seal();
    const std::uint32_t slot = reply.header.slot;
    transport_.arrived_.push_back({worker_, slot, std::nullopt, std::move(reply)});
  }

 private:
  LoopbackTransport& transport_;
  std::size_t worker_;
  KVStore store_;
  Dispatcher dispatcher_;
};

LoopbackTransport::LoopbackTransport(const std::vector<NodeId>& nodes, const Limits& limits)
    : ids_(nodes), limits_(limits) {
  for (std::size_t worker = 0; worker < nodes.size(); ++worker)
    nodes_.push_back(start_node(worker, first_epoch));
}

LoopbackTransport::~LoopbackTransport() = default;

std::unique_ptr<LoopbackTransport::Node> LoopbackTransport::start_node(std::size_t worker,
                                                                       std::uint32_t epoch) {
  return std::make_unique<Node>(*this, worker, ids_[worker], epoch, limits_);
}

KVStore& LoopbackTransport::store(std::size_t worker) noexcept {
  return nodes_[worker]->store();
}

std::uint32_t LoopbackTransport::slots_per_worker() const noexcept {
  return loopback_slots;
}

std::size_t LoopbackTransport::preferred_frame_bytes() const noexcept {
  return frame_bytes;
}

void LoopbackTransport::send(std::size_t worker, wire::Frame frame) {
  frame.seal();
  queued_.push_back({worker, Queued::What::request, std::move(frame)});
}

void LoopbackTransport::disconnect(std::size_t worker) {
  queued_.push_back({worker, Queued::What::disconnect, {}});
}

void LoopbackTransport::reconnect(std::size_t worker, std::uint32_t epoch, std::string) {
  queued_.push_back({worker, Queued::What::reconnect, {}, epoch});
}

void LoopbackTransport::flush() {
  const bool was_empty = arrived_.empty();
  for (Queued& next : std::exchange(queued_, {})) {
    switch (next.what) {
      case Queued::What::request:
        run(next.worker, std::move(next.frame));
        break;
      case Queued::What::disconnect:
        nodes_[next.worker].reset();
        break;
      case Queued::What::reconnect:
        nodes_[next.worker] = start_node(next.worker, next.epoch);
        break;
    }
  }
  if (was_empty && !arrived_.empty() && notify_) notify_();
}

void LoopbackTransport::run(std::size_t worker, wire::Frame request) {
  const std::uint32_t slot = request.header.slot;
  if (!nodes_[worker]) {
    arrived_.push_back({worker, slot, errc::node_down, std::move(request)});
    return;
  }
  const std::string_view bytes = request.bytes().view();
  const auto header = wire::decode_header(bytes);
  const bool sound =
      header && wire::body_matches(bytes, request.body()) && nodes_[worker]->run(request);
  if (!sound) arrived_.push_back({worker, slot, errc::malformed_frame, {}});
  recycle(std::move(request.bytes()));
}

void LoopbackTransport::collect(std::vector<wire::Arrival>& arrivals) {
  for (wire::Arrival& arrival : arrived_)
    arrivals.push_back(std::move(arrival));
  arrived_.clear();
}

ByteBuffer LoopbackTransport::take_buffer() {
  if (spare_buffers_.empty()) return {};
  ByteBuffer buffer = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
  buffer.clear();
  return buffer;
}

void LoopbackTransport::recycle(ByteBuffer buffer) noexcept {
  if (spare_buffers_.size() >= most_spare_buffers || buffer.capacity() > frame_bytes) return;
  spare_buffers_.push_back(std::move(buffer));
}

}  // namespace pkv

#include "instructions/staged_transport.hpp"

#include "pkv/kv_store.hpp"

#include "worker/dispatcher.hpp"

#include <iterator>
#include <optional>
#include <stdexcept>

namespace pkv::instructions {
namespace {

constexpr std::uint32_t first_epoch = 1;

/// The frame as whoever receives its bytes sees it.
wire::Frame received(wire::Frame sent) {
  const std::string_view bytes = sent.bytes().view();
  const auto header = wire::decode_header(bytes);
  if (!header || !wire::body_matches(bytes, sent.body()))
    throw std::logic_error("a frame was damaged");
  return wire::Frame(*header, std::move(sent.bytes()));
}

}  // namespace

/// One node: its store, and where its replies go.
class StagedTransport::Worker final : public ReplySink {
 public:
  Worker(StagedTransport& transport, std::size_t index, NodeId node)
      : transport_(transport),
        index_(index),
        buffers_(transport.settings_.preferred_frame_bytes,
                 2 * transport.settings_.slots_per_worker + 2),
        dispatcher_(store_, node, first_epoch, transport.settings_.preferred_frame_bytes / 2) {}

  void run(wire::Frame sent) {
    wire::Frame request = received(std::move(sent));
    if (!dispatcher_.run(request, *this)) throw std::logic_error("a worker refused a request");
    buffers_.recycle(std::move(request.bytes()));
  }

  [[nodiscard]] ByteBuffer take_buffer() override { return buffers_.take(); }

  void send(wire::Frame reply) override {
    reply.seal();
    transport_.replies_.push_back({index_, std::move(reply)});
  }

 private:
  StagedTransport& transport_;
  std::size_t index_;
  mpi::BufferPool buffers_;
  KVStore store_;
  Dispatcher dispatcher_;
};

StagedTransport::StagedTransport(const std::vector<NodeId>& nodes,
                                 const mpi::TransportSettings& settings)
    : settings_(settings),
      buffers_(settings.preferred_frame_bytes, 2 * nodes.size() * settings.slots_per_worker) {
  for (const NodeId node : nodes)
    workers_.push_back(std::make_unique<Worker>(*this, workers_.size(), node));
}

StagedTransport::~StagedTransport() = default;

void StagedTransport::seal_requests() {
  for (Travelling& request : requests_)
    request.frame.seal();
}

void StagedTransport::run_requests() {
  for (Travelling& request : requests_)
    workers_[request.worker]->run(std::move(request.frame));
  requests_.clear();
}

void StagedTransport::check_replies() {
  for (Travelling& reply : replies_) {
    wire::Frame frame = received(std::move(reply.frame));
    const std::uint32_t slot = frame.header.slot;
    arrivals_.push_back({reply.worker, slot, std::nullopt, std::move(frame)});
  }
  replies_.clear();
}

void StagedTransport::collect(std::vector<wire::Arrival>& arrivals) {
  arrivals.insert(arrivals.end(), std::make_move_iterator(arrivals_.begin()),
                  std::make_move_iterator(arrivals_.end()));
  arrivals_.clear();
}

}  // namespace pkv::instructions

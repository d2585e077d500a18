#include "mpi_batch/driver.hpp"

#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"

#include <array>
#include <cstdio>
#include <poll.h>
#include <stdexcept>
#include <utility>

namespace pkv::mpi_batch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t key_count = 100'000;
constexpr std::size_t value_bytes = 64;
constexpr std::chrono::milliseconds patience{10'000};

}  // namespace

Driver::Driver(mpi::MpiTransport& transport)
    : transport_(transport), next_slots_(transport.worker_count()), value_(value_bytes, 'v') {
  transport_.notify_with([this] { doorbell_.ring(); });
}

std::chrono::nanoseconds Driver::round_trip(std::uint32_t operations) {
  wire::Frame batch = next_batch(operations);
  const auto start = Clock::now();
  transport_.send(worker_, std::move(batch));
  transport_.flush();
  await_arrival();
  const auto end = Clock::now();
  take_answer(operations);
  worker_ = (worker_ + 1) % transport_.worker_count();
  return end - start;
}

wire::Frame Driver::next_batch(std::uint32_t operations) {
  wire::Frame frame(transport_.take_buffer());
  for (std::uint32_t i = 0; i < operations; ++i) {
    std::array<char, 17> key;
    std::snprintf(key.data(), key.size(), "key:%012u",
                  static_cast<unsigned>(random_() % key_count));
    wire::append_operation(frame.bytes(), {.opcode = wire::Opcode::put,
                                           .sequence_offset = i,
                                           .key = {key.data(), key.size() - 1},
                                           .value = value_});
  }
  frame.header.kind = wire::FrameKind::request;
  frame.header.epoch = first_epoch;
  frame.header.node = node_of(worker_);
  frame.header.count = operations;
  frame.header.slot = next_slots_[worker_];
  frame.header.sequence = sequence_;
  next_slots_[worker_] = (next_slots_[worker_] + 1) % transport_.slots_per_worker();
  sequence_ += operations;
  return frame;
}

void Driver::await_arrival() {
  for (;;) {
    transport_.collect(arrivals_);
    if (!arrivals_.empty()) return;
    doorbell_.lie_down();
    transport_.collect(arrivals_);  // it may have come before the doorbell could be heard
    if (arrivals_.empty()) {
      pollfd bell{doorbell_.descriptor(), POLLIN, 0};
      if (poll(&bell, 1, static_cast<int>(patience.count())) == 0)
        throw std::runtime_error("a worker does not answer");
    }
    doorbell_.get_up();
  }
}

void Driver::take_answer(std::uint32_t operations) {
  wire::Arrival arrival = std::move(arrivals_.front());
  arrivals_.clear();
  wire::ReplyReader reader(arrival.failure ? std::string_view() : arrival.frame.body(), operations);
  wire::WireReply reply;
  bool stored = !arrival.failure && arrival.frame.header.last;
  while (stored && reader.next(reply))
    stored = reply.kind == wire::ReplyKind::ok;
  if (!stored || !reader.complete()) throw std::runtime_error("a worker refused a batch");
  transport_.recycle(std::move(arrival.frame.bytes()));
}

}  // namespace pkv::mpi_batch

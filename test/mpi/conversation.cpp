#include "mpi/conversation.hpp"

#include "mpi/error.hpp"
#include "wire/wire_reply.hpp"

#include <mpi.h>

#include <exception>
#include <stdexcept>
#include <thread>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 15s;

}  // namespace

Conversation::Conversation(MpiTransport& transport)
    : transport_(transport), workers_(transport.worker_count()) {
  for (Worker& worker : workers_)
    worker.busy.resize(transport.slots_per_worker());
  transport_.notify_with([this] {
    const std::lock_guard lock(mutex_);
    something_arrived_ = true;
    notified_.notify_one();
  });
}

bool Conversation::may_request(std::size_t worker) const {
  const Worker& to = workers_[worker];
  return !to.busy[to.next_slot];
}

std::uint32_t Conversation::request(std::size_t worker,
                                    const std::vector<wire::Operation>& operations) {
  Worker& to = workers_[worker];
  const std::uint32_t slot = to.next_slot;
  if (to.busy[slot]) throw std::runtime_error("a request without a free slot");
  to.busy[slot] = true;
  ++busy_slots_;
  to.next_slot = (slot + 1) % transport_.slots_per_worker();

  wire::Frame frame(transport_.take_buffer());
  frame.header.epoch = to.epoch;
  frame.header.node = NodeId{static_cast<std::uint32_t>(worker) + 1};
  frame.header.count = static_cast<std::uint32_t>(operations.size());
  frame.header.slot = slot;
  frame.header.sequence = next_sequence_;
  next_sequence_ += operations.size() + 1;
  for (const wire::Operation& operation : operations)
    wire::append_operation(frame.bytes(), operation);
  transport_.send(worker, std::move(frame));
  transport_.flush();
  return slot;
}

void Conversation::reconnect(std::size_t worker, std::uint32_t epoch, const std::string& address) {
  workers_[worker].epoch = epoch;
  workers_[worker].next_slot = 0;
  transport_.reconnect(worker, epoch, address);
  transport_.flush();
}

void Conversation::collect() {
  {
    std::unique_lock lock(mutex_);
    if (!notified_.wait_for(lock, patience, [this] { return something_arrived_; }))
      throw std::runtime_error("an answer did not come in time");
    something_arrived_ = false;
  }
  std::vector<wire::Arrival> arrivals;
  transport_.collect(arrivals);
  for (wire::Arrival& arrival : arrivals)
    arrivals_.push_back(std::move(arrival));
}

wire::Arrival Conversation::next_arrival() {
  while (arrivals_.empty())
    collect();
  wire::Arrival arrival = std::move(arrivals_.front());
  arrivals_.pop_front();
  if (arrival.slot == wire::Arrival::no_slot) return arrival;
  if (arrival.failure || arrival.frame.header.last) {
    workers_[arrival.worker].busy[arrival.slot] = false;
    --busy_slots_;
  }
  return arrival;
}

std::string Conversation::ask(std::size_t worker, const wire::Operation& operation) {
  request(worker, {operation});
  std::string answer;
  for (bool last = false; !last;) {
    wire::Arrival arrival = next_arrival();
    if (arrival.failure) throw std::runtime_error("a request failed");
    for (const std::string& value : values_in(arrival.frame))
      answer += value;
    last = arrival.frame.header.last;
    transport_.recycle(std::move(arrival.frame.bytes()));
  }
  return answer;
}

std::vector<std::string> values_in(const wire::Frame& reply) {
  std::vector<std::string> values;
  wire::ReplyReader reader(reply.body(), reply.header.count);
  wire::WireReply value;
  while (reader.next(value))
    values.emplace_back(value.value);
  if (!reader.complete()) throw std::runtime_error("a reply is malformed");
  return values;
}

bool hold(const Scenario& scenario, const std::function<void(Conversation&)>& conversation) {
  announce(scenario, worker_ranks());
  MpiTransport transport(static_cast<std::size_t>(worker_ranks()), scenario.settings, {});
  Conversation with_workers(transport);
  std::exception_ptr failure;
  bool ended_in_order = false;
  {
    std::jthread coordinator([&] {
      try {
        conversation(with_workers);
      } catch (...) {
        failure = std::current_exception();
      }
      transport.stop(patience);
    });
    ended_in_order = transport.run();
  }
  if (failure) std::rethrow_exception(failure);
  return ended_in_order;
}

int worker_ranks() {
  int size = 0;
  check(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  return size - 1;
}

}  // namespace pkv::mpi

#include "load/worker.hpp"

#include "load/connect_failure.hpp"

#include <algorithm>
#include <sys/resource.h>
#include <thread>

namespace pkv::bench {
namespace {

constexpr std::chrono::milliseconds tick_length{100};
constexpr std::chrono::milliseconds late_tick{500};
constexpr unsigned version_bits_of_worker = 16;

/// What the calling thread has used of a processor.
std::chrono::microseconds processor_time() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto total = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return total(usage.ru_utime) + total(usage.ru_stime);
}

}  // namespace

// Only one thread at a time ever touches the io_context, so it needs none of its locks.
Worker::Worker(const WorkerSettings& settings, std::size_t index, std::size_t connections)
    : settings_(settings),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE),
      cursors_(connections, "0"),
      version_(std::uint64_t{index} << (64 - version_bits_of_worker)),
      tick_(io_),
      due_timer_(io_) {
  ConnectionListener& listener = *this;
  for (std::size_t i = 0; i < connections; ++i)
    connections_.push_back(
        std::make_unique<Connection>(io_, listener, settings.protocol, i, settings.pipeline));
}

void Worker::connect(const Connection::Endpoint& server) {
  for (const auto& connection : connections_)
    connection->connect(server);
  io_.run_for(settings_.timeout);  // until stopped by on_connected or on_closed
  if (!connect_fault_.empty()) throw ConnectFailure(connect_fault_);
  if (open_connections_ < connections_.size()) throw ConnectFailure("no answer in time");
}

void Worker::on_connected(Connection&) {
  if (++open_connections_ == connections_.size()) io_.stop();
}

Tally Worker::run(const Phase& phase, Workload& workload) {
  phase_ = phase;
  workload_ = &workload;
  ++phase_number_;
  left_ = phase.operations;
  under_way_ = ended_ = unsent_ = 0;
  completed_.store(0, std::memory_order_relaxed);
  sent_before_ = sent_bytes();
  received_before_ = received_bytes();
  recorder_.emplace(phase.begin, phase.timeline);
  open_loop_.reset();
  due_timer_armed_ = false;
  if (phase.schedule)
    open_loop_.emplace(*phase.schedule, phase.end, phase.operations, connections_.size());

  std::this_thread::sleep_until(phase.begin);
  const auto processor_time_before = processor_time();
  io_.restart();
  next_tick_ = phase.begin;
  arm_tick();
  const Clock::time_point now = Clock::now();
  for (const auto& connection : connections_)
    if (connection->is_open()) on_turn(*connection, now);
  stop_if_done(now);
  io_.run();  // until stop_if_done stops it
  Tally tally = end_phase();
  tally.processor_time = processor_time() - processor_time_before;
  return tally;
}

Tally Worker::end_phase() {
  tick_.cancel();
  due_timer_.cancel();
  const std::uint64_t sent = sent_bytes() - sent_before_;
  const std::uint64_t received = received_bytes() - received_before_;
  completed_.store(ended_, std::memory_order_relaxed);
  Tally tally = recorder_->end(Clock::now(), sent + received);
  tally.sent_bytes = sent;
  tally.received_bytes = received;
  tally.unsent = unsent_;
  tally.all_connections_lost = open_connections_ == 0;
  if (open_loop_) tally.send_delays = open_loop_->delays();
  return tally;
}

bool Worker::accepts_more(Clock::time_point now) const noexcept {
  if (open_connections_ == 0) return false;
  if (open_loop_) return !open_loop_->over();
  return left_ > 0 && now < phase_.end;
}

void Worker::stop_if_done(Clock::time_point now) {
  if (open_connections_ == 0) give_up(now);
  if (under_way_ == 0 && !accepts_more(now)) io_.stop();
}

/// Begins no further operation.
void Worker::give_up(Clock::time_point now) {
  left_ = 0;
  if (open_loop_) unsent_ += open_loop_->abandon(now);
}

void Worker::arm_tick() {
  next_tick_ = std::max(next_tick_ + tick_length, Clock::now());
  tick_.expires_at(next_tick_);
  tick_.async_wait([this, phase = phase_number_](const boost::system::error_code& error) {
    if (error || phase != phase_number_) return;
    const Clock::time_point now = Clock::now();
    // If this thread did not get to run, answers may have come that it has not read.
    if (now - next_tick_ < late_tick) close_stalled(now);
    arm_tick();
    on_tick(now);
  });
}

void Worker::on_tick(Clock::time_point now) {
  completed_.store(ended_, std::memory_order_relaxed);
  recorder_->tick(now, sent_bytes() + received_bytes() - sent_before_ - received_before_);
  const bool overtime =
      phase_.end != Clock::time_point::max() && now - phase_.end > settings_.timeout;
  if (settings_.stop.load(std::memory_order_relaxed) || overtime) give_up(now);
  stop_if_done(now);
}

void Worker::close_stalled(Clock::time_point now) {
  for (const auto& connection : connections_)
    if (connection->stalled(now, settings_.timeout)) connection->close("no answer in time");
}

void Worker::on_closed(Connection& connection, const boost::circular_buffer<Exchange>& unanswered) {
  if (workload_ == nullptr) {  // while connecting
    connect_fault_ = connection.fault();
    io_.stop();
    return;
  }
  --open_connections_;
  const std::string text = "(connection lost) " + connection.fault();
  recorder_->failed(text, std::max<std::uint64_t>(1, unanswered.size()));
  for (const Exchange& exchange : unanswered)
    workload_->finished(exchange.operation, false);
  under_way_ -= unanswered.size();
  ended_ += unanswered.size();
  if (open_loop_) open_loop_->remove(connection.number());
  stop_if_done(Clock::now());
}

std::uint64_t Worker::sent_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& connection : connections_)
    bytes += connection->sent_bytes();
  return bytes;
}

std::uint64_t Worker::received_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const auto& connection : connections_)
    bytes += connection->received_bytes();
  return bytes;
}

}  // namespace pkv::bench

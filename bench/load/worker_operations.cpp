// The part of Worker that begins operations and looks at what comes back.
#include "load/verdict.hpp"
#include "load/worker.hpp"

#include <algorithm>
#include <chrono>

namespace pkv::bench {

void Worker::begin(Connection& connection, const Operation& operation, Clock::time_point when) {
  switch (operation.kind) {
    case Kind::read:
    case Kind::read_modify_write:
      settings_.requests.append_get(connection.output(), operation.key);
      break;
    case Kind::update:
    case Kind::insert:
      settings_.requests.append_set(connection.output(), operation.key, ++version_);
      break;
    case Kind::scan:
      append_scan(connection.output(), cursors_[connection.number()], operation.scan_count);
      break;
  }
  connection.expect({operation, when});
  ++under_way_;
}

/// The second half of a read-modify-write. It takes the place of the first in the pipeline.
void Worker::write_back(Connection& connection, const Exchange& read) {
  settings_.requests.append_set(connection.output(), read.operation.key, ++version_);
  connection.expect({read.operation, read.begin, true});
}

void Worker::on_answer(Connection& connection, const Exchange& exchange, const Answer& answer,
                       Clock::time_point now) {
  const Operation& operation = exchange.operation;
  recorder_->answered(now);
  const bool succeeded = check(exchange, answer);
  if (succeeded && operation.kind == Kind::read_modify_write && !exchange.is_write_back) {
    write_back(connection, exchange);
    return;
  }
  if (succeeded) recorder_->succeeded(operation.kind, now - exchange.begin);
  if (succeeded && operation.kind == Kind::scan)
    cursors_[connection.number()] = cursor_of(answer.text);
  workload_->finished(operation, succeeded);
  --under_way_;
  ++ended_;
}

/// Whether the answer is as it should be; records it if not.
bool Worker::check(const Exchange& exchange, const Answer& answer) {
  const Verdict verdict = judge(exchange, answer, settings_.values);
  if (verdict == Verdict::right) return true;
  if (verdict == Verdict::error) {
    recorder_->failed(answer.text);
    return false;
  }
  if (verdict == Verdict::missing && settings_.allow_missing) {
    recorder_->missing();
    return true;
  }
  recorder_->mismatched(
      [&] { return fault_of(exchange, answer, settings_.keys, settings_.values); });
  return false;
}

void Worker::on_turn(Connection& connection, Clock::time_point now) {
  if (open_loop_) {
    if (connection.has_room()) open_loop_->add_room(connection.number(), now);
    begin_due();
  } else if (connection.under_way() == 0) {
    begin_pipeline(connection, now);
  }
  connection.flush(now);
  if (under_way_ == 0) stop_if_done(now);
}

void Worker::begin_pipeline(Connection& connection, Clock::time_point now) {
  if (!accepts_more(now)) return;
  const Clock::time_point begin_time = Clock::now();  // answers were checked since `now`
  for (std::size_t i = 0; i < phase_.pipeline && left_ > 0; ++i, --left_)
    begin(connection, workload_->next(), begin_time);
}

void Worker::begin_due() {
  const Clock::time_point now = Clock::now();
  written_.clear();
  while (const std::optional<OpenLoop::Turn> turn = open_loop_->next(now)) {
    Connection& connection = *connections_[turn->connection];
    begin(connection, workload_->next(), turn->due);
    if (connection.has_room()) open_loop_->add_room(turn->connection, now);
    written_.push_back(&connection);
  }
  for (Connection* connection : written_)
    connection->flush(now);
  arm_due_timer(now);
}

// Not for what is due at once: to set a timer that soon cost a virtual machine 6 us each time, half
// of the processor time at 80,000 operations a second, which the server then lacked. What waits is
// sent late by this at most, and counted so.
constexpr std::chrono::microseconds shortest_wait{50};

// At most one wait is under way. What makes it superfluous, namely an answer that came when an
// operation was just due, is so frequent that cancelling it would cost more than waking up.
void Worker::arm_due_timer(Clock::time_point now) {
  if (due_timer_armed_) return;
  const std::optional<Clock::time_point> wake_up = open_loop_->wake_up();
  if (!wake_up) return;
  due_timer_armed_ = true;
  due_timer_.expires_at(std::max(*wake_up, now + shortest_wait));
  due_timer_.async_wait([this, phase = phase_number_](const boost::system::error_code& error) {
    if (error || phase != phase_number_) return;
    due_timer_armed_ = false;
    begin_due();
    stop_if_done(Clock::now());
  });
}

}  // namespace pkv::bench

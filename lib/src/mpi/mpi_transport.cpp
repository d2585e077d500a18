#include "mpi/mpi_transport.hpp"

#include <utility>

namespace pkv::mpi {

MpiTransport::MpiTransport(std::size_t workers, const TransportSettings& settings, LogSink log)
    : workers_(workers),
      settings_(settings),
      buffers_(settings.preferred_frame_bytes, 2 * workers * settings.slots_per_worker),
      engine_(workers, settings, std::move(log)),
      waiter_(make_waiter(settings)) {}

void MpiTransport::send(std::size_t worker, wire::Frame frame) {
  operations_sent_ += frame.header.count;
  queued_.push_back({worker, Submission::What::request, std::move(frame)});
}

void MpiTransport::disconnect(std::size_t worker) {
  queued_.push_back({worker, Submission::What::disconnect, {}});
}

void MpiTransport::reconnect(std::size_t worker, std::uint32_t epoch, std::string address) {
  wire::Frame where{ByteBuffer()};
  where.header.epoch = epoch;
  where.bytes().append(address);
  queued_.push_back({worker, Submission::What::reconnect, std::move(where)});
}

void MpiTransport::flush() {
  if (queued_.empty()) return;
  submissions_.give(queued_);
  doorbell_.ring();
}

void MpiTransport::stop(std::chrono::milliseconds patience) noexcept {
  Clock::duration never{};
  const Clock::duration deadline = (Clock::now() + patience).time_since_epoch();
  if (stop_at_.compare_exchange_strong(never, deadline)) doorbell_.ring();
}

bool MpiTransport::run() {
  const bool answered =
      advance_until([this] { return stop_requested() && !engine_.waits_for_replies(); });
  if (!answered) return false;
  engine_.dismiss();
  ended_in_order_ = advance_until([this] { return engine_.all_dismissed(); });
  return ended_in_order_ && !engine_.has_lost_any();
}

template <class Done>
bool MpiTransport::advance_until(Done done) {
  for (;;) {
    if (advance()) {
      waiter_->worked();
      continue;
    }
    if (done()) return true;
    if (stop_requested() && Clock::now().time_since_epoch() > stop_at_.load()) return false;
    if (waiter_->wants_sleep()) rest();
  }
}

bool MpiTransport::advance() {
  submissions_.take(accepted_);
  bool worked = !accepted_.empty();
  for (Submission& submission : accepted_)
    submit(std::move(submission));
  accepted_.clear();

  worked |= engine_.poll(arrived_);
  if (!arrived_.empty() && arrivals_.give(arrived_) && notify_) notify_();
  return worked;
}

void MpiTransport::submit(Submission submission) {
  const std::size_t worker = submission.worker;
  wire::Frame& frame = submission.frame;
  switch (submission.what) {
    case Submission::What::request:
      return engine_.send(worker, std::move(frame));
    case Submission::What::disconnect:
      return engine_.disconnect(worker);
    case Submission::What::reconnect:
      return engine_.reconnect(worker, frame.header.epoch, frame.body());
  }
}

void MpiTransport::rest() {
  const bool was_stopping = stop_requested();
  doorbell_.lie_down();
  if (submissions_.empty() && stop_requested() == was_stopping)
    waiter_->sleep(doorbell_.descriptor());
  doorbell_.get_up();
}

}  // namespace pkv::mpi

// What a transfer makes of answers, losses and failures. None of this begins a place in the order.

#include "coordinator/fault.hpp"
#include "coordinator/transfer.hpp"

#include <utility>

namespace pkv {

void Transfer::on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                        const SharedFrame& frame) {
  --unanswered_;
  switch (static_cast<Part>(part)) {
    case Part::definition:
    case Part::page:
      if (ticket == source_round_) on_source_reply(static_cast<Part>(part), reply, frame);
      return;
    case Part::intake:
    case Part::write:
      if (ticket == destination_round_) on_destination_reply(static_cast<Part>(part), reply);
      return;
    case Part::removal:
      return;
  }
}

void Transfer::on_source_reply(Part part, const wire::WireReply& reply, const SharedFrame& frame) {
  if (reply.kind == wire::ReplyKind::error) {
    retry(reply.error);
  } else if (part == Part::definition) {
    defined_ = true;
    stage_ = Stage::ready;
  } else {
    page_frame_ = frame;
    page_ = reply.value;
    stage_ = Stage::fetched;
  }
}

void Transfer::on_destination_reply(Part part, const wire::WireReply& reply) {
  if (reply.kind == wire::ReplyKind::error && is_fault_of_worker(reply.error)) {
    if (at_work())
      start_over(reply.error);
    else if (reply.error != errc::node_down)
      late_fault_ = reply.error;  // a process that is gone disagrees with nobody
    return;
  }
  if (part != Part::intake || !at_work()) return;
  taking_in_ = false;
  permission_.reset();
  pace_.succeeded();
  if (frontier_ == wire::scan_end && !predecessor_) stage_ = Stage::complete;
}

void Transfer::cancel() {
  end(Stage::cancelled);
}

/// The page under way, if any, is of no use, and neither are the writes held for it.
void Transfer::forget_page() {
  ++source_round_;
  held_.clear();
  page_frame_ = SharedFrame();
  page_ = {};
  page_end_ = 0;
  if (!taking_in_) permission_.reset();
  if (at_work() && stage_ != Stage::erasing) stage_ = Stage::ready;
}

/// What has been sent to the destination does not matter any more.
void Transfer::forget_destination() {
  ++destination_round_;
  late_fault_.reset();
  taking_in_ = false;
  permission_.reset();
}

void Transfer::retry(errc error) {
  forget_page();
  defined_ = false;
  if (!pace_.failed(port_.now())) fail(error);
}

void Transfer::start_over(errc error) {
  forget_page();
  forget_destination();
  frontier_ = 0;
  progress_ = {};
  const bool again = pace_.failed(port_.now());
  if (!again || ++starts_over_ > settings_.most_starts_over) {
    fail(error);
    return;
  }
  eraser_.start();
  stage_ = Stage::erasing;
}

void Transfer::fail(errc error) {
  end(Stage::failed);
  failure_ = error;
}

void Transfer::end(Stage stage) {
  forget_page();
  permission_.reset();
  taking_in_ = false;
  eraser_.stop();
  frontier_ = 0;
  stage_ = stage;
}

bool Transfer::idle() const noexcept {
  return !at_work() && !to_be_removed_ && unanswered_ == 0 && eraser_.idle();
}

bool Transfer::settled() const noexcept {
  return unanswered_ == 0 && (!predecessor_ || predecessor_->settled());
}

std::optional<errc> Transfer::divergence() const noexcept {
  return complete() ? late_fault_ : std::nullopt;
}

/// What those that take over from this one have to know.
std::optional<errc> Transfer::inherited_fault() const noexcept {
  return late_fault_ || !predecessor_ ? late_fault_ : predecessor_->inherited_fault();
}

TransferProgress Transfer::progress() const noexcept {
  TransferProgress progress = progress_;
  progress.share = static_cast<double>(frontier_) / static_cast<double>(wire::scan_end);
  return progress;
}

}  // namespace pkv

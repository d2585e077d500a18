#include "coordinator/transfer.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace pkv {
namespace {

/// Whether the answer is what copy_page may be answered with.
bool is_sound(std::string_view page, std::uint64_t from, std::uint64_t to) noexcept {
  wire::PageReader reader(page);
  wire::CopiedEntry entry;
  while (reader.next(entry)) {
  }
  return reader.complete() && reader.next_position() > from && reader.next_position() <= to;
}

}  // namespace

Transfer::Transfer(OrderPort& port, CopyBudget& budget, const CopySettings& settings,
                   TransferPlan plan)
    : port_(port),
      budget_(budget),
      settings_(settings),
      plan_(std::move(plan)),
      eraser_(port, budget, settings, plan_.id, plan_.destination, plan_.ranges),
      pace_(settings),
      page_size_(settings) {
  if (!plan_.erase_first) return;
  eraser_.start();
  stage_ = Stage::erasing;
}

Transfer::Transfer(OrderPort& port, CopyBudget& budget, const CopySettings& settings,
                   TransferPlan plan, std::shared_ptr<const Transfer> predecessor)
    : Transfer(port, budget, settings, std::move(plan)) {
  // A delegating constructor initialises nothing else. NOLINTNEXTLINE(*-prefer-member-initializer)
  predecessor_ = std::move(predecessor);
  frontier_ = predecessor_->frontier_;  // NOLINT(*-prefer-member-initializer)
  // Nothing has been copied then, and what was there before may be there still.
  if (predecessor_->stage_ == Stage::erasing) {
    eraser_.start();
    stage_ = Stage::erasing;
  }
}

void Transfer::pass_on(const wire::Operation& operation, std::uint64_t sequence) {
  ++unanswered_;
  port_.append_at(plan_.destination, operation, sequence,
                  {this, destination_round_, static_cast<std::uint32_t>(Part::write)});
}

void Transfer::hold(std::uint64_t scan_position, const wire::Operation& operation,
                    std::uint64_t sequence) {
  try {
    held_.add(scan_position, operation, sequence);
  } catch (const std::bad_alloc&) {
    retry(errc::out_of_memory);  // without this write the page is of no use
  }
}

void Transfer::on_clear() {
  if (!at_work()) return;
  forget_page();
  forget_destination();
  eraser_.stop();
  predecessor_.reset();
  frontier_ = wire::scan_end;
  stage_ = Stage::complete;
}

void Transfer::step() {
  try {
    if (stage_ == Stage::fetched) deliver_page();
    if (stage_ == Stage::ready || stage_ == Stage::erasing) proceed();
  } catch (const std::bad_alloc&) {
    retry(errc::out_of_memory);
  }
  if (at_work()) return;
  eraser_.step();
  if (to_be_removed_) remove_set();
}

void Transfer::proceed() {
  const auto now = port_.now();
  if (taking_in_ || !pace_.rested(now) || waits_for_predecessor()) return;
  if (stage_ == Stage::erasing) {
    eraser_.step();
    if (eraser_.failure()) fail(*eraser_.failure());
    if (!eraser_.done()) return;
    stage_ = Stage::ready;
  }
  if (frontier_ == wire::scan_end) {
    stage_ = Stage::complete;
    return;
  }
  if (!defined_) {
    define();
    return;
  }
  const std::size_t waiting_bytes =
      std::max(port_.waiting_bytes(plan_.source), port_.waiting_bytes(plan_.destination));
  if (!pace_.lets_pass(waiting_bytes, now)) return;
  permission_ = budget_.try_start(plan_.source, now);
  if (permission_) fetch_page();
}

/// Only when all that the predecessor has sent is answered, it is known whether the destination is
/// as its frontier says.
bool Transfer::waits_for_predecessor() {
  if (!predecessor_) return false;
  if (!predecessor_->settled()) return true;
  const std::optional<errc> fault = predecessor_->inherited_fault();
  predecessor_.reset();
  if (fault) start_over(*fault);
  return fault.has_value();
}

void Transfer::define() {
  const ByteBuffer ranges = encoded_definition(plan_.id, *plan_.ranges);
  stage_ = Stage::defining;
  to_be_removed_ = true;
  ask(plan_.source, wire::Opcode::define_ranges, ranges.view(), Part::definition, source_round_);
}

void Transfer::fetch_page() {
  const std::uint64_t end = page_size_.end_from(frontier_);
  ByteBuffer request;
  wire::append_copy_request(
      request, {plan_.id, frontier_, end, page_size_.bytes(), settings_.most_page_entries});
  stage_ = Stage::fetching;
  page_end_ = end;
  asked_at_ = port_.now();
  pace_.begun();
  ask(plan_.source, wire::Opcode::copy_page, request.view(), Part::page, source_round_);
}

void Transfer::deliver_page() {
  const SharedFrame frame = std::exchange(page_frame_, SharedFrame());
  const std::string_view page = std::exchange(page_, {});
  if (!is_sound(page, frontier_, page_end_)) {
    retry(errc::malformed_frame);
    return;
  }
  const wire::PageReader head(page);
  const std::uint64_t next = head.next_position();
  const HeldWrites held = std::exchange(held_, HeldWrites());
  const auto now = port_.now();
  permission_->charge(page.size(), now);
  page_size_.learn(frontier_, next, page_end_, now - asked_at_);
  progress_.keys += head.left();
  progress_.bytes += page.size() - wire::page_head_bytes;
  frontier_ = next;
  page_end_ = 0;
  stage_ = Stage::ready;

  // The destination may refuse any of these at once, which starts the transfer over.
  const std::uint32_t round = destination_round_;
  if (head.left() > 0) {
    taking_in_ = true;
    ask(plan_.destination, wire::Opcode::copy_in, page, Part::intake, round);
  } else {
    permission_.reset();
    pace_.succeeded();
  }
  held.for_each_below(next, [&](const wire::Operation& operation, std::uint64_t sequence) {
    if (round == destination_round_) pass_on(operation, sequence);
  });
}

void Transfer::remove_set() {
  const ByteBuffer no_ranges = encoded_definition(plan_.id, {});
  to_be_removed_ = false;
  ask(plan_.source, wire::Opcode::define_ranges, no_ranges.view(), Part::removal, source_round_);
}

void Transfer::ask(std::size_t worker, wire::Opcode opcode, std::string_view value, Part part,
                   std::uint32_t round) {
  wire::Operation operation;
  operation.opcode = opcode;
  operation.value = value;
  ++unanswered_;
  port_.append(worker, operation, {this, round, static_cast<std::uint32_t>(part)});
}

}  // namespace pkv

#include "coordinator/eraser.hpp"

#include "wire/copying.hpp"

#include <new>
#include <utility>

namespace pkv {

ByteBuffer encoded_definition(std::uint32_t set, const RingRanges& ranges) {
  ByteBuffer value;
  wire::append_ranges(value, set, ranges);
  return value;
}

Eraser::Eraser(OrderPort& port, CopyBudget& budget, const CopySettings& settings, std::uint32_t set,
               std::size_t worker, std::shared_ptr<const RingRanges> ranges)
    : port_(port),
      budget_(budget),
      settings_(settings),
      set_(set),
      worker_(worker),
      ranges_(std::move(ranges)),
      pace_(settings) {}

void Eraser::start() {
  stop();
  failure_.reset();
  pace_.restart();
  next_ = 0;
  stage_ = Stage::ready;
}

void Eraser::stop() {
  ++round_;
  page_.reset();
  defined_ = false;
  stage_ = Stage::stopped;
}

bool Eraser::at_work() const noexcept {
  return stage_ == Stage::ready || stage_ == Stage::defining || stage_ == Stage::erasing;
}

bool Eraser::idle() const noexcept {
  return !at_work() && !to_be_removed_ && unanswered_ == 0;
}

void Eraser::step() {
  try {
    if (stage_ == Stage::ready) proceed();
  } catch (const std::bad_alloc&) {
    fail(errc::out_of_memory);
  }
  if (at_work() || !to_be_removed_) return;
  const ByteBuffer no_ranges = encoded_definition(set_, {});
  to_be_removed_ = false;
  ask(wire::Opcode::define_ranges, no_ranges.view(), Part::removal);
}

void Eraser::proceed() {
  const auto now = port_.now();
  if (!pace_.rested(now)) return;
  if (!defined_) {
    define();
    return;
  }
  if (!pace_.lets_pass(port_.waiting_bytes(worker_), now)) return;
  page_ = budget_.try_start(worker_, now);
  if (page_) erase_page();
}

void Eraser::define() {
  const ByteBuffer definition = encoded_definition(set_, *ranges_);
  stage_ = Stage::defining;
  to_be_removed_ = true;
  ask(wire::Opcode::define_ranges, definition.view(), Part::definition);
}

void Eraser::erase_page() {
  ByteBuffer request;
  wire::append_copy_request(request, {set_, next_, wire::scan_end, settings_.most_page_bytes,
                                      settings_.most_page_entries});
  stage_ = Stage::erasing;
  pace_.begun();
  ask(wire::Opcode::erase_page, request.view(), Part::page);
}

void Eraser::ask(wire::Opcode opcode, std::string_view value, Part part) {
  wire::Operation operation;
  operation.opcode = opcode;
  operation.value = value;
  ++unanswered_;
  port_.append(worker_, operation, {this, round_, static_cast<std::uint32_t>(part)});
}

void Eraser::on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                      const SharedFrame&) {
  --unanswered_;
  if (ticket != round_ || static_cast<Part>(part) == Part::removal) return;
  if (reply.kind == wire::ReplyKind::error) {
    fail(reply.error);
  } else if (static_cast<Part>(part) == Part::definition) {
    defined_ = true;
    stage_ = Stage::ready;
  } else {
    take_page(reply);
  }
}

void Eraser::take_page(const wire::WireReply& reply) {
  const auto page = wire::read_erased_page(reply.value);
  if (!page || page->next <= next_ || page->next > wire::scan_end) {
    fail(errc::malformed_frame);
    return;
  }
  page_.reset();
  pace_.succeeded();
  erased_ += page->erased;
  next_ = page->next;
  stage_ = next_ == wire::scan_end ? Stage::done : Stage::ready;
}

/// What was erased stays so: the next attempt goes on from there.
void Eraser::fail(errc error) {
  const bool again = pace_.failed(port_.now());
  stop();
  if (again)
    stage_ = Stage::ready;
  else
    failure_ = error;
}

}  // namespace pkv

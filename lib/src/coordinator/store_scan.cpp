#include "coordinator/store_scan.hpp"

#include "coordinator/discard_replies.hpp"
#include "wire/copying.hpp"
#include "wire/viewing.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace pkv {
namespace {

/// Whether to ask again is of use: what the node had it has still.
bool may_pass(errc error) noexcept {
  return error == errc::storage_failure || error == errc::out_of_memory;
}

bool is_page(std::string_view bytes, std::uint64_t from, std::uint64_t& next) noexcept {
  wire::PageReader page(bytes);
  for (wire::CopiedEntry entry; page.next(entry);) {
  }
  next = page.next_position();
  return page.complete() && next > from;
}

}  // namespace

StoreScan::StoreScan(Coordinator& coordinator, CopyBudget& budget, const CopySettings& settings,
                     std::uint32_t number, ScanConsumer& consumer)
    : coordinator_(coordinator),
      budget_(budget),
      settings_(settings),
      number_(number),
      consumer_(&consumer) {}

void StoreScan::begin() {
  const Placement::Shares shares =
      coordinator_.placement().shares([](WorkerIndex) { return true; });
  if (!shares.complete) return end(errc::node_down);
  for (std::size_t worker = 0; worker < shares.of_worker.size(); ++worker)
    if (!shares.of_worker[worker].empty())
      sources_.push_back({worker, coordinator_.epoch(worker), CopyPace(settings_)});
  if (sources_.empty()) return end(errc::node_down);
  std::vector<ByteBuffer> ranges(sources_.size());
  for (std::size_t part = 0; part < sources_.size(); ++part)
    wire::append_ranges(ranges[part], number_, shares.of_worker[sources_[part].worker]);
  views_open_ = true;
  unanswered_ = sources_.size();  // an answer may come at once, if there is no memory
  coordinator_.begin_command();
  for (std::uint32_t part = 0; part < sources_.size(); ++part) {
    wire::Operation opening;
    opening.opcode = wire::Opcode::open_view;
    opening.value = ranges[part].view();
    coordinator_.append_to(sources_[part].worker, opening, {this, 0, part});
  }
}

void StoreScan::step() {
  if (consumer_ == nullptr) {
    if (views_open_ && unanswered_ == 0) close_views();
    return;
  }
  const auto now = coordinator_.now();
  for (std::uint32_t part = 0; part < sources_.size(); ++part) {
    Source& source = sources_[part];
    if (source.stage != Stage::ready || !source.pace.rested(now)) continue;
    if (!consumer_->has_room()) return;
    if (!lets_pass(source)) continue;
    source.permission = budget_.try_start(source.worker, now);
    if (source.permission) ask(source, part);
    if (consumer_ == nullptr) return;
  }
}

bool StoreScan::lets_pass(Source& source) noexcept {
  // Large values come one at a time, lest all nodes' together fill the memory.
  if (large_pages_ && unanswered_ > 0) return false;
  return source.pace.lets_pass(coordinator_.waiting_bytes(source.worker), coordinator_.now());
}

void StoreScan::ask(Source& source, std::uint32_t part) {
  ByteBuffer request;
  wire::append_copy_request(request, {number_, source.next, wire::scan_end,
                                      settings_.most_page_bytes, settings_.most_page_entries});
  wire::Operation question;
  question.opcode = wire::Opcode::view_page;
  question.value = request.view();
  source.stage = Stage::asked;
  source.pace.begun();
  ++unanswered_;
  coordinator_.append(source.worker, question, {this, 0, part});
}

void StoreScan::on_reply(std::uint32_t, std::uint32_t part, const wire::WireReply& reply,
                         const SharedFrame& frame) {
  --unanswered_;
  Source& source = sources_[part];
  source.permission.reset();
  if (consumer_ == nullptr) return;
  if (reply.kind == wire::ReplyKind::error) {
    retry(source, reply.error);
  } else if (source.stage == Stage::opening) {
    source.stage = Stage::ready;
  } else {
    take(source, reply, frame);
  }
}

void StoreScan::take(Source& source, const wire::WireReply& reply, const SharedFrame& frame) {
  std::uint64_t next = 0;
  if (!is_page(reply.value, source.next, next)) return end(errc::malformed_frame);
  source.pace.succeeded();
  source.next = next;
  large_pages_ = reply.value.size() > 4 * std::size_t{settings_.most_page_bytes};
  source.stage = next == wire::scan_end ? Stage::done : Stage::ready;
  consumer_->on_page(source.worker, reply.value, frame);
  if (consumer_ != nullptr &&
      std::ranges::all_of(sources_, [](const Source& each) { return each.stage == Stage::done; }))
    end(std::nullopt);
}

void StoreScan::retry(Source& source, errc error) {
  // What was not opened then would be opened at another place in the order.
  if (source.stage == Stage::opening || !may_pass(error) || !source.pace.failed(coordinator_.now()))
    return end(error);
  source.stage = Stage::ready;
}

void StoreScan::end(std::optional<errc> failure) {
  std::exchange(consumer_, nullptr)->on_end(failure);
}

void StoreScan::stop() {
  consumer_ = nullptr;
}

void StoreScan::close_views() {
  views_open_ = false;
  ByteBuffer number;
  wire::append_view_number(number, number_);
  wire::Operation closing;
  closing.opcode = wire::Opcode::close_view;
  closing.value = number.view();
  for (const Source& source : sources_)
    if (coordinator_.placement().lives(static_cast<WorkerIndex>(source.worker)) &&
        coordinator_.epoch(source.worker) == source.epoch)
      coordinator_.append(source.worker, closing, discarded_reply());
}

}  // namespace pkv

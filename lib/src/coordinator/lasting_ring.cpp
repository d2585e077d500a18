#include "coordinator/lasting_ring.hpp"

#include <chrono>
#include <utility>

namespace pkv {
namespace {

using namespace std::chrono_literals;

// All that writes wait for is that what is under way already is answered: milliseconds, unless a
// node has trouble; then clients are not held up for longer.
constexpr auto longest_wait_of_writes = 500ms;
constexpr auto pause_after_failure = 100ms;

}  // namespace

LastingRing::LastingRing(Coordinator& coordinator, Note note)
    : coordinator_(coordinator), note_(std::move(note)) {}

bool LastingRing::begin() {
  if (!changing()) {
    if (note_ && !note_({.stage = RingNote::Stage::changing})) return false;
    noted_ = coordinator_.ring();
    coordinator_.placement().hold();
  }
  leftovers_ = true;
  start_over();
  return true;
}

void LastingRing::start_over() noexcept {
  ++round_;
  disk_ = Disk::not_asked;
  unanswered_ = 0;
  writes_wait_since_.reset();
  coordinator_.transfers().keep_writes_waiting(false);
}

void LastingRing::rest() {
  start_over();
  rests_until_ = coordinator_.now() + pause_after_failure;
}

bool LastingRing::may_exchange(const std::vector<std::size_t>& workers) {
  if (!coordinator_.placement().can_release()) {
    start_over();
    return false;
  }
  if (!is_on_disk(workers)) return false;
  const auto now = coordinator_.now();
  if (!writes_wait_since_) {
    writes_wait_since_ = now;
    coordinator_.transfers().keep_writes_waiting(true);
  }
  if (coordinator_.transfers().settled()) return true;
  if (now - *writes_wait_since_ > longest_wait_of_writes) rest();
  return false;
}

bool LastingRing::exchange() {
  const auto nodes = coordinator_.ring().nodes();
  if (note_ && !note_({RingNote::Stage::changed,
                       {nodes.begin(), nodes.end()},
                       coordinator_.stable_sequence()})) {
    rest();
    return false;
  }
  noted_.reset();
  note_leftovers();
  return true;
}

void LastingRing::abandon() noexcept {
  noted_.reset();
  coordinator_.placement().stop_holding();
  note_leftovers();
}

void LastingRing::note_leftovers() noexcept {
  leftovers_ = true;
  leftovers_until_ = coordinator_.sequence();
  start_over();
}

void LastingRing::clean(const std::vector<std::size_t>& workers) {
  if (coordinator_.stable_sequence() < leftovers_until_ || !is_on_disk(workers)) return;
  if (note_ && !note_({.stage = RingNote::Stage::clean})) {
    rest();
    return;
  }
  leftovers_ = false;
  start_over();
}

/// Asks the nodes to bring to the disk what they have got so far, and tells when they have. What is
/// written from then on is as durable as its client wants it.
bool LastingRing::is_on_disk(const std::vector<std::size_t>& workers) {
  if (disk_ == Disk::done) return true;
  if (disk_ == Disk::asked) {
    if (unanswered_ > 0) return false;
    if (failed_) {
      rest();
      return false;
    }
    disk_ = Disk::done;
    return true;
  }
  if (coordinator_.now() < rests_until_) return false;
  wire::Operation sync;
  sync.opcode = wire::Opcode::sync;
  sync.flags = wire::on_disk;
  disk_ = Disk::asked;
  failed_ = false;
  unanswered_ = workers.size();
  coordinator_.begin_command();
  for (const std::size_t worker : workers)
    coordinator_.append_to(worker, sync, {this, round_, 0});
  return false;
}

void LastingRing::on_reply(std::uint32_t ticket, std::uint32_t, const wire::WireReply& reply,
                           const SharedFrame&) {
  if (ticket != round_) return;
  --unanswered_;
  failed_ = failed_ || reply.kind == wire::ReplyKind::error;
}

}  // namespace pkv

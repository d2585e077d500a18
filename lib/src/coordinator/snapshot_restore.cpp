#include "coordinator/snapshot_restore.hpp"

#include "protocol/error_text.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace pkv {
namespace {

// What one turn writes: some milliseconds of work.
constexpr std::size_t most_bytes_a_turn = std::size_t{4} << 20;
constexpr std::size_t most_entries_a_turn = 16'384;
// Writes under way at once, small ones.
constexpr std::size_t most_unanswered = 65'536;

constexpr std::chrono::seconds progress_interval{2};

enum Part : std::uint32_t { part_count = 0, part_write = 1 };

}  // namespace

SnapshotRestore::SnapshotRestore(Coordinator& coordinator, KeyCounts& counts,
                                 std::filesystem::path folder, LogSink log)
    : coordinator_(coordinator),
      counts_(counts),
      folder_(std::move(folder)),
      log_(std::move(log)),
      snapshot_(folder_) {}

void SnapshotRestore::begin(Done done) {
  done_ = std::move(done);
  stage_ = Stage::counting;
  told_ = coordinator_.now();
  if (log_)
    log_(LogLevel::info, "restoring " + std::to_string(snapshot_.manifest().entries()) +
                             " keys from " + folder_.string());
  coordinator_.begin_command();
  counts_.begin({this, 0, part_count});
}

void SnapshotRestore::step() {
  if (stage_ != Stage::writing) return;
  try {
    write_some();
  } catch (const std::exception& error) {
    end(error.what());
    return;
  }
  tell_progress();
  if (read_all_ && unanswered_ == 0) end({});
}

void SnapshotRestore::write_some() {
  std::size_t bytes = 0;
  std::size_t entries = 0;
  while (!read_all_ && bytes < most_bytes_a_turn && entries < most_entries_a_turn &&
         unanswered_ < most_unanswered) {
    if (!entry_) entry_ = snapshot_.next();
    if (!entry_) {
      read_all_ = true;
      return;
    }
    wire::Operation write;
    write.opcode = wire::Opcode::put;
    write.key = entry_->key;
    write.value = entry_->value;
    if (entry_->expires_at != never) {
      write.flags = wire::with_expiry;
      write.expires_at = entry_->expires_at;
    }
    const Coordinator::Way way = coordinator_.way_of(write);
    if (coordinator_.full_worker(way)) return;  // until a later turn
    ++unanswered_;
    coordinator_.begin_command();
    coordinator_.append(way, write, {this, 0, part_write});
    if (stage_ != Stage::writing) return;  // it could not be ordered
    bytes += wire::encoded_bytes(write);
    ++entries;
    ++written_;
    entry_.reset();
  }
}

void SnapshotRestore::on_reply(std::uint32_t, std::uint32_t part, const wire::WireReply& reply,
                               const SharedFrame&) {
  if (part == part_count) {
    if (stage_ == Stage::counting) on_count(reply);
    return;
  }
  --unanswered_;
  if (stage_ == Stage::writing && reply.kind == wire::ReplyKind::error)
    end(std::string(error_text::of(reply.error)));
}

void SnapshotRestore::on_count(const wire::WireReply& reply) {
  if (reply.kind != wire::ReplyKind::integer) {
    end(std::string(error_text::of(reply.error)));
  } else if (reply.integer != 0) {
    end("the store holds " + std::to_string(reply.integer) +
        " keys already: restore into an empty one, with another --data");
  } else {
    stage_ = Stage::writing;
    coordinator_.ensure_turn_end();
  }
}

void SnapshotRestore::tell_progress() {
  if (!log_ || coordinator_.now() - told_ < progress_interval) return;
  told_ = coordinator_.now();
  log_(LogLevel::info, "restored " + std::to_string(written_) + " of " +
                           std::to_string(snapshot_.manifest().entries()) + " keys");
}

void SnapshotRestore::end(const std::string& failure) {
  stage_ = Stage::over;
  if (failure.empty() && log_)
    log_(LogLevel::info, "restored " + std::to_string(written_) + " keys from " + folder_.string());
  if (done_) std::exchange(done_, nullptr)(failure);
}

}  // namespace pkv

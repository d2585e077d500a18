#pragma once

#include "pkv/log.hpp"

#include "coordinator/coordinator.hpp"
#include "coordinator/key_counts.hpp"
#include "coordinator/reply_receiver.hpp"
#include "storage/snapshot_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace pkv {

/// Puts the entries of a snapshot into a store that is empty, before it serves clients.
///
/// Each is written like any other entry, to all that hold its key, so the snapshot may come from a
/// store of other nodes and another engine. Entries get new versions.
///
/// Call begin(), then step() in every turn, and every few milliseconds until it is over.
///
/// Thread safety: none; lives on the I/O thread, which waits for the disk in step(): there are no
/// clients yet.
/// Lifetime: `coordinator` and `counts` must outlive it; it must outlive the coordinator's answers.
/// Errors: the constructor throws std::runtime_error that says what is wrong with the snapshot;
/// what goes wrong later is told to `done`, in words.
class SnapshotRestore final : public ReplyReceiver {
 public:
  /// Is told why not; an empty text if all entries are there.
  using Done = std::function<void(const std::string& failure)>;

  SnapshotRestore(Coordinator& coordinator, KeyCounts& counts, std::filesystem::path folder,
                  LogSink log);

  void begin(Done done);
  void step();
  /// Nothing more is written, and `done` is not called any more.
  void stop() noexcept { stage_ = Stage::over; }
  [[nodiscard]] bool over() const noexcept { return stage_ == Stage::over; }

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  enum class Stage : std::uint8_t { idle, counting, writing, over };

  void write_some();
  void on_count(const wire::WireReply& reply);
  void tell_progress();
  void end(const std::string& failure);

  Coordinator& coordinator_;
  KeyCounts& counts_;
  std::filesystem::path folder_;
  LogSink log_;
  SnapshotReader snapshot_;
  Done done_;
  Stage stage_ = Stage::idle;
  std::optional<EntryView> entry_;  // read and not written
  bool read_all_ = false;
  std::uint64_t written_ = 0;
  std::size_t unanswered_ = 0;
  Coordinator::Clock::time_point told_{};
};

}  // namespace pkv

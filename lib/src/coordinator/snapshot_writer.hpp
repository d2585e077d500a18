#pragma once

#include "storage/snapshot_manifest.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace pkv {

/// Writes a snapshot on a thread of its own, so that who adds to it never waits for the disk.
///
///     SnapshotWriter writer(folder, sequence, clock_ms);
///     while (...) if (writer.has_room()) writer.add(node, page);
///     writer.finish();
///     ... writer.outcome() ...
///
/// What is written is in `folder`.part until it is whole and on the disk; then it is renamed. So
/// there is a whole snapshot, or none.
///
/// Thread safety: none; for one thread beside its own.
/// Lifetime: the destructor waits for what the thread does at the moment; if there is no outcome
/// yet, nothing is left of the snapshot.
/// Errors: outcome(). add() throws std::bad_alloc.
class SnapshotWriter {
 public:
  static constexpr std::size_t most_waiting_bytes = std::size_t{8} << 20;

  /// `sequence` is the place in the order of all entries, and `time_ms` when that was.
  SnapshotWriter(std::filesystem::path folder, std::uint64_t sequence, std::int64_t time_ms);
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;
  ~SnapshotWriter();

  [[nodiscard]] bool has_room() const;
  /// Adds the entries of a page of one node, as wire/copying.hpp describes it.
  void add(std::uint32_t node, std::string page);
  /// Everything has been added.
  void finish();

  struct Outcome {
    std::string failure;  ///< In words; empty if the snapshot is there.
    SnapshotManifest manifest;
  };
  /// Nothing while the thread is at work.
  [[nodiscard]] std::optional<Outcome> outcome() const;

 private:
  struct Page {
    std::uint32_t node;
    std::string bytes;
  };

  void run() noexcept;
  void write_all();
  [[nodiscard]] std::optional<Page> next_page();

  std::filesystem::path folder_;
  std::filesystem::path unfinished_;
  SnapshotManifest manifest_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<Page> pages_;
  std::size_t waiting_bytes_ = 0;
  bool finished_ = false;
  bool abandoned_ = false;
  std::optional<Outcome> outcome_;
  std::thread thread_;  // last: it uses the others
};

}  // namespace pkv

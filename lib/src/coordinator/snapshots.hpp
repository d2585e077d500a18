#pragma once

#include "pkv/log.hpp"

#include "coordinator/snapshot_writer.hpp"
#include "coordinator/store_scans.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pkv {

class Conversation;

/// Makes snapshots of the whole store, one at a time, in one folder (SAVE, BGSAVE).
///
/// Thread safety: none; lives on the I/O thread, which never waits for the disk but when a snapshot
/// is broken off.
/// Lifetime: `coordinator` and `scans` must outlive it. A client has to be forgotten before it
/// goes.
class Snapshots final : public ScanConsumer {
 public:
  Snapshots(Coordinator& coordinator, StoreScans& scans, LogSink log);
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;
  ~Snapshots();

  /// Where they are made. Until then none can be.
  void keep_in(std::filesystem::path folder) { folder_ = std::move(folder); }

  /// Why none of this name can be begun now; nothing if it can. An empty name stands for one by the
  /// time of day.
  [[nodiscard]] std::optional<std::string> why_not(std::string_view name) const;
  /// Begins one of what is stored at this place in the order. Requires: !why_not(name).
  void begin(std::string_view name);
  /// Answers the client's command of this ticket when the one that has begun is there, or has
  /// failed.
  void tell(Conversation& client, std::uint32_t ticket);
  /// The client waits no longer: its command is answered.
  void forget(const Conversation& client) noexcept;

  /// Call it in every turn, and every few milliseconds while busy().
  void step();
  [[nodiscard]] bool busy() const noexcept { return writer_ != nullptr; }

  /// When the latest was there, in seconds since 1970; the start of the server if there was none.
  [[nodiscard]] std::int64_t latest_s() const noexcept { return latest_s_; }

  // ScanConsumer
  [[nodiscard]] bool has_room() const override;
  void on_page(std::size_t worker, std::string_view page, const SharedFrame& frame) override;
  void on_end(std::optional<errc> failure) override;

 private:
  void conclude(const std::string& failure);
  void answer(std::string encoded);

  Coordinator& coordinator_;
  StoreScans& scans_;
  LogSink log_;
  std::filesystem::path folder_;
  std::filesystem::path target_;
  std::unique_ptr<SnapshotWriter> writer_;  // while one is being made
  StoreScan* scan_ = nullptr;               // until all pages have come
  Coordinator::Clock::time_point begun_;
  Conversation* client_ = nullptr;  // who waits
  std::uint32_t ticket_ = 0;
  std::int64_t latest_s_;
};

}  // namespace pkv

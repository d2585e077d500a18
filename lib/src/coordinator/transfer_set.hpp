#pragma once

#include "coordinator/copy_budget.hpp"
#include "coordinator/copy_pace.hpp"
#include "coordinator/order_port.hpp"
#include "coordinator/placement_change.hpp"
#include "coordinator/transfer.hpp"
#include "wire/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace pkv {

/// The copying and erasing under way, by the numbers that Placement has given them.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: must outlive the queues that answer to it. `port` must outlive it.
class TransferSet {
 public:
  struct Settings {
    CopyBudget::Settings budget{};
    /// Patient: a source that fails for long is found unusable in other ways.
    CopySettings pace{.most_failures = 1'000};
  };

  TransferSet(OrderPort& port, const Settings& settings);

  /// Carries out the plan. If it continues a transfer, that one must be known still, and must be
  /// ended before the next operation is ordered.
  void start(PlannedTransfer plan);
  void end(std::uint32_t transfer);
  void erase(Drop drop);
  /// What is being erased at the worker went with its process.
  void forget_erasing(WorkerIndex worker);

  /// A write was ordered on a key that the transfer covers.
  void on_write(std::uint32_t transfer, const wire::Operation& operation, std::uint64_t sequence);
  /// Opcode::clear was ordered everywhere.
  void on_clear();
  /// Whether writes that the worker is to be filled with may be ordered.
  [[nodiscard]] bool has_room(std::size_t worker) const noexcept {
    return transfers_.empty() || has_room_for_held(worker);
  }

  /// Whether writes that a worker is to be filled with have to wait, whatever room there is: so
  /// that all will be answered soon.
  void keep_writes_waiting(bool waiting) noexcept { writes_wait_ = waiting; }
  /// Every transfer is complete, and all that it sent has been answered well.
  [[nodiscard]] bool settled() const noexcept;

  /// Whether clients are busy, to whom copying gives way then.
  void give_way(bool to_clients) noexcept { budget_.give_way(to_clients); }
  /// Goes on with whatever can go on. Call it once a turn, and every few milliseconds.
  void step();
  /// Nothing to do, now or later.
  [[nodiscard]] bool idle() const noexcept {
    return transfers_.empty() && erasers_.empty() && ended_.empty() && ended_erasers_.empty();
  }

  /// What has come to an end. Each is told once.
  struct News {
    struct Complete {
      std::uint32_t transfer;
      WorkerIndex destination;
    };
    /// Still in the set, and passing writes on: end() them.
    std::vector<Complete> complete;
    std::vector<std::uint32_t> erased;  ///< Drops.
    /// Transfers that have given up. The routes stay as they are: what they should have moved is
    /// served from where it was.
    struct Failed {
      std::uint32_t transfer;
      WorkerIndex source;
      WorkerIndex destination;
      errc why;
    };
    std::vector<Failed> failed;
    /// Workers that do not agree with other holders any more, and must not be used.
    std::vector<WorkerIndex> unusable;
  };
  [[nodiscard]] News take_news();

  /// How far the filling of a worker is, over all its transfers; nothing if there is none.
  [[nodiscard]] std::optional<TransferProgress> progress(WorkerIndex worker) const;

 private:
  struct Erasing {
    WorkerIndex worker;
    std::unique_ptr<Eraser> eraser;
  };

  [[nodiscard]] bool has_room_for_held(std::size_t worker) const noexcept;

  OrderPort& port_;
  CopySettings pace_;
  CopyBudget budget_;
  std::map<std::uint32_t, std::shared_ptr<Transfer>> transfers_;
  std::map<std::uint32_t, Erasing> erasers_;
  // Kept until their last answers are in.
  std::vector<std::shared_ptr<Transfer>> ended_;
  std::vector<std::unique_ptr<Eraser>> ended_erasers_;
  std::vector<WorkerIndex> unusable_;
  std::set<std::uint32_t> failed_;  // transfers whose failure has been told
  bool writes_wait_ = false;
};

}  // namespace pkv

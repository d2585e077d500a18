#pragma once

#include "pkv/errc.hpp"

#include "coordinator/copy_budget.hpp"
#include "coordinator/copy_pace.hpp"
#include "coordinator/eraser.hpp"
#include "coordinator/held_writes.hpp"
#include "coordinator/order_port.hpp"
#include "coordinator/page_size.hpp"
#include "coordinator/reply_receiver.hpp"
#include "coordinator/transfer_plan.hpp"
#include "wire/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace pkv {

/// Copies the entries of some ranges of the ring from a worker that holds them to one that shall,
/// while clients go on writing them.
///
/// Everything is done by operations in the one order of all operations. Entries are copied in pages
/// by rising scan position, up to a frontier. Below it the destination is up to date and gets every
/// write that the source gets; above it the destination has nothing and gets nothing. Writes into
/// the page that is being fetched are held until it has come: they follow it to the destination if
/// they are below the new frontier, and are dropped if not, as the next page contains what they
/// did. So, below the frontier, both workers have the same entries at the same place in the order,
/// and increments, deletions and the like need no special care.
///
/// The owner calls on_write() and on_clear() as it orders those operations, and step() after every
/// collect() and every few milliseconds; only step() begins places in the order. Once complete(),
/// the destination is a holder as of the next command. Where the source is lost, other holders take
/// its place, by transfers that continue this one. One that is over is kept and stepped until it is
/// idle().
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: must be destroyed idle(), or after the queues that it waits for. What it is given by
/// reference must outlive it.
/// Errors: a page that fails at the source is asked for again after a pause. When the destination
/// fails to take in a page or a write, its entries are erased and copied anew. After too many
/// failures failure() says why; then it only waits to be cancelled.
class Transfer final : public ReplyReceiver {
 public:
  Transfer(OrderPort& port, CopyBudget& budget, const CopySettings& settings, TransferPlan plan);
  /// Takes over a part of the ranges of `predecessor`, from where that one is. Make all that take
  /// over from it, and cancel it, before the next operation is ordered.
  Transfer(OrderPort& port, CopyBudget& budget, const CopySettings& settings, TransferPlan plan,
           std::shared_ptr<const Transfer> predecessor);

  /// Whether a write at this scan position may be ordered. If not, it may be after some turns.
  [[nodiscard]] bool has_room(std::uint64_t scan_position) const noexcept {
    return scan_position < frontier_ || scan_position >= page_end_ ||
           held_.bytes() < settings_.most_held_bytes;
  }
  /// To be told of every write to a key in the ranges, when it is ordered. `sequence` is its place.
  void on_write(std::uint64_t scan_position, const wire::Operation& operation,
                std::uint64_t sequence) {
    if (scan_position < frontier_)
      pass_on(operation, sequence);
    else if (scan_position < page_end_)
      hold(scan_position, operation, sequence);
  }
  /// Opcode::clear is being ordered, by the caller, at source and destination. It leaves both
  /// empty: so nothing is left to be copied.
  void on_clear();
  /// The destination is lost, or has no need of the entries any more.
  void cancel();
  void step();

  /// The destination has all entries, and gets all writes.
  [[nodiscard]] bool complete() const noexcept { return stage_ == Stage::complete; }
  /// Why it has given up.
  [[nodiscard]] std::optional<errc> failure() const noexcept { return failure_; }
  /// After complete(): why a write passed on before has failed at the destination, which therefore
  /// disagrees with the source. To be looked at until idle().
  [[nodiscard]] std::optional<errc> divergence() const noexcept;
  /// Nothing is under way, or will be.
  [[nodiscard]] bool idle() const noexcept;

  [[nodiscard]] TransferProgress progress() const noexcept;
  [[nodiscard]] const TransferPlan& plan() const noexcept { return plan_; }
  /// Entries with scan positions below are at the destination, or on their way.
  [[nodiscard]] std::uint64_t frontier() const noexcept { return frontier_; }

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  enum class Stage { erasing, ready, defining, fetching, fetched, complete, failed, cancelled };
  /// What a reply answers.
  enum class Part : std::uint32_t { definition, page, intake, write, removal };

  [[nodiscard]] bool at_work() const noexcept { return stage_ < Stage::complete; }
  [[nodiscard]] bool settled() const noexcept;
  [[nodiscard]] std::optional<errc> inherited_fault() const noexcept;
  [[nodiscard]] bool waits_for_predecessor();

  void pass_on(const wire::Operation& operation, std::uint64_t sequence);
  void hold(std::uint64_t scan_position, const wire::Operation& operation, std::uint64_t sequence);
  void ask(std::size_t worker, wire::Opcode opcode, std::string_view value, Part part,
           std::uint32_t round);
  void proceed();
  void define();
  void fetch_page();
  void deliver_page();
  void remove_set();

  void on_source_reply(Part part, const wire::WireReply& reply, const SharedFrame& frame);
  void on_destination_reply(Part part, const wire::WireReply& reply);
  void forget_page();
  void forget_destination();
  void retry(errc error);
  void start_over(errc error);
  void fail(errc error);
  void end(Stage stage);

  OrderPort& port_;
  CopyBudget& budget_;
  const CopySettings& settings_;
  TransferPlan plan_;
  std::shared_ptr<const Transfer> predecessor_;
  Eraser eraser_;
  CopyPace pace_;
  PageSize page_size_;

  Stage stage_ = Stage::ready;
  std::uint64_t frontier_ = 0;
  std::uint64_t page_end_ = 0;  // while a page is fetched: where it ends at the latest, else 0
  HeldWrites held_;
  SharedFrame page_frame_;
  std::string_view page_;  // what has been fetched, in page_frame_
  std::optional<CopyBudget::Page> permission_;
  OrderPort::Clock::time_point asked_at_{};
  bool defined_ = false;        // the source knows the ranges
  bool to_be_removed_ = false;  // it may know them, and has not been told to forget them
  bool taking_in_ = false;      // a page has been sent to the destination
  TransferProgress progress_;
  std::uint32_t starts_over_ = 0;
  std::optional<errc> failure_;
  std::optional<errc> late_fault_;  // of the destination, after the end

  // Answers to what was asked in earlier rounds are ignored.
  std::uint32_t source_round_ = 0;
  std::uint32_t destination_round_ = 0;
  std::size_t unanswered_ = 0;
};

}  // namespace pkv

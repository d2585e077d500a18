#pragma once

#include "pkv/errc.hpp"

#include "base/byte_buffer.hpp"
#include "coordinator/copy_budget.hpp"
#include "coordinator/copy_pace.hpp"
#include "coordinator/order_port.hpp"
#include "coordinator/reply_receiver.hpp"
#include "coordinator/transfer_plan.hpp"
#include "wire/operation.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace pkv {

/// Erases a worker's entries in some ranges of the ring, page after page, because the worker does
/// not hold these ranges, or not any more.
///
/// Call start(), then step() after every collect() and every few milliseconds; only step() begins
/// places in the order. It is over when done() or failure() says so, and may be destroyed once it
/// is idle(); step() has to be called until then.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: must be destroyed idle(), or after the queues that it waits for. What it is given by
/// reference must outlive it.
/// Errors: a page that fails is tried again after a pause, CopySettings::most_failures times in a
/// row.
class Eraser final : public ReplyReceiver {
 public:
  /// `set` must be a number that nothing else uses on this worker at the time.
  Eraser(OrderPort& port, CopyBudget& budget, const CopySettings& settings, std::uint32_t set,
         std::size_t worker, std::shared_ptr<const RingRanges> ranges);

  /// Begins, or begins anew.
  void start();
  /// Nothing more is erased after what has been ordered already.
  void stop();
  void step();

  [[nodiscard]] bool done() const noexcept { return stage_ == Stage::done; }
  /// Why it has given up.
  [[nodiscard]] std::optional<errc> failure() const noexcept { return failure_; }
  [[nodiscard]] std::uint64_t erased() const noexcept { return erased_; }
  /// Nothing is under way, or will be.
  [[nodiscard]] bool idle() const noexcept;

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  enum class Stage { stopped, ready, defining, erasing, done };
  enum class Part : std::uint32_t { definition, page, removal };

  [[nodiscard]] bool at_work() const noexcept;
  void proceed();
  void define();
  void erase_page();
  void ask(wire::Opcode opcode, std::string_view value, Part part);
  void take_page(const wire::WireReply& reply);
  void fail(errc error);

  OrderPort& port_;
  CopyBudget& budget_;
  const CopySettings& settings_;
  std::uint32_t set_;
  std::size_t worker_;
  std::shared_ptr<const RingRanges> ranges_;
  CopyPace pace_;

  Stage stage_ = Stage::stopped;
  std::optional<errc> failure_;
  bool defined_ = false;        // the worker knows the set
  bool to_be_removed_ = false;  // it may know it, and has not been told to forget it
  std::uint64_t next_ = 0;
  std::uint64_t erased_ = 0;
  std::optional<CopyBudget::Page> page_;
  std::uint32_t round_ = 0;  // answers to what was asked in earlier rounds are ignored
  std::size_t unanswered_ = 0;
};

/// The value of Opcode::define_ranges. Without ranges, the worker forgets the set.
[[nodiscard]] ByteBuffer encoded_definition(std::uint32_t set, const RingRanges& ranges);

}  // namespace pkv

#pragma once

#include "pkv/errc.hpp"

#include "coordinator/coordinator.hpp"
#include "coordinator/copy_budget.hpp"
#include "coordinator/copy_pace.hpp"
#include "coordinator/reply_receiver.hpp"
#include "coordinator/shared_frame.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace pkv {

/// Whoever takes what a scan finds. None of these may begin a place in the order.
class ScanConsumer {
 public:
  /// Whether a further page may be asked for; with false it is asked again in the next turns.
  [[nodiscard]] virtual bool has_room() const = 0;
  /// A page of the entries of one worker, as wire/copying.hpp describes it, checked. It points into
  /// `frame`: keep a copy of that to keep the page. A worker's pages come by rising scan position.
  virtual void on_page(std::size_t worker, std::string_view page, const SharedFrame& frame) = 0;
  /// The scan is over: everything has come, or why not.
  virtual void on_end(std::optional<errc> failure) = 0;

 protected:
  ~ScanConsumer() = default;
};

/// Reads all entries of the store, each once, as they were at one place in the order, while clients
/// go on: by views (worker/store_view.hpp) at the nodes, each of the keys of which it is the first
/// holder.
///
/// Call begin() once, then step() in every turn. The nodes are read side by side, a page at a time
/// from each, as fast as the consumer takes them and clients let them pass.
///
/// Thread safety: none; lives on the I/O thread.
/// Lifetime: must be destroyed idle(), or after the coordinator. `budget` and the consumer must
/// outlive it, the consumer up to on_end() or stop().
/// Errors: errc::node_down when a node is lost that is being read or nobody holds some of the keys;
/// errc::view_lost when more was written meanwhile than the nodes save, or the consumer had no room
/// for too long; else what a node answers again and again.
class StoreScan final : public ReplyReceiver {
 public:
  /// `number` names the views, so no other scan may have it. `settings` say how large pages are and
  /// how failures are taken.
  StoreScan(Coordinator& coordinator, CopyBudget& budget, const CopySettings& settings,
            std::uint32_t number, ScanConsumer& consumer);

  /// Takes a place in the order: what is read is what was there then. on_end() may come at once.
  /// Throws std::bad_alloc, and nothing has begun.
  void begin();
  void step();
  /// The consumer wants nothing more, and is not told anything more.
  void stop();

  /// It is over, and nothing is under way, or will be.
  [[nodiscard]] bool idle() const noexcept {
    return consumer_ == nullptr && unanswered_ == 0 && !views_open_;
  }

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  enum class Stage : std::uint8_t { opening, ready, asked, done };

  /// A node that is being read.
  struct Source {
    std::size_t worker;
    std::uint32_t epoch;
    CopyPace pace;
    Stage stage = Stage::opening;
    std::uint64_t next = 0;  ///< Where its next page begins.
    std::optional<CopyBudget::Page> permission{};
  };

  [[nodiscard]] bool lets_pass(Source& source) noexcept;
  void ask(Source& source, std::uint32_t part);
  void take(Source& source, const wire::WireReply& reply, const SharedFrame& frame);
  void retry(Source& source, errc error);
  void end(std::optional<errc> failure);
  void close_views();

  Coordinator& coordinator_;
  CopyBudget& budget_;
  const CopySettings& settings_;
  std::uint32_t number_;
  ScanConsumer* consumer_;  // none once it is over
  std::vector<Source> sources_;
  std::size_t unanswered_ = 0;
  bool large_pages_ = false;  // the latest page was much larger than asked for
  bool views_open_ = false;
};

}  // namespace pkv

#pragma once

#include "coordinator/gather.hpp"
#include "coordinator/shared_frame.hpp"
#include "protocol/command_table.hpp"
#include "wire/wire_reply.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace pkv {

/// The answers that one client waits for, in the order of its commands.
///
/// A ring of entries, grown by doubling; an entry's ticket is its running number, so it stays valid
/// while the ring grows. Answers that come out of turn wait here for those before them.
///
/// Thread safety: none; lives on the I/O thread.
class ReplyLine {
 public:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    enum class State : std::uint8_t {
      waiting,   ///< Nothing, or not all parts, yet.
      reply,     ///< One worker's answer, in `reply` and `frame`.
      gathered,  ///< All parts are in `gather`.
      encoded,   ///< Ready bytes, in `encoded`.
      written,   ///< In the output already.
    };
    State state = State::waiting;
    std::optional<CommandKind> kind;  ///< None for what is no command.
    Clock::time_point started;
    wire::WireReply reply;
    SharedFrame frame;
    std::unique_ptr<Gather> gather;
    std::string encoded;
  };

  /// Tickets count up from the given one.
  explicit ReplyLine(std::uint32_t first_ticket = 0) : head_(first_ticket), tail_(first_ticket) {}

  [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
  [[nodiscard]] std::size_t size() const noexcept { return tail_ - head_; }

  /// Adds an entry at the end and returns its ticket.
  std::uint32_t add(std::optional<CommandKind> kind, Clock::time_point started) {
    if (size() == capacity_) grow();
    Entry& entry = (*this)[tail_];
    entry.state = Entry::State::waiting;
    entry.kind = kind;
    entry.started = started;
    return tail_++;
  }

  [[nodiscard]] Entry& operator[](std::uint32_t ticket) noexcept {
    return entries_[ticket & (capacity_ - 1)];
  }
  /// The oldest entry. Requires: !empty().
  [[nodiscard]] Entry& front() noexcept { return (*this)[head_]; }
  [[nodiscard]] bool is_front(std::uint32_t ticket) const noexcept { return ticket == head_; }
  void pop_front() noexcept { ++head_; }

 private:
  // Apart, so that add() is small enough to be inlined.
  [[gnu::noinline]] void grow() {
    const std::uint32_t capacity = capacity_ == 0 ? 8 : 2 * capacity_;
    auto grown = std::make_unique<Entry[]>(capacity);
    for (std::uint32_t ticket = head_; ticket != tail_; ++ticket)
      grown[ticket & (capacity - 1)] = std::move((*this)[ticket]);
    entries_ = std::move(grown);
    capacity_ = capacity;
  }

  std::unique_ptr<Entry[]> entries_;
  std::uint32_t capacity_ = 0;  // a power of two, so that tickets may wrap round
  std::uint32_t head_;
  std::uint32_t tail_;
};

}  // namespace pkv

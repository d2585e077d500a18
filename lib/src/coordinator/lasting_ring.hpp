#pragma once

#include "pkv/ring.hpp"
#include "pkv/ring_note.hpp"

#include "coordinator/coordinator.hpp"
#include "coordinator/reply_receiver.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace pkv {

/// What is noted beside the nodes' files of the ring that their entries are spread by, so that a
/// later server finds all of them, whenever the processes of this one are killed.
///
/// Before a change of the ring moves anything, it is noted that files may get entries that are not
/// their nodes' (begin()). From there on the holders of before keep all that they have, and get
/// every write (Placement::hold()): the ring that is noted stays true. When the others have all
/// entries, and these are on the disk, writes to them wait for the moment that it takes to be
/// answered; then everything acknowledged is with both, the new ring is noted (may_exchange(),
/// exchange()), and only after that holders are exchanged and erased. When nothing is left to be
/// erased, and that is on the disk too, the files are noted to be clean.
///
/// Thread safety: none; lives on the I/O thread. Lifetime: the coordinator must outlive it.
/// Errors: what cannot be noted is not done; whoever notes says why.
class LastingRing final : public ReplyReceiver {
 public:
  /// Returns when the note is on the disk; false if it cannot be. Empty: nothing is noted.
  using Note = std::function<bool(const RingNote&)>;

  LastingRing(Coordinator& coordinator, Note note);

  /// A change is under way: this is the ring that is noted, and is to be found by a later server.
  [[nodiscard]] const std::optional<Ring>& noted() const noexcept { return noted_; }
  [[nodiscard]] bool changing() const noexcept { return noted_.has_value(); }
  /// Files may have entries that are not their nodes'.
  [[nodiscard]] bool has_leftovers() const noexcept { return leftovers_; }

  /// To be called before a change of the ring, also if another one is under way. False if it cannot
  /// be noted; then the ring must not be changed.
  [[nodiscard]] bool begin();
  /// The change needs further copying.
  void start_over() noexcept;
  /// Goes on with the change. True if holders may be exchanged, now.
  [[nodiscard]] bool may_exchange(const std::vector<std::size_t>& workers);
  /// Notes the coordinator's ring. False if it cannot be noted: to be tried again later.
  [[nodiscard]] bool exchange();
  /// Ends the change without it. To be followed by what makes the ring the one that was noted.
  void abandon() noexcept;

  /// Files may have such entries from before, or a worker has some that are being erased from here
  /// on without a drop.
  void note_leftovers() noexcept;
  /// Nothing of them is left in memory's view: sees to it that nothing is left on the disk, and
  /// notes that. To be called until has_leftovers() is false. Requires: no change is under way.
  void clean(const std::vector<std::size_t>& workers);

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame& frame) override;
  void on_room() override {}

 private:
  using Clock = Coordinator::Clock;

  /// What has been asked of the nodes: to bring to the disk what they have.
  enum class Disk : std::uint8_t { not_asked, asked, done };

  [[nodiscard]] bool is_on_disk(const std::vector<std::size_t>& workers);
  void rest();

  Coordinator& coordinator_;
  Note note_;
  std::optional<Ring> noted_;
  bool leftovers_ = false;
  std::uint64_t leftovers_until_ = 0;  ///< What erases them has this place in the order at most.
  Disk disk_ = Disk::not_asked;
  bool failed_ = false;
  std::uint32_t round_ = 0;  ///< Answers to what was asked in earlier rounds are ignored.
  std::size_t unanswered_ = 0;
  std::optional<Clock::time_point> writes_wait_since_;
  Clock::time_point rests_until_{};
};

}  // namespace pkv

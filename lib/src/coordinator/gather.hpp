#pragma once

#include "pkv/reply.hpp"

#include "coordinator/output_queue.hpp"
#include "coordinator/shared_frame.hpp"
#include "coordinator/worker_list.hpp"
#include "wire/wire_reply.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pkv {

/// Makes one reply of the parts of a command that several workers, or one worker several times,
/// have run. The subclasses say how the parts are put together. If a part failed, its error is the
/// reply; only what a node did not answer because it was lost can be left out.
///
/// Thread safety: none; lives on the I/O thread.
class Gather {
 public:
  /// What becomes of the command when a node is lost that has to run a part of it.
  enum class LostNode { fails_command, is_left_out };

  explicit Gather(std::size_t parts, LostNode lost_node = LostNode::fails_command)
      : missing_(parts), lost_node_(lost_node) {}
  Gather(const Gather&) = delete;
  Gather& operator=(const Gather&) = delete;
  virtual ~Gather() = default;

  /// Takes one part. Returns whether it was the last.
  bool add(std::uint32_t part, const wire::WireReply& reply, const SharedFrame& frame);

  /// Bytes of the values that wait here for the other parts.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return held_bytes_; }

  /// Appends the reply. Requires: the last part is there.
  void write(OutputQueue& to) const;

 protected:
  /// Takes a part that did not fail.
  virtual void take(std::uint32_t part, const wire::WireReply& reply, const SharedFrame& frame) = 0;
  /// Appends the reply of a command of which no part failed.
  virtual void write_result(OutputQueue& to) const = 0;

 private:
  std::size_t missing_;
  LostNode lost_node_;
  std::size_t held_bytes_ = 0;
  std::optional<wire::WireReply> error_;
};

/// OK when all parts are (MSET, FLUSHALL).
class GatherOk final : public Gather {
 public:
  using Gather::Gather;

 private:
  void take(std::uint32_t, const wire::WireReply&, const SharedFrame&) override {}
  void write_result(OutputQueue& to) const override;
};

/// The sum of the parts' integers (DEL, EXISTS).
class GatherSum final : public Gather {
 public:
  using Gather::Gather;

 private:
  void take(std::uint32_t, const wire::WireReply& reply, const SharedFrame&) override {
    sum_ += reply.integer;
  }
  void write_result(OutputQueue& to) const override;

  std::int64_t sum_ = 0;
};

/// An error if there is a key, and nil if not: as Redis has it where a mistake is found only in
/// what is to be done with the key (GETEX). Its part is Opcode::exists.
class GatherMistake final : public Gather {
 public:
  explicit GatherMistake(std::string error) : Gather(1), error_(std::move(error)) {}

 private:
  void take(std::uint32_t, const wire::WireReply& reply, const SharedFrame&) override {
    found_ = reply.integer != 0;
  }
  void write_result(OutputQueue& to) const override;

  std::string error_;
  bool found_ = false;
};

/// An array of the parts (MGET).
class GatherArray final : public Gather {
 public:
  explicit GatherArray(std::size_t parts) : Gather(parts), parts_(parts) {}

 private:
  struct Part {
    wire::WireReply reply;
    SharedFrame frame;
  };
  void take(std::uint32_t part, const wire::WireReply& reply, const SharedFrame& frame) override {
    parts_[part] = {reply, frame};
  }
  void write_result(OutputQueue& to) const override;

  std::vector<Part> parts_;
};

/// An array of what each holder of a key has (COPIES), but for those that are lost while they are
/// asked. Part w is worker w's.
class GatherCopies final : public Gather {
 public:
  explicit GatherCopies(const WorkerList& holders)
      : Gather(holders.size(), LostNode::is_left_out), holders_(holders) {}

 private:
  void take(std::uint32_t part, const wire::WireReply& reply, const SharedFrame& frame) override;
  void write_result(OutputQueue& to) const override;

  WorkerList holders_;
  std::array<bool, max_replicas> answered_{};  // in the holders' order, as the others
  std::array<wire::WireReply, max_replicas> replies_;
  std::array<SharedFrame, max_replicas> frames_;
};

/// A Reply made of one value per node (NODES, INFO).
class GatherNodes final : public Gather {
 public:
  using Compose = std::function<Reply(const std::vector<std::string>& values)>;
  /// `values` has a place for each of `nodes`; those that are not asked, or lost, leave it empty.
  GatherNodes(std::size_t nodes, std::size_t parts, Compose compose)
      : Gather(parts, LostNode::is_left_out), values_(nodes), compose_(std::move(compose)) {}

 private:
  void take(std::uint32_t part, const wire::WireReply& reply, const SharedFrame&) override {
    values_[part] = reply.value;
  }
  void write_result(OutputQueue& to) const override;

  std::vector<std::string> values_;
  Compose compose_;
};

}  // namespace pkv

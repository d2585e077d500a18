#pragma once

#include "load/insert_sequence.hpp"
#include "load/key_chooser.hpp"
#include "load/operation.hpp"
#include "load/random.hpp"

#include <cstddef>
#include <cstdint>

namespace pkv::bench {

/// The operations of one thread, one after the other.
///
/// Thread safety: none.
class Workload {
 public:
  virtual ~Workload() = default;

  [[nodiscard]] virtual Operation next() = 0;

  /// What became of an operation that next() returned.
  virtual void finished(const Operation& operation, bool succeeded) = 0;
};

/// Inserts each key of a range once: fills the store. Requires that no more operations are taken
/// than there are keys.
class LoadWorkload final : public Workload {
 public:
  explicit LoadWorkload(std::uint64_t first_key) noexcept : next_key_(first_key) {}

  Operation next() override { return {.kind = Kind::insert, .key = next_key_++}; }
  void finished(const Operation&, bool) override {}

 private:
  std::uint64_t next_key_;
};

/// How often each kind occurs, relative to the others.
using Shares = PerKind<double>;

/// What a MixedWorkload is made of; the same for all threads.
struct MixSettings {
  Shares shares{};
  Distribution distribution = Distribution::uniform;
  double theta = 0.99;
  std::uint64_t records = 1;  ///< Keys 0 to records - 1 are there.
  std::uint64_t seed = 1;
};

/// Chooses kinds and keys at random.
class MixedWorkload final : public Workload {
 public:
  /// Requires: a share is above 0. `thread` counts from 0.
  MixedWorkload(const MixSettings& settings, std::size_t thread, std::size_t threads);

  Operation next() override;
  void finished(const Operation& operation, bool succeeded) override;

 private:
  [[nodiscard]] Kind choose_kind() noexcept;

  Random random_;
  KeyChooser keys_;
  InsertSequence inserts_;
  Shares limits_{};  // a number below limits_[k], and not below limits_[k - 1], stands for kind k
};

}  // namespace pkv::bench

#pragma once

#include "load/insert_sequence.hpp"
#include "load/random.hpp"
#include "load/zipf.hpp"

#include <cstdint>
#include <variant>

namespace pkv::bench {

enum class Distribution {
  uniform,  ///< Every loaded key is equally likely.
  zipf,     ///< Some loaded keys are far more popular than others, and lie anywhere.
  latest,   ///< The more recently a key was inserted the more popular it is; Zipf's law again.
};

struct UniformKeys {
  std::uint64_t records;

  [[nodiscard]] std::uint64_t choose(Random& random) const noexcept {
    return random.below(records);
  }
};

/// Popular keys are scattered over the key space, as in YCSB's ScrambledZipfianGenerator. That one
/// hashes ranks, so that some keys share several and others have none; here each key has one rank.
class ScatteredZipfKeys {
 public:
  ScatteredZipfKeys(std::uint64_t records, double theta);

  [[nodiscard]] std::uint64_t choose(Random& random) const noexcept {
    return key_of(zipf_.choose(random));
  }
  /// A permutation of the numbers below `records`.
  [[nodiscard]] std::uint64_t key_of(std::uint64_t rank) const noexcept {
    return (rank + 1) * step_ % zipf_.items();
  }

 private:
  Zipf zipf_;
  std::uint64_t step_;  // without a common divisor with the number of keys
};

/// The keys that this thread inserted, the latest first, then the loaded ones, the last first.
class LatestKeys {
 public:
  LatestKeys(std::uint64_t records, double theta) : records_(records), zipf_(records, theta) {}

  [[nodiscard]] std::uint64_t choose(Random& random, const InsertSequence& inserts) {
    const std::uint64_t inserted = inserts.readable();
    zipf_.grow_to(records_ + inserted);
    const std::uint64_t age = zipf_.choose(random);
    if (age < inserted) return inserts.key_at(inserted - 1 - age);
    return records_ - 1 - (age - inserted);
  }

 private:
  std::uint64_t records_;
  Zipf zipf_;
};

/// Chooses keys that exist, by one of the distributions.
///
/// Thread safety: none.
class KeyChooser {
 public:
  /// Requires: 0 < records <= most_records, 0 < theta < 1.
  KeyChooser(Distribution distribution, std::uint64_t records, double theta);

  [[nodiscard]] std::uint64_t choose(Random& random, const InsertSequence& inserts);

 private:
  std::variant<UniformKeys, ScatteredZipfKeys, LatestKeys> keys_;
};

/// So that ScatteredZipfKeys can multiply two of them.
inline constexpr std::uint64_t most_records = 4'000'000'000;

}  // namespace pkv::bench

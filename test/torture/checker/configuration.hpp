#pragma once

#include "torture/checker/slot_set.hpp"
#include "torture/checker/value.hpp"

#include <cstddef>
#include <cstdint>

namespace pkv::torture {

/// What is left of an order of operations, once it was chosen: two orders with the same
/// configuration can be continued in the same ways.
struct Configuration {
  Value value;
  /// The operations under way that have taken place.
  SlotSet done;
  /// Puts under way that have not, but may at once and without an effect: there was a moment for
  /// them just before another put.
  SlotSet hidden;
  /// The value has made no difference to any answer yet, and need not have been there.
  bool is_unseen = false;
};

/// Stands for a configuration at an event. That two of some millions have the same is less likely
/// than that memory fails.
struct Fingerprint {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  Fingerprint(std::size_t event, const Configuration& at) noexcept {
    for (const std::uint64_t part :
         {std::uint64_t{event}, at.value.content, at.value.length, std::uint64_t{at.value.is_there},
          at.done.hash(), at.hidden.hash(), std::uint64_t{at.is_unseen}}) {
      first = spread(first + part + 0x9e3779b97f4a7c15);
      second = spread(second ^ (part + 0xd1b54a32d192ed03));
    }
  }

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

struct FingerprintHash {
  [[nodiscard]] std::size_t operator()(const Fingerprint& of) const noexcept { return of.first; }
};

}  // namespace pkv::torture

#pragma once

#include "base/latency_histogram.hpp"
#include "load/operation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::bench {

/// Faults by their text: how often each occurred. Texts beyond the first dozens count together.
class Faults {
 public:
  void add(std::string_view text, std::uint64_t times = 1);
  void merge(const Faults& other);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& by_text() const noexcept {
    return by_text_;
  }

 private:
  std::map<std::string, std::uint64_t, std::less<>> by_text_;
  std::uint64_t count_ = 0;
};

/// Mismatches that are described.
inline constexpr std::size_t most_samples = 5;

/// What one thread, or all together, saw in a phase.
///
/// Thread safety: none; each thread has its own until they are merged.
struct Tally {
  PerKind<LatencyHistogram> latencies;  ///< Of operations that succeeded.
  Faults errors;                        ///< Operations that the server refused, or that were lost.
  std::uint64_t mismatches = 0;         ///< Answers other than what was written.
  std::vector<std::string> samples;     ///< The first mismatches, for people.
  std::uint64_t missing = 0;            ///< Reads that found nothing, where that is allowed.
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t unsent = 0;      ///< Due in the open loop, but never sent.
  LatencyHistogram send_delays;  ///< How late the generator was in the open loop, by its own fault.
  std::chrono::microseconds processor_time{0};  ///< Of the generator's threads.
  std::chrono::steady_clock::time_point last_answer{};
  bool all_connections_lost = false;

  void merge(const Tally& other);

  [[nodiscard]] LatencyHistogram all_latencies() const noexcept;
  [[nodiscard]] std::uint64_t succeeded() const noexcept;
};

}  // namespace pkv::bench

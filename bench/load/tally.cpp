#include "load/tally.hpp"

#include <algorithm>

namespace pkv::bench {
namespace {

constexpr std::size_t most_texts = 32;
constexpr std::string_view all_others = "(others)";

}  // namespace

void Faults::add(std::string_view text, std::uint64_t times) {
  count_ += times;
  auto found = by_text_.find(text);
  if (found == by_text_.end()) {
    const bool is_full = by_text_.size() >= most_texts && text != all_others;
    found = by_text_.emplace(is_full ? all_others : text, 0).first;
  }
  found->second += times;
}

void Faults::merge(const Faults& other) {
  for (const auto& [text, times] : other.by_text_)
    add(text, times);
}

void Tally::merge(const Tally& other) {
  for (std::size_t i = 0; i < latencies.size(); ++i)
    latencies[i].merge(other.latencies[i]);
  errors.merge(other.errors);
  mismatches += other.mismatches;
  for (const std::string& sample : other.samples)
    if (samples.size() < most_samples) samples.push_back(sample);
  missing += other.missing;
  sent_bytes += other.sent_bytes;
  received_bytes += other.received_bytes;
  unsent += other.unsent;
  send_delays.merge(other.send_delays);
  processor_time += other.processor_time;
  last_answer = std::max(last_answer, other.last_answer);
  all_connections_lost = all_connections_lost || other.all_connections_lost;
}

LatencyHistogram Tally::all_latencies() const noexcept {
  LatencyHistogram all;
  for (const LatencyHistogram& histogram : latencies)
    all.merge(histogram);
  return all;
}

std::uint64_t Tally::succeeded() const noexcept {
  std::uint64_t count = 0;
  for (const LatencyHistogram& histogram : latencies)
    count += histogram.count();
  return count;
}

}  // namespace pkv::bench

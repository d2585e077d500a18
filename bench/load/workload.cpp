#include "load/workload.hpp"

#include <numeric>

namespace pkv::bench {
namespace {

// As in YCSB's workload E.
constexpr std::uint64_t longest_scan = 100;

}  // namespace

MixedWorkload::MixedWorkload(const MixSettings& settings, std::size_t thread, std::size_t threads)
    : random_(settings.seed, thread),
      keys_(settings.distribution, settings.records, settings.theta),
      inserts_(settings.records, thread, threads) {
  std::partial_sum(settings.shares.begin(), settings.shares.end(), limits_.begin());
}

Kind MixedWorkload::choose_kind() noexcept {
  const double point = random_.unit() * limits_.back();
  for (const Kind kind : kinds)
    if (point < limits_[index_of(kind)]) return kind;
  return kinds.back();
}

Operation MixedWorkload::next() {
  const Kind kind = choose_kind();
  if (kind == Kind::insert) return {.kind = kind, .key = inserts_.next()};
  if (kind == Kind::scan)
    return {.kind = kind, .scan_count = static_cast<std::uint8_t>(1 + random_.below(longest_scan))};
  return {.kind = kind, .key = keys_.choose(random_, inserts_)};
}

void MixedWorkload::finished(const Operation& operation, bool succeeded) {
  if (operation.kind == Kind::insert) inserts_.finished(operation.key, succeeded);
}

}  // namespace pkv::bench

#pragma once

#include <array>
#include <string_view>

namespace pkv::bench {

/// A percentile of the reports.
struct Percentile {
  double percent;
  std::string_view name;        ///< For people.
  std::string_view identifier;  ///< For files.
};

inline constexpr std::array<Percentile, 5> reported_percentiles = {{
    {50, "p50", "p50"},
    {90, "p90", "p90"},
    {99, "p99", "p99"},
    {99.9, "p99.9", "p999"},
    {99.99, "p99.99", "p9999"},
}};

}  // namespace pkv::bench

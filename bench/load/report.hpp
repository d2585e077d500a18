#pragma once

#include "load/measurement.hpp"
#include "load/options.hpp"

#include <string>

namespace pkv::bench {

/// What is about to be done, in a few lines.
[[nodiscard]] std::string describe(const Options& options);

/// The figures, for people.
[[nodiscard]] std::string table_of(const Options& options, const Measurement& measurement);

/// What went wrong: errors by their text, mismatches with examples. Empty if nothing did.
[[nodiscard]] std::string faults_of(const Tally& tally);

/// The settings and all figures.
[[nodiscard]] std::string json_of(const Options& options, const Measurement& measurement);

/// A line for each second.
[[nodiscard]] std::string csv_of(const Measurement& measurement);

/// A line for each of many percentiles: the percentile, one in how many operations is slower, and
/// the latency, for all operations and for each kind that there was.
[[nodiscard]] std::string percentiles_csv_of(const Measurement& measurement);

}  // namespace pkv::bench

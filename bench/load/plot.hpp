#pragma once

#include "load/measurement.hpp"

#include <filesystem>
#include <string>

namespace pkv::bench {

/// The path of gnuplot. Throws std::runtime_error if it is not installed.
[[nodiscard]] std::filesystem::path find_gnuplot();

/// Draws latency by percentile, and throughput and latencies over time, into `image`. Throws
/// std::runtime_error if gnuplot fails, after it has said why.
void plot(const std::filesystem::path& gnuplot, const std::filesystem::path& image,
          const std::string& title, const Measurement& measurement);

/// Writes a file. Throws std::runtime_error if that fails.
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace pkv::bench

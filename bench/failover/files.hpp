#pragma once

#include "failover/results.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pkv::failover {

/// Writes phases.csv, nodes.csv (each node in each phase), events.csv, timeline.csv (pieces of 100
/// ms) and samples.csv (each node whenever it was looked at) into the folder, which is made if it
/// is not there. Times count from when the load began. Returns their paths.
///
/// Errors: std::runtime_error.
[[nodiscard]] std::vector<std::filesystem::path> write_csv_files(
    const std::filesystem::path& folder, const Results& results);

/// Has gnuplot make failover.png of the CSV files in the folder. Returns why that failed, or
/// nothing.
[[nodiscard]] std::optional<std::string> draw_image(const std::filesystem::path& folder);

}  // namespace pkv::failover

#pragma once

#include "evaluation/measurement.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace pkv::evaluation {

/// Writes times.csv, runs.csv and nodes.csv, one observation a line, into the folder, which is made
/// if it is not there. Returns their paths.
///
/// Errors: std::runtime_error.
[[nodiscard]] std::vector<std::filesystem::path> write_csv_files(
    const std::filesystem::path& folder, std::span<const Measurement> runs);

/// Has gnuplot make evaluation.png of the CSV files in the folder. Returns why that failed, or
/// nothing.
[[nodiscard]] std::optional<std::string> draw_image(const std::filesystem::path& folder);

}  // namespace pkv::evaluation

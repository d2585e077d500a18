#pragma once

#include "evaluation/measurement.hpp"
#include "evaluation/settings.hpp"

#include <span>
#include <string>

namespace pkv::evaluation {

/// What was run, in a few lines.
[[nodiscard]] std::string describe(const Settings& settings);

/// The figures of all runs, for people.
[[nodiscard]] std::string tables_of(std::span<const Measurement> runs);

}  // namespace pkv::evaluation

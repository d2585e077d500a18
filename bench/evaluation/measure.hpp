#pragma once

#include "evaluation/measurement.hpp"
#include "evaluation/settings.hpp"

namespace pkv::evaluation {

/// Starts a server with `workers` workers on a free port of the loopback interface, loads it,
/// measures it, checks all it holds, and stops it.
///
/// Errors: Failure if an answer is wrong or missing, std::runtime_error if the server does not
/// start or stop as it should.
[[nodiscard]] Measurement measure(const Settings& settings, int workers);

}  // namespace pkv::evaluation

#pragma once

#include "torture/checker/linearizability.hpp"
#include "torture/client.hpp"
#include "torture/fault_injector.hpp"
#include "torture/options.hpp"
#include "torture/server.hpp"
#include "torture/workload.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace pkv::torture {

/// All that a run has found out.
struct RunReport {
  ClientReport clients;  ///< Of all together; without records.
  FaultReport faults;
  FaultCounts wanted;
  std::size_t linearizable = 0;  ///< Histories.
  std::uint64_t steps = 0;       ///< Of the checker.
  std::chrono::duration<double> duration{};
  bool is_interrupted = false;
  /// Why promises were not held, or could not be tried. Empty: all is well.
  std::vector<std::string> failures;
};

/// Lets the clients and the faults loose on the server, then reads all keys once more and checks
/// what everybody saw. Ends the work early when `interrupted` is set.
[[nodiscard]] RunReport run(const Options& options, Server& server,
                            const std::atomic<bool>& interrupted);

/// The report for people.
[[nodiscard]] std::string text_of(const RunReport& report);

}  // namespace pkv::torture

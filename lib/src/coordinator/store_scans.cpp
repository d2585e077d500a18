#include "coordinator/store_scans.hpp"

#include <chrono>

namespace pkv {
namespace {

// As the coordinator looks at it for transfers: some ten thousand commands a second are busy.
constexpr std::chrono::milliseconds scan_pacing_interval{5};
constexpr std::uint64_t most_commands_beside_scan = 50;

}  // namespace

StoreScans::StoreScans(Coordinator& coordinator)
    : coordinator_(coordinator), budget_(coordinator.settings().copying.budget) {}

StoreScan& StoreScans::begin(ScanConsumer& consumer) {
  scans_.push_back(
      std::make_unique<StoreScan>(coordinator_, budget_, settings_, ++last_number_, consumer));
  StoreScan& scan = *scans_.back();
  try {
    scan.begin();
  } catch (...) {
    scans_.pop_back();
    throw;
  }
  coordinator_.ensure_turn_end();
  return scan;
}

void StoreScans::step() {
  if (scans_.empty()) return;
  pace();
  for (const auto& scan : scans_)
    scan->step();
  // After step(), which closes the views of those that are over.
  std::erase_if(scans_, [](const auto& scan) { return scan->idle(); });
}

void StoreScans::pace() {
  const auto now = coordinator_.now();
  if (now - looked_then_ < scan_pacing_interval) return;
  const std::uint64_t commands = coordinator_.statistics().commands;
  budget_.give_way(commands - commands_then_ > most_commands_beside_scan);
  commands_then_ = commands;
  looked_then_ = now;
}

}  // namespace pkv

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pkv::torture {

enum class FaultKind { kill, crash, stop, ring_change };

inline constexpr std::array<std::string_view, 4> fault_names = {"SIGKILL", "SIGSEGV", "SIGSTOP",
                                                                "NODE FAIL and RESTORE"};

/// Something that shall go wrong.
struct Fault {
  FaultKind kind = FaultKind::kill;
  std::chrono::duration<double> due{};  ///< Since the beginning; not before.
  std::uint64_t chance = 0;             ///< Chooses the node.
  std::chrono::milliseconds pause{};    ///< Until a stopped or failed node may come back.
};

struct FaultCounts {
  std::size_t kills = 0;  ///< Of which some are crashes.
  std::size_t stops = 0;
  std::size_t ring_changes = 0;
};

/// All faults of a run, evenly spread over it but for a bit of chance, as the seed says.
[[nodiscard]] std::vector<Fault> make_schedule(const FaultCounts& counts,
                                               std::chrono::duration<double> duration,
                                               std::uint64_t seed);

}  // namespace pkv::torture

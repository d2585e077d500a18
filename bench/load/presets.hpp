#pragma once

#include "load/key_chooser.hpp"
#include "load/workload.hpp"

#include <array>
#include <string_view>

namespace pkv::bench {

/// A workload with a name.
struct Preset {
  std::string_view name;
  std::string_view what;
  Shares shares;  ///< In per cent.
  Distribution distribution;
};

/// The core workloads of YCSB (Cooper, Silberstein, Tam, Ramakrishnan, Sears: "Benchmarking Cloud
/// Serving Systems with YCSB", SoCC 2010), and two that are simpler still.
inline constexpr std::array<Preset, 8> presets = {{
    // read, update, insert, scan, read-modify-write
    {"a", "YCSB A: 50 % reads, 50 % updates", {50, 50, 0, 0, 0}, Distribution::zipf},
    {"b", "YCSB B: 95 % reads, 5 % updates", {95, 5, 0, 0, 0}, Distribution::zipf},
    {"c", "YCSB C: reads only", {100, 0, 0, 0, 0}, Distribution::zipf},
    {"d", "YCSB D: 95 % reads, 5 % inserts", {95, 0, 5, 0, 0}, Distribution::latest},
    {"e", "YCSB E: 95 % scans, 5 % inserts", {0, 0, 5, 95, 0}, Distribution::zipf},
    {"f", "YCSB F: 50 % reads, 50 % read-modify-writes", {50, 0, 0, 0, 50}, Distribution::zipf},
    {"get", "reads only", {100, 0, 0, 0, 0}, Distribution::uniform},
    {"set", "updates only", {0, 100, 0, 0, 0}, Distribution::uniform},
}};

[[nodiscard]] constexpr const Preset* preset_named(std::string_view name) noexcept {
  for (const Preset& preset : presets)
    if (preset.name == name) return &preset;
  return nullptr;
}

[[nodiscard]] constexpr std::string_view name_of(Distribution distribution) noexcept {
  constexpr std::array<std::string_view, 3> names = {"uniform", "zipf", "latest"};
  return names[static_cast<std::size_t>(distribution)];
}

}  // namespace pkv::bench

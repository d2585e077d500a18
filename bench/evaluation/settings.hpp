#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace pkv::evaluation {

/// The four things that clients do, in the order of every table and file.
enum class Kind { create, read, update, erase };

inline constexpr std::array<Kind, 4> kinds = {Kind::create, Kind::read, Kind::update, Kind::erase};

/// What is kept for each Kind; the Kind is the index.
template <class T>
using PerKind = std::array<T, kinds.size()>;

[[nodiscard]] constexpr std::size_t index_of(Kind kind) noexcept {
  return static_cast<std::size_t>(kind);
}

[[nodiscard]] constexpr std::string_view name_of(Kind kind) noexcept {
  constexpr PerKind<std::string_view> names = {"create", "read", "update", "delete"};
  return names[index_of(kind)];
}

/// What to run. The same settings give the same commands, whatever the server does.
struct Settings {
  std::vector<int> workers = {1, 2, 4, 8};  ///< One run each, with as many clients as workers.
  std::size_t operations = 200'000;         ///< Measured operations of a run, all clients together.
  std::size_t keys = 100'000;               ///< Loaded before the measured part of a run.
  std::size_t value_bytes = 100;
  /// Operations that each client has under way. 1: it waits for every answer.
  std::size_t depth = 1;
  /// How often each kind occurs, relative to the others.
  PerKind<unsigned> shares = {25, 40, 25, 10};
  std::uint64_t seed = 1;
  std::filesystem::path output = "evaluation";  ///< Folder for the files.
};

/// Reads the command line. Returns nothing if there is nothing to run, because of --help or a
/// mistake; it has said so then, and set `exit_status`.
[[nodiscard]] std::optional<Settings> parse_settings(int argument_count, char** arguments,
                                                     int& exit_status);

}  // namespace pkv::evaluation

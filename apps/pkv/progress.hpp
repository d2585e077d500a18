#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::cli {

/// One line on standard error that says how far a transfer is, how fast, and how long it will still
/// take; nothing if standard error is not a terminal.
///
/// Thread safety: none.
class Progress {
 public:
  /// `total_bytes` may be unknown, as it is of a pipe.
  Progress(std::string_view name, std::optional<std::uint64_t> total_bytes);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Removes the line.
  ~Progress();

  void add(std::uint64_t bytes);
  /// Begins again.
  void restart(std::optional<std::uint64_t> total_bytes);

 private:
  using Clock = std::chrono::steady_clock;

  void show(Clock::time_point now);

  bool on_terminal_;
  std::string name_;
  std::optional<std::uint64_t> total_bytes_;
  std::uint64_t done_bytes_ = 0;
  Clock::time_point started_at_;
  Clock::time_point shown_at_;
};

/// The line: "name  45 %  460.8 MiB of 1.0 GiB  211.3 MiB/s  0:03 left".
[[nodiscard]] std::string progress_line(std::string_view name, std::uint64_t done_bytes,
                                        std::optional<std::uint64_t> total_bytes,
                                        std::chrono::duration<double> elapsed);

}  // namespace pkv::cli

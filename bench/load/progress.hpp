#pragma once

#include "load/measurement.hpp"

#include <cstdint>
#include <string>

namespace pkv::bench {

/// Shows on standard error how loading proceeds: a bar, if that is a terminal.
///
/// Thread safety: none. Lifetime: the destructor removes the bar.
class ProgressBar {
 public:
  ProgressBar(std::uint64_t total, bool quiet);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar();

  void show(std::uint64_t done);

 private:
  std::uint64_t total_;
  bool enabled_;
};

/// "[######    ] 60 %  600,000 of 1,000,000 records".
[[nodiscard]] std::string bar_of(std::uint64_t done, std::uint64_t total);

/// The line that is printed every second.
[[nodiscard]] std::string line_of(const SecondFigures& figures);

/// A number with commas between groups of three digits.
[[nodiscard]] std::string grouped(std::uint64_t number);

}  // namespace pkv::bench

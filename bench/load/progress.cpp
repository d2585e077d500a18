#include "load/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace pkv::bench {
namespace {

constexpr const char* erase_line = "\r\033[K";

}  // namespace

ProgressBar::ProgressBar(std::uint64_t total, bool quiet)
    : total_(total), enabled_(!quiet && ::isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (enabled_) std::fputs(erase_line, stderr);
}

void ProgressBar::show(std::uint64_t done) {
  if (enabled_) std::fprintf(stderr, "%s%s", erase_line, bar_of(done, total_).c_str());
}

std::string bar_of(std::uint64_t done, std::uint64_t total) {
  constexpr std::size_t width = 40;
  const double part =
      total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(part * width);
  return fmt::format("[{:<{}}] {:3.0f} %  {} of {} records", std::string(filled, '#'), width,
                     part * 100, grouped(done), grouped(total));
}

std::string line_of(const SecondFigures& figures) {
  std::string line =
      fmt::format("{:7.1f} s  {:>11} op/s  p50 {:8.3f} ms  p99 {:8.3f} ms  max {:8.3f} ms",
                  figures.end, grouped(static_cast<std::uint64_t>(figures.operations_per_second)),
                  figures.p50_ms, figures.p99_ms, figures.max_ms);
  if (figures.errors > 0) line += fmt::format("  errors {}", grouped(figures.errors));
  if (figures.mismatches > 0) line += fmt::format("  mismatches {}", grouped(figures.mismatches));
  return line;
}

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace pkv::bench

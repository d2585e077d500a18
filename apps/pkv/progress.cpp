#include "progress.hpp"

#include "plain_text.hpp"

#include <array>
#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace pkv::cli {
namespace {

constexpr std::chrono::milliseconds pause{200};
constexpr std::size_t longest_name = 32;

std::string size_text(double bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit)
    bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

std::string time_text(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

}  // namespace

std::string progress_line(std::string_view name, std::uint64_t done_bytes,
                          std::optional<std::uint64_t> total_bytes,
                          std::chrono::duration<double> elapsed) {
  const auto done = static_cast<double>(done_bytes);
  const double rate = elapsed.count() > 0 ? done / elapsed.count() : 0;
  std::string line(name);
  if (!total_bytes) return line + "  " + size_text(done) + "  " + size_text(rate) + "/s";
  const auto total = static_cast<double>(*total_bytes);
  const double part = total > 0 ? done / total : 1;
  char percent[16];
  std::snprintf(percent, sizeof percent, "  %3.0f %%  ", part * 100);
  line += percent + size_text(done) + " of " + size_text(total) + "  " + size_text(rate) + "/s";
  if (rate > 0) line += "  " + time_text((total - done) / rate) + " left";
  return line;
}

Progress::Progress(std::string_view name, std::optional<std::uint64_t> total_bytes)
    : on_terminal_(::isatty(STDERR_FILENO) != 0) {
  append_bytes(name_, name.substr(0, longest_name), Bytes::escaped);
  restart(total_bytes);
}

Progress::~Progress() {
  if (on_terminal_) std::cerr << "\r\x1b[K" << std::flush;
}

void Progress::restart(std::optional<std::uint64_t> total_bytes) {
  total_bytes_ = total_bytes;
  done_bytes_ = 0;
  started_at_ = Clock::now();
  shown_at_ = started_at_ - pause;  // the first bytes show that it has begun
}

void Progress::add(std::uint64_t bytes) {
  done_bytes_ += bytes;
  if (!on_terminal_) return;
  const Clock::time_point now = Clock::now();
  if (now - shown_at_ >= pause) show(now);
}

void Progress::show(Clock::time_point now) {
  shown_at_ = now;
  std::cerr << '\r' << progress_line(name_, done_bytes_, total_bytes_, now - started_at_)
            << "\x1b[K" << std::flush;
}

}  // namespace pkv::cli

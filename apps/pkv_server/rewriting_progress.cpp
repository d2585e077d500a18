#include "pkv_server/rewriting_progress.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;
constexpr auto report_interval = 1s;

}  // namespace

RewritingProgress::RewritingProgress(std::uint64_t total, const LogSink& log)
    : total_(std::max<std::uint64_t>(total, 1)), log_(log), tell_at_(began_ + report_interval) {}

void RewritingProgress::advance(std::uint64_t entries) {
  done_ += entries;
  if (Clock::now() >= tell_at_) tell();
}

void RewritingProgress::tell() {
  tell_at_ = Clock::now() + report_interval;
  const double took = std::chrono::duration<double>(Clock::now() - began_).count();
  const double share = static_cast<double>(done_) / static_cast<double>(total_);
  log_(LogLevel::info, "rewriting: " + std::to_string(done_) + " of " + std::to_string(total_) +
                           " entries read, " + std::to_string(std::lround(100 * share)) + " %, " +
                           std::to_string(std::lround(std::ceil(took / share - took))) + " s left");
}

}  // namespace pkv::server

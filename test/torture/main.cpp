// Looks for broken promises of a store while its processes are killed: './dev torture'.
#include "torture/options.hpp"
#include "torture/run.hpp"
#include "torture/server.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <exception>
#include <variant>

namespace {

using namespace pkv::torture;

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

void interrupt(int) {
  interrupted = true;
}

ExitStatus torture(const Options& options) {
  std::printf("seed %llu, %zu clients, %zu keys\n", static_cast<unsigned long long>(options.seed),
              options.clients, options.keys);
  std::fflush(stdout);
  Server server(options);
  const RunReport report = run(options, server, interrupted);
  std::fputs(text_of(report).c_str(), stdout);
  if (!report.failures.empty()) {
    std::printf("\nThe server's last lines:\n%s\nVERDICT: FAILED (seed %llu)\n",
                server.last_lines().c_str(), static_cast<unsigned long long>(options.seed));
    return ExitStatus::failed;
  }
  if (report.is_interrupted) {
    std::puts("\nVERDICT: interrupted; all promises held so far");
    return ExitStatus::interrupted;
  }
  std::puts("\nVERDICT: all promises held");
  return ExitStatus::success;
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  try {
    const auto parsed = parse_options(argument_count, arguments);
    const auto* options = std::get_if<Options>(&parsed);
    const ExitStatus status = options == nullptr ? std::get<ExitStatus>(parsed) : torture(*options);
    return static_cast<int>(status);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pkv_torture: %s\n", error.what());
    return static_cast<int>(ExitStatus::failed);
  }
}

#include "failover/experiment.hpp"
#include "failover/files.hpp"
#include "failover/settings.hpp"
#include "failover/table.hpp"
#include "failover/targets.hpp"
#include "support/server_process.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace pkv::failover;
namespace test = pkv::test;

constexpr std::size_t shown_log_bytes = 4'000;

test::ServerSettings server_settings(const Settings& settings) {
  test::ServerSettings server;
  server.workers = settings.workers;
  server.arguments = {"--replicas", std::to_string(settings.replicas), "--on-worker-loss",
                      "restart"};
  server.arguments.insert(server.arguments.end(), settings.server_options.begin(),
                          settings.server_options.end());
  return server;
}

Results run_with_server(const Settings& settings) {
  test::ServerProcess server(server_settings(settings));
  std::optional<Results> results;
  try {
    results = Experiment(settings, server.port()).run();
  } catch (const std::exception&) {
    const std::string log = server.child().errors();
    const std::size_t begin = log.size() - std::min(log.size(), shown_log_bytes);
    std::fprintf(stderr, "\nThe end of the server's log:\n%s\n", log.substr(begin).c_str());
    throw;
  }
  if (const int status = server.stop(); status != 0)
    throw Failure("the server ended with status " + std::to_string(status) + ":\n" +
                  server.child().errors());
  return std::move(*results);
}

/// Whether all went as it should.
bool run(const Settings& settings) {
  // Before the run: a folder that cannot be made should cost no minutes.
  std::filesystem::create_directories(settings.output);
  std::printf("%s", describe(settings).c_str());
  std::fflush(stdout);  // the run takes a while
  const Results results =
      settings.port == 0 ? run_with_server(settings) : Experiment(settings, settings.port).run();
  const std::vector<Target> targets = judge(settings, results);
  std::printf("%s%s\nWritten:\n", tables_of(results).c_str(), table_of(targets).c_str());
  for (const auto& path : write_csv_files(settings.output, results))
    std::printf("  %s\n", path.c_str());
  if (const std::optional<std::string> failure = draw_image(settings.output)) {
    std::printf("There is no image: %s\n", failure->c_str());
  } else {
    std::printf("  %s\n", (settings.output / "failover.png").c_str());
  }
  return std::ranges::all_of(targets, &Target::met);
}

}  // namespace

int main(int argument_count, char** arguments) {
  int exit_status = 0;
  const std::optional<Settings> settings = parse_settings(argument_count, arguments, exit_status);
  if (!settings) return exit_status;
  try {
    return run(*settings) ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pkv_failover: %s\n", error.what());
    return 1;
  }
}

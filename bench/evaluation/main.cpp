#include "evaluation/files.hpp"
#include "evaluation/measure.hpp"
#include "evaluation/settings.hpp"
#include "evaluation/table.hpp"

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace pkv::evaluation;

void evaluate(const Settings& settings) {
  // Before the runs: a folder that cannot be made should cost no minutes.
  std::filesystem::create_directories(settings.output);
  std::printf("%s", describe(settings).c_str());
  std::fflush(stdout);  // the runs take a while
  std::vector<Measurement> runs;
  for (const int workers : settings.workers) {
    std::fprintf(stderr, "Running with %d worker%s\n", workers, workers == 1 ? "" : "s");
    runs.push_back(measure(settings, workers));
  }
  std::printf("%s\nEvery answer was right. Written:\n", tables_of(runs).c_str());
  for (const auto& path : write_csv_files(settings.output, runs))
    std::printf("  %s\n", path.c_str());
  if (const std::optional<std::string> failure = draw_image(settings.output)) {
    std::printf("There is no image: %s\n", failure->c_str());
  } else {
    std::printf("  %s\n", (settings.output / "evaluation.png").c_str());
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  int exit_status = 0;
  const std::optional<Settings> settings = parse_settings(argument_count, arguments, exit_status);
  if (!settings) return exit_status;
  try {
    evaluate(*settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pkv_evaluation: %s\n", error.what());
    return 1;
  }
  return 0;
}

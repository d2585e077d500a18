#include "load/plot.hpp"

#include "load/report.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace pkv::bench {
namespace {

namespace fs = std::filesystem;

/// A folder for gnuplot's input.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = fs::temp_directory_path() / "pkv_bench.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "cannot make " + name);
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;  // what stays in /tmp does no harm
    fs::remove_all(path_, ignored);
  }

  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

/// Runs a program with this one's output; returns its exit status.
int run_to_end(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t process = 0;
  const int failure =
      ::posix_spawn(&process, arguments.front(), nullptr, nullptr, arguments.data(), environ);
  if (failure != 0) throw std::system_error(failure, std::generic_category(), words.front());
  int status = 0;
  while (::waitpid(process, &status, 0) < 0)
    if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

fs::path find_gnuplot() {
  const char* folders = std::getenv("PATH");
  std::istringstream rest(folders == nullptr ? "" : folders);
  for (std::string folder; std::getline(rest, folder, ':');)
    if (auto path = fs::path(folder) / "gnuplot"; ::access(path.c_str(), X_OK) == 0) return path;
  throw std::runtime_error("--plot needs gnuplot, which is not installed (Debian: gnuplot-nox)");
}

void plot(const fs::path& gnuplot, const fs::path& image, const std::string& title,
          const Measurement& measurement) {
  if (measurement.tally.succeeded() == 0)
    throw std::runtime_error("no operation succeeded: there is nothing to draw");
  const ScratchFolder folder;
  const fs::path percentiles = folder.path() / "percentiles.csv";
  const fs::path seconds = folder.path() / "seconds.csv";
  write_file(percentiles, percentiles_csv_of(measurement));
  write_file(seconds, csv_of(measurement));
  if (run_to_end({gnuplot, "-c", PKV_BENCH_PLOT_SCRIPT, percentiles, seconds, image, title}) != 0)
    throw std::runtime_error("gnuplot could not draw " + image.string());
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace pkv::bench

#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

// Every mistake is answered by one line on standard error and a status, however many ranks there
// are.

namespace pkv::test {
namespace {

using Catch::Matchers::Contains;

bool is_one_line(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n') == 1 && text.back() == '\n';
}

Ended run_under_mpiexec(int ranks, std::vector<std::string> arguments) {
  Command command;
  command.arguments = {mpiexec_path(), "-n", std::to_string(ranks), PKV_SERVER_PATH};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return run_to_end(command);
}

TEST_CASE("Start: a port that is taken", "[server][start]") {
  const ServerProcess other({.workers = 1});
  const std::string port = std::to_string(other.port());
  const Ended ended = run_server({.arguments = {"--port", port, "--workers", "1"}});
  CHECK(ended.exit_status == 1);
  CHECK(ended.output.empty());
  CHECK(ended.errors ==
        "pkv_server: port " + port +
            " on 127.0.0.1 is taken by another process: choose another with --port, "
            "or 0 for any free one\n");
}

TEST_CASE("Start: an address that is none, or not of this machine", "[server][start]") {
  const std::string address = GENERATE("nonsense", "203.0.113.1");
  const Ended ended =
      run_server({.arguments = {"--port", "0", "--workers", "1", "--bind", address}});
  CHECK(ended.exit_status == 1);
  CHECK(is_one_line(ended.errors));
  CHECK_THAT(ended.errors, Contains(address) && Contains("--bind"));
}

TEST_CASE("Start: files that cannot be written", "[server][start]") {
  const std::string option = GENERATE("--port-file", "--log-file");
  const Ended ended =
      run_server({.arguments = {"--port", "0", "--workers", "1", option, "/dev/null/file"}});
  CHECK(ended.exit_status == 1);
  CHECK(ended.output.empty());
  CHECK(is_one_line(ended.errors));
  CHECK_THAT(ended.errors, Contains("/dev/null/file"));
}

TEST_CASE("Start: a mistake in the command line, said once", "[server][start]") {
  const std::vector<std::string> arguments = GENERATE(
      std::vector<std::string>{"--no-such-option"}, std::vector<std::string>{"--port", "x"},
      std::vector<std::string>{"--port", "65536"}, std::vector<std::string>{"--workers", "0"},
      std::vector<std::string>{"--points-per-node", "0"},
      std::vector<std::string>{"--max-value-bytes", "2GiB"}, std::vector<std::string>{"stray"});
  CAPTURE(arguments);
  const bool by_mpiexec = GENERATE(false, true);
  const Ended ended =
      by_mpiexec ? run_under_mpiexec(3, arguments) : run_server({.arguments = arguments});
  CHECK(ended.exit_status == 2);
  CHECK(ended.output.empty());
  CHECK(is_one_line(ended.errors));
  CHECK_THAT(ended.errors, Contains(arguments.front()) && Contains("pkv_server --help"));
}

TEST_CASE("Start: help and version", "[server][start]") {
  const Ended help = run_server({.arguments = {"--help"}});
  CHECK(help.exit_status == 0);
  CHECK_THAT(help.output, Contains("--workers") && Contains("--port") && Contains("512MiB"));
  const Ended version = run_under_mpiexec(2, {"--version"});
  CHECK(version.exit_status == 0);
  CHECK_THAT(version.output, Catch::Matchers::StartsWith("pkv_server "));
  CHECK(is_one_line(version.output));
}

TEST_CASE("Start: too few ranks", "[server][start]") {
  const Ended ended = run_under_mpiexec(1, {"--port", "0"});
  CHECK(ended.exit_status == 1);
  CHECK(ended.errors ==
        "pkv_server: needs at least 2 ranks, one coordinator and one worker: mpiexec -n 2 "
        "pkv_server\n");
}

TEST_CASE("Start: no mpiexec of MPICH", "[server][start]") {
  const TemporaryFolder folder;
  // Another implementation's launcher under the same name does not count.
  std::filesystem::create_symlink("/bin/true", folder.path() / "mpiexec");
  const bool empty = GENERATE(true, false);
  const std::string path = empty ? std::string() : folder.path().string();
  const Ended ended = run_server({.arguments = {"--port", "0"}, .environment = {"PATH=" + path}});
  CHECK(ended.exit_status == 1);
  CHECK(ended.errors ==
        "pkv_server: no mpiexec of MPICH found in PATH: install the package mpich\n");
}

}  // namespace
}  // namespace pkv::test

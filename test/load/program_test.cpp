#include "support/program.hpp"

#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// pkv_bench as a whole, against a pkv_server with all its processes.
namespace {

using pkv::test::Outcome;
using Words = std::vector<std::string>;

Outcome bench(const pkv::test::ServerProcess& server, Words options) {
  Words words{PKV_BENCH_PROGRAM,
              "--port",
              std::to_string(server.port()),
              "--records",
              "2000",
              "--operations",
              "5000",
              "--warm-up",
              "0"};
  words.insert(words.end(), options.begin(), options.end());
  return pkv::test::run_program(words);
}

std::string contents_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("pkv_bench finds no fault with pkv_server", "[load][mpi]") {
  const pkv::test::ServerProcess server;
  for (const char* workload : {"a", "b", "c", "d", "f"}) {
    CAPTURE(workload);
    const Outcome outcome = bench(server, {"-w", workload, "-P", "4", "-t", "2"});
    CAPTURE(outcome.output, outcome.errors);
    CHECK(outcome.exit_status == 0);
    CHECK_THAT(outcome.output, Catch::Contains("Loaded 2,000 records"));
    CHECK_THAT(outcome.output, Catch::Contains("5,000 operations in"));
    CHECK_THAT(outcome.output, Catch::Contains("0 errors, 0 mismatches"));
  }
  const Outcome large =
      bench(server, {"-w", "a", "-d", "1500000", "-r", "10", "-n", "50", "-c", "3"});
  CAPTURE(large.output, large.errors);
  CHECK(large.exit_status == 0);
  CHECK_THAT(large.output, Catch::Contains("0 errors, 0 mismatches"));
}

TEST_CASE("pkv_bench ends with status 1 when values are not what it wrote", "[load][mpi]") {
  const pkv::test::ServerProcess server;
  REQUIRE(bench(server, {"--load-only"}).exit_status == 0);
  CHECK(bench(server, {"--no-load", "-w", "c"}).exit_status == 0);
  const Outcome outcome = bench(server, {"--no-load", "-w", "c", "-d", "65"});
  CHECK(outcome.exit_status == 1);
  CHECK_THAT(outcome.output, Catch::Contains("0 errors, 5,000 mismatches"));
  CHECK_THAT(outcome.errors, Catch::Contains("the value has 64 bytes instead of 65"));
  CHECK_THAT(outcome.errors, Catch::Contains("(4,995 more mismatches)"));
}

TEST_CASE("pkv_bench writes its figures to files", "[load][mpi]") {
  const pkv::test::ServerProcess server;
  const pkv::test::TemporaryFolder folder;
  const auto json = folder.path() / "figures.json";
  const auto csv = folder.path() / "seconds.csv";
  CHECK(bench(server, {"--quiet", "--json", json, "--csv", csv}).exit_status == 0);
  CHECK_THAT(contents_of(json), Catch::Contains("\"operations\": 5000"));
  CHECK_THAT(contents_of(csv), Catch::StartsWith("end_s,operations,"));
  const Outcome outcome = bench(server, {"--quiet", "--json", folder.path() / "no" / "such"});
  CHECK(outcome.exit_status == 1);
  CHECK_THAT(outcome.errors, Catch::Contains("cannot write"));
}

TEST_CASE("pkv_bench says when there is no server, or no gnuplot", "[load]") {
  const Outcome unreachable = pkv::test::run_program({PKV_BENCH_PROGRAM, "--port", "1"});
  CHECK(unreachable.exit_status == 3);
  CHECK(unreachable.errors == "pkv_bench: no connection: Connection refused\n");
  const Outcome undrawn = pkv::test::run_program(
      {"/usr/bin/env", "PATH=/nonexistent", PKV_BENCH_PROGRAM, "--plot", "x.png"});
  CHECK(undrawn.exit_status == 1);
  CHECK_THAT(undrawn.errors, Catch::Contains("--plot needs gnuplot"));
}

#include "support/connection.hpp"
#include "support/program.hpp"
#include "support/server_process.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// Unicode's table of characters, one record a line, goes into the store under its first field and
// comes out as it was: with the programs that people use.
namespace {

using namespace pkv;

constexpr const char* path = "/usr/share/unicode/UnicodeData.txt";

struct Table {
  std::vector<std::string> records;
  std::string create_lines;  // C code-point record
  std::string read_lines;    // R code-point
  std::string text;          // the file
  std::string all_ok;        // the answers to create_lines
};

Table read_table() {
  Table table;
  std::ifstream file(path);
  for (std::string record; std::getline(file, record);) {
    const std::string key = record.substr(0, record.find(';'));
    table.create_lines.append("C ").append(key).append(" ").append(record).append("\n");
    table.read_lines.append("R ").append(key).append("\n");
    table.text.append(record).append("\n");
    table.all_ok.append("OK\n");
    table.records.push_back(std::move(record));
  }
  return table;
}

test::Outcome feed(const test::ServerProcess& server, const std::string& lines) {
  return test::run_program({PKV_PROGRAM, "--port", std::to_string(server.port())}, lines);
}

/// Whether a node that the ring gives `share` of all keys could get `part` of `whole` if keys were
/// drawn at random: within six standard deviations of the binomial distribution.
bool is_plausible(std::int64_t part, std::size_t whole, double share) {
  const double expected = share * static_cast<double>(whole);
  const double deviation = std::sqrt(expected * (1 - share));
  return std::abs(static_cast<double>(part) - expected) <= 6 * deviation + 1e-6 * expected;
}

void check_shares(const test::ServerProcess& server, int workers, std::size_t records) {
  test::Connection connection(server.port());
  const Reply nodes = connection.ask("NODES");
  REQUIRE(std::ssize(nodes.elements()) == workers);
  std::int64_t keys = 0;
  std::int64_t requests = 0;
  for (const Reply& node : nodes.elements()) {
    CAPTURE(to_text(node));
    const double share = std::stod(std::string(test::field(node, "share").text()));
    CHECK(is_plausible(test::field(node, "keys").integer(), records, share));
    // Each key was created and read once.
    CHECK(test::field(node, "requests").integer() == 2 * test::field(node, "keys").integer());
    keys += test::field(node, "keys").integer();
    requests += test::field(node, "requests").integer();
  }
  CHECK(keys == static_cast<std::int64_t>(records));
  CHECK(requests == 2 * static_cast<std::int64_t>(records));
}

}  // namespace

TEST_CASE("All of Unicode's characters come back as they went in", "[server][mpi][load]") {
  if (!std::filesystem::exists(path)) {
    WARN(std::string(path) + " is missing (Debian package unicode-data): nothing tested");
    return;
  }
  const Table table = read_table();
  REQUIRE(table.records.size() > 30'000);
  const int workers = GENERATE(1, 2, 4, 8);
  CAPTURE(workers);
  test::ServerSettings settings;
  settings.workers = workers;
  test::ServerProcess server(settings);

  const test::Outcome created = feed(server, table.create_lines);
  CHECK(created.exit_status == 0);
  CHECK(created.errors.empty());
  // Not in assertions, which would print megabytes.
  const bool all_were_stored = created.output == table.all_ok;
  CHECK(all_were_stored);
  const test::Outcome read = feed(server, table.read_lines);
  CHECK(read.exit_status == 0);
  const bool all_are_identical = read.output == table.text;
  CHECK(all_are_identical);
  check_shares(server, workers, table.records.size());

  // What is there already is not created again, and stays as it is.
  const test::Outcome again = feed(server, "C 0041 something else\nR 0041\n");
  CHECK(again.exit_status == 1);
  CHECK_THAT(again.output,
             Catch::StartsWith("error: ") &&
                 Catch::EndsWith("0041;LATIN CAPITAL LETTER A;Lu;0;L;;;;;N;;;;0061;\n"));
  CHECK(server.stop() == 0);
}

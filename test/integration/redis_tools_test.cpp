#include "support/connection.hpp"
#include "support/program.hpp"
#include "support/server_process.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

// Programs that were made for another server, or for none, work with this one.
namespace {

using namespace pkv;
using test::Outcome;
using Words = std::vector<std::string>;

/// The words with /usr/bin/env before them, which finds the program, and without a history file.
Words found(Words words) {
  words.insert(words.begin(), {"/usr/bin/env", "REDISCLI_HISTFILE=/dev/null"});
  return words;
}

bool is_installed(const std::string& program) {
  const Words words{"/bin/sh", "-c", "command -v " + program};
  if (test::run_program(words).exit_status == 0) return true;
  WARN(program + " is not installed: nothing tested");
  return false;
}

std::string port_of(const test::ServerProcess& server) {
  return std::to_string(server.port());
}

}  // namespace

TEST_CASE("redis-cli reads commands from a pipe", "[server][mpi][redis]") {
  if (!is_installed("redis-cli")) return;
  test::ServerProcess server;
  const Outcome outcome = test::run_program(found({"redis-cli", "-p", port_of(server)}),
                                            "SET greeting \"hello world\"\n"
                                            "GET greeting\n"
                                            "MSET a 1 b 2\n"
                                            "MGET a missing b\n"
                                            "INCRBY a 41\n"
                                            "INCR greeting\n"
                                            "NOSUCH command\n"
                                            "C city Paris\n"
                                            "C city Rome\n"
                                            "DBSIZE\n");
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.errors.empty());
  CHECK(outcome.output ==
        "OK\nhello world\nOK\n1\n\n2\n42\n"
        "ERR value is not an integer or out of range\n\n"
        "ERR unknown command 'NOSUCH', with args beginning with: 'command' \n\n"
        "OK\nEXISTS key already exists\n\n4\n");
}

TEST_CASE("redis-cli --pipe loads commands in bulk", "[server][mpi][redis]") {
  if (!is_installed("redis-cli")) return;
  test::ServerProcess server;
  std::string lines;
  for (int i = 0; i < 20'000; ++i)
    lines += "C key:" + std::to_string(i) + " value of line " + std::to_string(i) + "\r\n";
  const Outcome outcome =
      test::run_program(found({"redis-cli", "-p", port_of(server), "--pipe"}), lines);
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.errors.empty());
  CHECK_THAT(outcome.output, Catch::Contains("errors: 0, replies: 20000"));
  test::Connection connection(server.port());
  CHECK(connection.ask("DBSIZE") == Reply::integer(20'000));
  CHECK(connection.ask("GET", "key:19999") == Reply::bulk("value of line 19999"));
}

TEST_CASE("redis-cli --scan lists all keys, or those that match", "[server][mpi][redis]") {
  if (!is_installed("redis-cli")) return;
  const std::string engine = GENERATE("memory", "sqlite");
  CAPTURE(engine);
  const test::TemporaryFolder folder;
  test::ServerSettings settings{.workers = 3, .arguments = {"--engine", engine}};
  if (engine == "sqlite") {
    settings.arguments.emplace_back("--data");
    settings.arguments.push_back(folder.path().string());
  }
  test::ServerProcess server(settings);
  test::Connection connection(server.port());
  for (int i = 0; i < 1'000; ++i)
    connection.send(pkv::Command("SET", "key:" + std::to_string(i), std::string(100, 'v')));
  for (int i = 0; i < 1'000; ++i)
    REQUIRE(connection.receive() == Reply::status("OK"));
  const auto lines_of = [&](Words options) {
    Words words{"redis-cli", "-p", port_of(server), "--scan"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome outcome = test::run_program(found(words));
    CHECK(outcome.exit_status == 0);
    std::multiset<std::string> lines;
    std::istringstream output(outcome.output);
    for (std::string line; std::getline(output, line);)
      lines.insert(line);
    return lines;
  };
  const auto all = lines_of({});
  CHECK(all.size() == 1'000);
  for (int i = 0; i < 1'000; ++i)
    CHECK(all.count("key:" + std::to_string(i)) == 1);
  CHECK(lines_of({"--pattern", "key:77*"}).size() == 11);
}

TEST_CASE("redis-cli talks to the server at a terminal", "[server][mpi][redis]") {
  if (!is_installed("redis-cli")) return;
  test::ServerProcess server;
  test::TerminalProgram terminal(found({"redis-cli", "-p", port_of(server)}));
  const std::string prompt = "127.0.0.1:" + port_of(server) + "> ";
  // It asks for COMMAND DOCS before the first prompt, to help with what is typed.
  CHECK_THAT(terminal.wait_for(prompt), !Catch::Contains("rror"));
  const auto enter = [&](const std::string& line) {
    terminal.type(line + "\r");
    terminal.wait_for("\r\n");
    return terminal.wait_for(prompt);
  };
  CHECK_THAT(enter("SET city Paris"), Catch::Contains("OK\r\n"));
  CHECK_THAT(enter("GET city"), Catch::Contains("\"Paris\"\r\n"));
  CHECK_THAT(enter("GET nothing"), Catch::Contains("(nil)\r\n"));
  CHECK_THAT(enter("EXISTS city"), Catch::Contains("(integer) 1\r\n"));
  CHECK_THAT(enter("R nothing"), Catch::Contains("(error) NOTFOUND no such key\r\n"));
  terminal.type("exit\r");
  CHECK(terminal.wait_for_exit() == 0);
}

TEST_CASE("redis-benchmark runs without a complaint", "[server][mpi][redis]") {
  if (!is_installed("redis-benchmark")) return;
  test::ServerSettings settings;
  settings.workers = 4;
  test::ServerProcess server(settings);
  const Outcome outcome =
      test::run_program(found({"redis-benchmark", "-p", port_of(server), "-t", "set,get,incr,mset",
                               "-P", "16", "-n", "10000", "-r", "1000", "--csv"}));
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.errors.empty());
  for (const char* name : {"\"SET\",", "\"GET\",", "\"INCR\",", "\"MSET (10 keys)\","})
    CHECK_THAT(outcome.output, Catch::Contains(name));
  CHECK(std::count(outcome.output.begin(), outcome.output.end(), '\n') == 5);
  CHECK(test::still_answers(server.port()));
}

TEST_CASE("nc gets all answers after it has said that nothing more comes", "[server][mpi]") {
  if (!is_installed("nc")) return;
  test::ServerProcess server;
  std::string lines;
  std::string expected;
  for (int i = 0; i < 2'000; ++i) {
    const std::string number = std::to_string(i);
    lines += "C half:" + number + " value " + number + "\nR half:" + number + "\n";
    expected += "+OK\r\n$" + std::to_string(6 + number.size()) + "\r\nvalue " + number + "\r\n";
  }
  const Outcome outcome = test::run_program(
      found({"nc", "-N", "-w", "30", "127.0.0.1", port_of(server)}), lines + "U half:0");
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.errors.empty());
  // The last line has no end: it is no command, and gets no answer.
  CHECK((outcome.output == expected));
}

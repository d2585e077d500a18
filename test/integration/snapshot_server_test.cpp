#include "support/connection.hpp"
#include "support/program.hpp"
#include "support/server_process.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

// Snapshots of real servers, and servers that begin with them.

namespace pkv::test {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

constexpr int key_count = 2'000;

void fill(const ServerProcess& server) {
  Connection connection(server.port());
  for (int i = 0; i < key_count; ++i)
    connection.send(pkv::Command("SET", "key" + std::to_string(i), "v" + std::to_string(i)));
  for (int i = 0; i < key_count; ++i)
    REQUIRE_FALSE(connection.receive().is_error());
}

/// How many of what fill() has written are there.
int there(const ServerProcess& server) {
  Connection connection(server.port());
  for (int i = 0; i < key_count; ++i)
    connection.send(pkv::Command("GET", "key" + std::to_string(i)));
  int found = 0;
  for (int i = 0; i < key_count; ++i)
    if (connection.receive() == Reply::bulk("v" + std::to_string(i))) ++found;
  return found;
}

/// The last line that a server says which cannot begin: whoever has started it looks there.
std::string why_not(std::vector<std::string> arguments) {
  for (const char* const argument : {"--port", "0", "--workers", "2"})
    arguments.emplace_back(argument);
  const Ended ended = run_server({.arguments = arguments});
  CHECK(ended.exit_status == 1);
  CHECK(ended.output.empty());  // mpiexec has nothing to complain of
  const std::string said = ended.errors.substr(0, ended.errors.find_last_not_of('\n') + 1);
  return said.substr(said.find_last_of('\n') + 1);
}

TEST_CASE("Snapshots: any server begins with those of any other", "[server][snapshot]") {
  const TemporaryFolder folder;
  const std::string snapshots = (folder.path() / "snapshots").string();
  const std::string snapshot = snapshots + "/a";
  {
    const ServerProcess server({.workers = 3, .arguments = {"--snapshots", snapshots}});
    fill(server);
    CHECK(Connection(server.port()).ask("SAVE", "a") == Reply::status("OK"));
  }
  const std::string data = (folder.path() / "data").string();
  const std::vector<std::vector<std::string>> kinds{
      {"--restore", snapshot},
      {"--restore", snapshot, "--replicas", "2"},
      {"--restore", snapshot, "--engine", "sqlite", "--data", data},
  };
  for (const auto& arguments : kinds) {
    ServerProcess server({.workers = 2, .arguments = arguments});
    CHECK(there(server) == key_count);
    CHECK(Connection(server.port()).ask("DBSIZE") == Reply::integer(key_count));
    CHECK(server.stop() == 0);
  }
  // The files hold them now; by default snapshots are made beside them.
  ServerProcess last({.workers = 2, .arguments = {"--engine", "sqlite", "--data", data}});
  CHECK(there(last) == key_count);
  CHECK(Connection(last.port()).ask("SAVE", "b") == Reply::status("OK"));
  CHECK(std::filesystem::exists(data + "/snapshots/b/pkv.snapshot"));
  CHECK(last.stop() == 0);
  CHECK_THAT(why_not({"--restore", snapshot, "--engine", "sqlite", "--data", data}),
             Contains("holds 2000 keys already"));
}

TEST_CASE("Snapshots: what is no whole snapshot is refused before anybody is served",
          "[server][snapshot]") {
  const TemporaryFolder folder;
  const std::string snapshots = folder.path().string();
  CHECK_THAT(why_not({"--restore", snapshots + "/nowhere"}), Contains("is no snapshot"));
  {
    const ServerProcess server({.workers = 2, .arguments = {"--snapshots", snapshots}});
    fill(server);
    CHECK(Connection(server.port()).ask("SAVE", "a") == Reply::status("OK"));
  }
  const auto file = folder.path() / "a" / "node-2.db";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  CHECK_THAT(why_not({"--restore", snapshots + "/a"}), Contains("node-2.db has"));
  std::ofstream(folder.path() / "a" / "pkv.snapshot") << "format 99\nend\n";
  CHECK_THAT(why_not({"--restore", snapshots + "/a"}), Contains("format 99"));
}

TEST_CASE("Snapshots: hold the money together while clients move it", "[server][snapshot]") {
  const TemporaryFolder folder;
  const std::string snapshots = folder.path().string();
  {
    const ServerProcess server({.workers = 3, .arguments = {"--snapshots", snapshots}});
    fill(server);
    std::atomic<bool> stop = false;
    std::thread mover([&] {
      Connection connection(server.port());
      for (int i = 0; !stop; ++i)
        static_cast<void>(
            connection.ask("MSET", "left", std::to_string(i), "right", std::to_string(i)));
    });
    Connection connection(server.port());
    for (int i = 0; i < 5; ++i)
      CHECK(connection.ask("SAVE", "s" + std::to_string(i)) == Reply::status("OK"));
    stop = true;
    mover.join();
  }
  for (int i = 0; i < 5; ++i) {
    const ServerProcess server(
        {.workers = 2, .arguments = {"--restore", snapshots + "/s" + std::to_string(i)}});
    Connection connection(server.port());
    CHECK(connection.ask("GET", "left") == connection.ask("GET", "right"));
    CHECK(there(server) == key_count);
  }
}

TEST_CASE("Snapshots: without room or permission there is none, and later there is",
          "[server][snapshot]") {
  const TemporaryFolder folder;
  const SmallDisk disk(folder.path(), "64k");
  if (!disk.mounted()) {
    WARN("not run: needs the right to mount");
    return;
  }
  const auto snapshots = folder.path();
  const ServerProcess server({.workers = 2, .arguments = {"--snapshots", snapshots.string()}});
  fill(server);
  Connection connection(server.port());
  Reply answer = connection.ask("SAVE", "a");
  REQUIRE(answer.is_error());
  CHECK_THAT(std::string(answer.text()), StartsWith("IOERR no room to write"));
  CHECK(std::filesystem::is_empty(snapshots));
  CHECK(there(server) == key_count);

  REQUIRE(disk.resize("8m"));
  CHECK(connection.ask("SAVE", "a") == Reply::status("OK"));
  REQUIRE(disk.make_read_only());
  answer = connection.ask("SAVE", "b");
  REQUIRE(answer.is_error());
  CHECK_THAT(std::string(answer.text()), StartsWith("IOERR cannot make the folder"));
  CHECK(there(server) == key_count);
}

TEST_CASE("pkv snapshot: makes one and says why not", "[server][snapshot]") {
  const TemporaryFolder folder;
  const ServerProcess server({.workers = 2, .arguments = {"--snapshots", folder.path().string()}});
  const auto run = [&](std::vector<std::string> words) {
    std::vector<std::string> all{PKV_PROGRAM, "--port", std::to_string(server.port()), "snapshot"};
    all.insert(all.end(), words.begin(), words.end());
    return run_program(all);
  };
  CHECK(run({"a"}).output == "OK\n");
  const Outcome again = run({"a"});
  CHECK(again.exit_status == 1);
  CHECK_THAT(again.errors, Contains("there is a snapshot or file of that name"));
  CHECK(run({}).exit_status == 0);
  CHECK(run({"a", "b"}).exit_status == 2);
}

}  // namespace
}  // namespace pkv::test

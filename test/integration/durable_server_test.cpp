#include "support/connection.hpp"
#include "support/server_process.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sqlite3.h>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

// Servers whose nodes keep their entries in files: what later ones find of them.

namespace pkv::test {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

constexpr unsigned key_count = 500;

std::vector<std::string> arguments_for(const std::filesystem::path& folder,
                                       std::vector<std::string> further = {}) {
  std::vector<std::string> arguments{"--engine", "sqlite", "--data", folder.string()};
  arguments.insert(arguments.end(), further.begin(), further.end());
  return arguments;
}

ServerSettings settings_for(const std::filesystem::path& folder,
                            std::vector<std::string> further = {}) {
  return {.workers = 3, .arguments = arguments_for(folder, std::move(further))};
}

std::string why_not(const std::filesystem::path& folder, std::vector<std::string> further = {}) {
  std::vector<std::string> arguments = arguments_for(folder, std::move(further));
  for (const char* const argument : {"--port", "0"})
    arguments.emplace_back(argument);
  if (std::find(arguments.begin(), arguments.end(), "--workers") == arguments.end())
    arguments.insert(arguments.end(), {"--workers", "3"});
  const Ended ended = run_server({.arguments = arguments});
  CHECK(ended.exit_status != 0);
  CHECK(ended.output.empty());
  CHECK(std::count(ended.errors.begin(), ended.errors.end(), '\n') == 1);
  return ended.errors;
}

void fill(const ServerProcess& server, const std::string& value) {
  Connection connection(server.port());
  for (unsigned i = 0; i < key_count; ++i)
    connection.send(pkv::Command("SET", "key" + std::to_string(i), value + std::to_string(i)));
  for (unsigned i = 0; i < key_count; ++i)
    REQUIRE_FALSE(connection.receive().is_error());
}

/// How many of what fill() has written are there.
unsigned there(const ServerProcess& server, const std::string& value) {
  Connection connection(server.port());
  for (unsigned i = 0; i < key_count; ++i)
    connection.send(pkv::Command("GET", "key" + std::to_string(i)));
  unsigned found = 0;
  for (unsigned i = 0; i < key_count; ++i)
    if (connection.receive() == Reply::bulk(value + std::to_string(i))) ++found;
  return found;
}

bool comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::string layout(const std::filesystem::path& folder) {
  return contents(folder / "pkv.layout");
}

void execute(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &connection) == SQLITE_OK);
  sqlite3_busy_timeout(connection, 10'000);  // a killed process lets go of its locks a little later
  const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  sqlite3_close(connection);
  REQUIRE(code == SQLITE_OK);
}

/// Entries in the nodes' files, whether or not they have expired.
int rows(const std::filesystem::path& folder) {
  int count = 0;
  for (const char* const name : {"node-1.db", "node-2.db", "node-3.db"}) {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open((folder / name).c_str(), &connection) == SQLITE_OK);
    const int code = sqlite3_exec(
        connection, "SELECT count(*) FROM kv",
        [](void* sum, int, char** values, char**) {
          *static_cast<int*>(sum) += std::stoi(values[0]);
          return 0;
        },
        &count, nullptr);
    sqlite3_close(connection);
    REQUIRE(code == SQLITE_OK);
  }
  return count;
}

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST_CASE("Durable server: what expires while none runs is gone when the next one starts",
          "[server][durable][expiry]") {
  const TemporaryFolder folder;
  const ServerSettings settings = settings_for(folder.path());
  const std::int64_t soon = wall_clock_ms() + 2'000;
  {
    ServerProcess server(settings);
    Connection connection(server.port());
    CHECK(connection.ask("SET", "soon", "v", "PXAT", std::to_string(soon)) == Reply::status("OK"));
    CHECK(connection.ask("SET", "later", "v", "PXAT", "4102444800000") == Reply::status("OK"));
    CHECK(connection.ask("SET", "never", "v") == Reply::status("OK"));
    CHECK(server.stop() == 0);
  }
  REQUIRE(comes_true([&] { return wall_clock_ms() >= soon; }));
  const ServerProcess server(settings);
  Connection connection(server.port());
  CHECK(connection.ask("GET", "soon") == Reply::nil());
  CHECK(connection.ask("PEXPIRETIME", "later") == Reply::integer(4'102'444'800'000));
  CHECK(connection.ask("TTL", "never") == Reply::integer(-1));
  CHECK(connection.ask("DBSIZE") == Reply::integer(2));
  CHECK(comes_true([&] { return rows(folder.path()) == 2; }));
}

TEST_CASE("Durable server: a later one finds everything", "[server][durable]") {
  const std::string level = GENERATE("none", "batch", "fsync");
  const std::string replicas = GENERATE("1", "2");
  const TemporaryFolder folder;
  const auto data = folder.path() / "made" / "on the way";
  const ServerSettings settings =
      settings_for(data, {"--durability", level, "--replicas", replicas});
  for (const std::string round : {"first", "second"}) {
    ServerProcess server(settings);
    if (round == "second") CHECK(there(server, "first") == key_count);
    fill(server, round);
    CHECK(Connection(server.port()).ask("DBSIZE") == Reply::integer(key_count));
    CHECK(server.stop() == 0);
  }
  const ServerProcess last(settings);
  CHECK(there(last, "second") == key_count);
  CHECK(Connection(last.port()).ask("FLUSHALL") == Reply::status("OK"));
  CHECK(Connection(last.port()).ask("DBSIZE") == Reply::integer(0));
}

TEST_CASE("Durable server: what was answered survives kill -9 of all processes at once",
          "[server][durable]") {
  const std::string level = GENERATE("batch", "fsync");
  const TemporaryFolder folder;
  const ServerSettings settings = settings_for(folder.path(), {"--durability", level});
  std::int64_t answered = 0;
  for (int round = 0; round < 3; ++round) {
    ServerProcess server(settings);
    Connection connection(server.port());
    const Reply before = connection.ask("INCRBY", "counter", "0");
    REQUIRE(before.integer() >= answered);
    REQUIRE(before.integer() <= answered + 300);  // those that nobody was told of
    for (int i = 0; i < 300; ++i)
      connection.send(pkv::Command("INCR", "counter"));
    for (int i = 0; i < 100; ++i)
      answered = connection.receive().integer();
    for (const pid_t process : server.processes())
      kill(process, SIGKILL);
    try {
      while (const auto reply = connection.receive_or_end())
        if (!reply->is_error()) answered = reply->integer();
    } catch (const std::exception&) {  // a connection that is reset
    }
    REQUIRE(server.child().wait(20s));
  }
}

TEST_CASE("Durable server: a folder is for one server", "[server][durable]") {
  const TemporaryFolder folder;
  const ServerProcess server(settings_for(folder.path()));
  CHECK_THAT(why_not(folder.path()),
             Contains("another pkv_server is serving") && Contains(folder.path().string()));
  fill(server, "v");
  CHECK(there(server, "v") == key_count);
}

TEST_CASE("Durable server: files that do not belong to the command line are refused",
          "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  {
    ServerProcess server(settings_for(data));
    fill(server, "v");
    CHECK(server.stop() == 0);
  }
  SECTION("a newer file") {
    execute(data / "node-2.db", "UPDATE meta SET format = 9");
    CHECK_THAT(why_not(data), Contains("node-2.db is in format 9"));
  }
  SECTION("a file from the future") {
    execute(data / "node-3.db", "UPDATE meta SET newest_version = newest_version + (100000 << 20)");
    CHECK_THAT(why_not(data), Contains("node-3.db") && Contains("clock"));
  }
  SECTION("a layout of a newer format") {
    std::string text = layout(data);
    text.replace(text.find("format 3"), 8, "format 9");
    std::ofstream(data / "pkv.layout") << text;
    CHECK_THAT(why_not(data), Contains("pkv.layout is in format 9"));
  }
  SECTION("a missing file") {
    std::filesystem::remove(data / "node-1.db");
    CHECK_THAT(why_not(data), Contains("node-1.db is missing"));
  }
  SECTION("files that have changed places") {
    std::filesystem::rename(data / "node-1.db", data / "other");
    std::filesystem::rename(data / "node-2.db", data / "node-1.db");
    std::filesystem::rename(data / "other", data / "node-2.db");
    CHECK_THAT(why_not(data), Contains("holds the keys of node 2, not of node 1"));
  }
  SECTION("no layout") {
    std::filesystem::remove(data / "pkv.layout");
    CHECK_THAT(why_not(data), Contains("no pkv.layout"));
  }
  SECTION("half a layout") {
    std::filesystem::resize_file(data / "pkv.layout", 20);
    CHECK_THAT(why_not(data), Contains("pkv.layout is damaged"));
  }
}

constexpr auto no_database = "this is no database, however long one reads in it";

TEST_CASE("Durable server: a damaged file without replicas is set aside, and the rest served",
          "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  {
    ServerProcess server(settings_for(data));
    fill(server, "v");
    CHECK(server.stop() == 0);
  }
  std::ofstream(data / "node-1.db") << no_database;
  const auto log = data / "log";
  for (int round = 0; round < 2; ++round) {
    ServerProcess server(settings_for(data, {"--log-file", log.string()}));
    const unsigned found = there(server, "v");
    CHECK(found < key_count * 4 / 5);
    CHECK(found > key_count / 2);
    CHECK(server.stop() == 0);
  }
  CHECK(contents(data / "node-1.db.damaged-1") == no_database);
  CHECK_FALSE(std::filesystem::exists(data / "node-1.db.damaged-2"));
  CHECK_THAT(contents(log), Contains("node-1.db is damaged") && Contains("node-1.db.damaged-1") &&
                                Contains("is lost: 3") && Contains("% of all keys"));
}

TEST_CASE("Durable server: a damaged file is filled from replicas", "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  const ServerSettings settings = settings_for(data, {"--replicas", "2"});
  {
    ServerProcess server(settings);
    fill(server, "v");
    CHECK(server.stop() == 0);
  }
  std::ofstream(data / "node-1.db") << no_database;
  {
    ServerProcess server(settings);
    CHECK(there(server, "v") == key_count);
    REQUIRE(comes_true([&] { return layout(data).find("damaged") == std::string::npos; }));
    CHECK(there(server, "v") == key_count);
    CHECK(server.stop() == 0);
  }
  CHECK(contents(data / "node-1.db.damaged-1") == no_database);
  CHECK(std::filesystem::file_size(data / "node-1.db") > 200 * 20);

  SECTION("of all nodes but one it is lost what only they had, and said") {
    std::ofstream(data / "node-1.db") << no_database;
    std::ofstream(data / "node-2.db") << no_database;
    const auto log = data / "log";
    ServerProcess server(settings_for(data, {"--replicas", "2", "--log-file", log.string()}));
    REQUIRE(comes_true([&] { return layout(data).find("damaged") == std::string::npos; }));
    const unsigned found = there(server, "v");
    CHECK(found < key_count);
    CHECK(found > key_count / 2);
    CHECK(server.stop() == 0);
    CHECK_THAT(contents(log), Contains("of which all were lost"));
  }
}

TEST_CASE("Durable server: damage that is found while it runs costs a process, and no key",
          "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  const ServerSettings settings =
      settings_for(data, {"--replicas", "2", "--log-file", (data / "log").string()});
  {
    ServerProcess server(settings);
    fill(server, std::string(1'000, 'v'));
    CHECK(server.stop() == 0);
  }
  {
    std::fstream file(data / "node-2.db", std::ios::in | std::ios::out | std::ios::binary);
    const auto bytes = std::filesystem::file_size(data / "node-2.db");
    REQUIRE(bytes > 40 * 4'096);
    for (std::streamoff page = 10; page < 40; ++page) {
      file.seekp(page * 4'096);
      file << std::string(4'096, '\xee');
    }
    REQUIRE(file.flush());
  }
  ServerProcess server(settings);
  REQUIRE(comes_true([&] {
    CHECK(there(server, std::string(1'000, 'v')) == key_count);
    return std::filesystem::exists(data / "node-2.db.damaged-1");
  }));
  REQUIRE(comes_true([&] { return layout(data).find("lost") == std::string::npos; }));
  CHECK(there(server, std::string(1'000, 'v')) == key_count);
  CHECK(server.stop() == 0);
  CHECK_THAT(contents(data / "log"), Contains("node-2.db is set aside"));
}

TEST_CASE("Durable server: copies that a kill has left different are made equal",
          "[server][durable]") {
  const std::string replicas = GENERATE("2", "3");
  const TemporaryFolder folder;
  const auto& data = folder.path();
  const ServerSettings settings = settings_for(data, {"--replicas", replicas});
  {
    ServerProcess server(settings);
    fill(server, "v");
    for (const pid_t process : server.processes())
      kill(process, SIGKILL);
    REQUIRE(server.child().wait(20s));
  }
  CHECK_THAT(layout(data), Contains("in_use"));
  // As if each node had got other writes before it was killed.
  execute(data / "node-1.db", "UPDATE kv SET value = CAST('v' AS BLOB) || value");
  execute(data / "node-2.db", "DELETE FROM kv WHERE position % 2 = 0");
  {
    ServerProcess server(settings);
    Connection connection(server.port());
    for (unsigned i = 0; i < key_count; ++i) {
      const Reply first = connection.ask("GET", "key" + std::to_string(i));
      for (int again = 0; again < 5; ++again)
        CHECK(connection.ask("GET", "key" + std::to_string(i)) == first);
    }
    REQUIRE(comes_true([&] {
      const Reply nodes = connection.ask("NODES");
      return std::ranges::all_of(
          nodes.elements(), [](const Reply& node) { return field(node, "state").text() == "up"; });
    }));
    CHECK(server.stop() == 0);
  }
  CHECK(layout(data).find("in_use") == std::string::npos);
  execute(data / "node-1.db",
          "ATTACH '" + (data / "node-2.db").string() + "' AS two; ATTACH '" +
              (data / "node-3.db").string() +
              "' AS three; CREATE TEMP TABLE copies AS SELECT * FROM kv UNION ALL SELECT * FROM "
              "two.kv UNION ALL SELECT * FROM three.kv; CREATE TEMP TABLE odd AS SELECT key FROM "
              "copies GROUP BY key HAVING count(*) <> " +
              replicas +
              " OR count(DISTINCT hex(value)) <> 1 OR count(DISTINCT version) <> 1; CREATE TEMP "
              "TABLE none(x CHECK(x = 0)); INSERT INTO none SELECT count(*) FROM odd");
}

TEST_CASE("Durable server: loses no node when it is stopped while it copies", "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  {
    ServerProcess server(settings_for(data, {"--replicas", "2"}));
    fill(server, "v");
    for (const pid_t process : server.processes())
      kill(process, SIGKILL);
    REQUIRE(server.child().wait(20s));
  }
  {
    ServerProcess server(settings_for(data, {"--replicas", "2", "--copy-limit", "1KiB"}));
    REQUIRE(comes_true(
        [&] { return Contains("one of each is copied").match(server.child().errors()); }));
    CHECK(server.stop() == 0);
    CHECK_THAT(server.child().errors(), !Contains("lost") && !Contains("answer"));
  }
  CHECK_THAT(layout(data), Contains("in_use") && !Contains("lost"));
  ServerProcess server(settings_for(data, {"--replicas", "2"}));
  CHECK(there(server, "v") == key_count);
}

TEST_CASE("Durable server: a full disk fails writes, and nothing else", "[server][durable]") {
  const TemporaryFolder folder;
  const SmallDisk disk(folder.path(), "8m");
  if (!disk.mounted()) {
    WARN("not allowed to mount a small file system: not tested");
    return;
  }
  const std::string level = GENERATE("batch", "fsync");
  ServerProcess server(settings_for(folder.path(), {"--durability", level}));
  Connection connection(server.port());
  unsigned written = 0;
  Reply last = Reply::status("OK");
  for (; written < 10'000 && !last.is_error(); ++written)
    last = connection.ask("SET", std::to_string(written), std::string(10'000, 'v'));
  REQUIRE(last.is_error());
  CHECK_THAT(std::string(last.text()), StartsWith("IOERR"));
  REQUIRE(written > 10);
  CHECK(connection.ask("GET", "0") == Reply::bulk(std::string(10'000, 'v')));
  CHECK(connection.ask("GET", std::to_string(written - 1)) == Reply::nil());
  // Together with a write that fails, in one message perhaps.
  connection.send(pkv::Command("SET", "0", std::string(4'000'000, 'w')));
  connection.send(pkv::Command("GET", "0"));
  CHECK(connection.receive().is_error());
  CHECK(connection.receive() == Reply::bulk(std::string(10'000, 'v')));

  REQUIRE(disk.resize("64m"));
  CHECK(connection.ask("SET", std::to_string(written - 1), std::string(10'000, 'v')) ==
        Reply::status("OK"));
  CHECK(connection.ask("DBSIZE") == Reply::integer(written));
  CHECK(server.stop() == 0);
}

TEST_CASE("Durable server: a folder that may not be written", "[server][durable]") {
  const TemporaryFolder folder;
  const SmallDisk disk(folder.path(), "1m");
  if (!disk.mounted() || !disk.make_read_only()) {
    WARN("not allowed to mount a small file system: not tested");
    return;
  }
  CHECK_THAT(why_not(folder.path()), Contains("cannot write in") && Contains("--data"));
  CHECK_THAT(why_not(folder.path() / "below"), Contains("cannot make the folder"));
}

TEST_CASE("Durable server: clients raise what they need, and wait for the disk",
          "[server][durable]") {
  const std::string level = GENERATE("none", "batch", "fsync");
  const std::string replicas = GENERATE("1", "2");
  const TemporaryFolder folder;
  const ServerProcess server(
      settings_for(folder.path(), {"--durability", level, "--replicas", replicas}));
  Connection connection(server.port());
  CHECK(connection.ask("CLIENT", "DURABILITY") == Reply::bulk(level));
  CHECK(connection.ask("SET", "a", "1", "DURABLE", "fsync") == Reply::status("OK"));
  for (int i = 0; i < 200; ++i)
    connection.send(pkv::Command("SET", std::to_string(i), "v"));
  connection.send(pkv::Command("WAITDURABLE", "10000"));
  for (int i = 0; i < 201; ++i)
    REQUIRE(connection.receive() == Reply::status("OK"));
  CHECK(connection.ask("CLIENT", "DURABILITY", "fsync") == Reply::status("OK"));
  CHECK(connection.ask("CLIENT", "DURABILITY") == Reply::bulk("fsync"));
  for (int i = 0; i < 200; ++i)
    connection.send(pkv::Command("INCR", "n"));
  for (int i = 0; i < 200; ++i)
    REQUIRE(connection.receive() == Reply::integer(i + 1));
  CHECK(connection.ask("MSET", "b", "1", "c", "2") == Reply::status("OK"));
  CHECK(connection.ask("DEL", "b", "c", "none") == Reply::integer(2));
  CHECK(connection.ask("FLUSHALL") == Reply::status("OK"));
}

TEST_CASE("Durable server: a node that cannot wait for its disk does not hold others up",
          "[server][durable]") {
  const TemporaryFolder folder;
  const ServerProcess server(settings_for(folder.path()));
  Connection connection(server.port());
  const std::vector<std::string> keys = keys_on_all_nodes(connection, 3);
  REQUIRE(connection.ask("SET", keys[0], "v") == Reply::status("OK"));
  kill(server.rank(2), SIGSTOP);
  const auto began = std::chrono::steady_clock::now();
  const Reply late = connection.ask("WAITDURABLE", "200");
  const auto took = std::chrono::steady_clock::now() - began;
  CHECK_THAT(std::string(late.text()), StartsWith("TIMEOUT"));
  CHECK(took >= 200ms);
  CHECK(took < 5s);
  CHECK(connection.ask("GET", keys[0]) == Reply::bulk("v"));
  kill(server.rank(2), SIGCONT);
  CHECK(connection.ask("WAITDURABLE", "10000") == Reply::status("OK"));
}

TEST_CASE("Durable server: options that do not go together", "[server][durable]") {
  const TemporaryFolder folder;
  const std::string data = folder.path().string();
  const std::vector<std::string> arguments = GENERATE_COPY(
      std::vector<std::string>{"--engine", "sqlite"}, std::vector<std::string>{"--data", data},
      std::vector<std::string>{"--durability", "batch"},
      std::vector<std::string>{"--spares", "1", "--engine", "sqlite", "--data", data},
      std::vector<std::string>{"--max-value-bytes", "1000MiB", "--engine", "sqlite", "--data",
                               data},
      std::vector<std::string>{"--engine", "tape"},
      std::vector<std::string>{"--durability", "most", "--engine", "sqlite", "--data", data});
  CAPTURE(arguments);
  const Ended ended = run_server({.arguments = arguments});
  CHECK(ended.exit_status == 2);
  CHECK_THAT(ended.errors, Contains(arguments.front()) && Contains("pkv_server --help"));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("Durable server: a folder that cannot be made", "[server][durable]") {
  CHECK_THAT(why_not("/dev/null/folder"), Contains("/dev/null/folder") && Contains("--data"));
}

TEST_CASE("Durable server: a worker without replicas returns with its file", "[server][durable]") {
  const TemporaryFolder folder;
  const ServerProcess server(
      settings_for(folder.path(), {"--on-worker-loss", "restart", "--enable-debug-commands"}));
  fill(server, "v");
  Connection connection(server.port());
  REQUIRE(connection.ask("NODE", "KILL", "2") == Reply::status("OK"));
  REQUIRE(comes_true([&] { return there(server, "v") == key_count; }));
  CHECK(connection.ask("DBSIZE") == Reply::integer(key_count));
}

TEST_CASE("Durable server: a worker with replicas is filled anew, also by the next server",
          "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  const ServerSettings settings =
      settings_for(data, {"--replicas", "2", "--enable-debug-commands"});
  const auto nothing_lost = [&] { return layout(data).find("lost") == std::string::npos; };
  {
    ServerProcess server(settings);
    fill(server, "old");
    Connection connection(server.port());
    REQUIRE(connection.ask("NODE", "KILL", "2") == Reply::status("OK"));
    REQUIRE(comes_true([&] { return !nothing_lost(); }));
    fill(server, "new");
    REQUIRE(comes_true(nothing_lost));
    CHECK(there(server, "new") == key_count);
    CHECK(server.stop() == 0);
  }
  CHECK(nothing_lost());

  // As if it had ended before node 3 was filled again.
  execute(data / "node-3.db", "UPDATE kv SET value = CAST('stale' AS BLOB)");
  std::string text = layout(data);
  text.insert(text.rfind("end"), "lost 3 1\n");
  std::ofstream(data / "pkv.layout") << text;
  {
    ServerProcess server(settings);
    CHECK(there(server, "new") == key_count);
    REQUIRE(comes_true(nothing_lost));
    CHECK(there(server, "new") == key_count);
    CHECK(server.stop() == 0);
  }

  std::filesystem::remove(data / "node-1.db");
  ServerProcess server(settings);
  REQUIRE(comes_true(nothing_lost));
  CHECK(there(server, "new") == key_count);
  CHECK(server.stop() == 0);

  // As if nodes 1, 2 had been lost in turn when all were killed: node 2 has what was acknowledged.
  const std::string later = std::to_string(~std::uint64_t{0} >> 1);
  const std::string latest = std::to_string((~std::uint64_t{0} >> 1) + 1);
  execute(data / "node-1.db", "UPDATE kv SET value = CAST('stale' AS BLOB)");
  execute(data / "node-2.db",
          "ATTACH '" + (data / "node-3.db").string() +
              "' AS three; UPDATE kv SET value = CAST('stale' AS BLOB) WHERE key IN (SELECT key "
              "FROM three.kv)");
  text = layout(data);
  text.insert(text.rfind("end"), "in_use\nlost 1 " + later + "\nlost 2 " + latest + "\n");
  std::ofstream(data / "pkv.layout") << text;
  {
    ServerProcess late(settings);
    CHECK(there(late, "new") == key_count);
    REQUIRE(comes_true(nothing_lost));
    CHECK(there(late, "new") == key_count);
    CHECK(late.stop() == 0);
  }

  text = layout(data);
  text.insert(text.rfind("end"), "lost 1 1\nlost 2 1\n");
  std::ofstream(data / "pkv.layout") << text;
  CHECK_THAT(why_not(data, {"--replicas", "2"}), Contains("2 nodes") && Contains("unfinished"));
}

TEST_CASE("Durable server: starts with other numbers of workers, weights, replicas and points",
          "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  const auto log = data / "log";
  struct Start {
    int workers;
    std::vector<std::string> arguments;
  };
  const std::vector<Start> starts{
      {4, {}},
      {2, {}},
      {8, {"--replicas", "2"}},
      {3, {"--replicas", "2", "--weights", "1,0.5,2"}},
      {3, {"--points-per-node", "nodes"}},
      {1, {"--replicas", "2"}},  // of which there can be one
  };
  std::string value;
  for (std::size_t i = 0; i < starts.size(); ++i) {
    CAPTURE(i);
    ServerSettings settings = settings_for(data, starts[i].arguments);
    settings.arguments.insert(settings.arguments.end(), {"--log-file", log.string()});
    settings.workers = starts[i].workers;
    settings.by_mpiexec = i % 2 == 1;
    ServerProcess server(settings);
    Connection connection(server.port());
    CHECK(connection.ask("DBSIZE") == Reply::integer(i == 0 ? 0 : key_count));
    if (i > 0) CHECK(there(server, value) == key_count);
    CHECK_THAT(std::string(connection.ask("INFO", "persistence").text()),
               Contains("entries_rewritten_at_start:" + std::to_string(i == 0 ? 0 : key_count)));
    value = "v" + std::to_string(i);
    fill(server, value);
    if (i % 3 == 0) {
      CHECK(server.stop() == 0);
      continue;
    }
    for (const pid_t process : server.processes())
      kill(process, SIGKILL);
    REQUIRE(server.child().wait(20s));
  }
  CHECK_THAT(contents(log), Contains("written with --workers 4, not --workers 2"));
  CHECK_FALSE(std::filesystem::exists(data / "node-2.db"));
  CHECK_THAT(why_not(data, {"--workers", "2", "--weights", "1,2,3"}),
             Contains("--weights gives 3 numbers") && Contains("2 workers"));
}

TEST_CASE("Durable server: under mpiexec, too, it says why files cannot be written anew",
          "[server][durable]") {
  const std::string replicas = GENERATE("1", "2");
  const TemporaryFolder folder;
  {
    ServerProcess server(settings_for(folder.path(), {"--replicas", replicas}));
    CHECK(server.stop() == 0);
  }
  std::ofstream(folder.path() / "node-4.db") << "precious";
  const Ended ended = run_to_end(
      {.arguments = {mpiexec_path(), "-n", "5", PKV_SERVER_PATH, "--port", "0", "--engine",
                     "sqlite", "--data", folder.path().string(), "--replicas", replicas}});
  CHECK(ended.exit_status == 1);
  CHECK_THAT(ended.errors, Contains("node-4.db is there"));
  CHECK(contents(folder.path() / "node-4.db") == "precious");
}

TEST_CASE("Durable server: a ring that was changed lasts", "[server][durable]") {
  const std::string replicas = GENERATE("1", "2");
  CAPTURE(replicas);
  const TemporaryFolder folder;
  const auto& data = folder.path();
  ServerSettings settings = settings_for(data, {"--replicas", replicas});
  settings.workers = 4;
  const auto is_clean = [&data] { return layout(data).find("leftovers") == std::string::npos; };
  const auto state_of = [](Connection& connection, std::size_t node) {
    const Reply nodes = connection.ask("NODES");
    return std::string(field(nodes.elements()[node - 1], "state").text());
  };
  {
    ServerProcess server(settings);
    fill(server, "v");
    Connection connection(server.port());
    CHECK(connection.ask("NODE", "WEIGHT", "2", "2.5") == Reply::status("OK"));
    CHECK_FALSE(is_clean());
    REQUIRE(comes_true(is_clean));
    CHECK(connection.ask("NODE", "DRAIN", "4") == Reply::status("OK"));
    REQUIRE(comes_true([&] { return state_of(connection, 4) == "drained" && is_clean(); }));
    CHECK(there(server, "v") == key_count);
    CHECK(server.stop() == 0);
  }
  CHECK_THAT(layout(data), Contains("weights 1 2.5 1 1\noff 4\n"));
  {
    ServerProcess server(settings);
    Connection connection(server.port());
    CHECK(state_of(connection, 4) == "drained");
    CHECK(there(server, "v") == key_count);
    fill(server, "w");
    CHECK(connection.ask("NODE", "ADD") == Reply::status("OK"));
    REQUIRE(comes_true([&] { return state_of(connection, 4) == "up" && is_clean(); }));
    CHECK(there(server, "w") == key_count);
    if (replicas == "2") {
      CHECK(connection.ask("NODE", "FAIL", "1") == Reply::status("OK"));
      REQUIRE(comes_true([&] { return state_of(connection, 1) == "failed" && is_clean(); }));
      CHECK_THAT(layout(data), Contains("off 1\n") && !Contains("lost"));
    } else {
      CHECK_THAT(std::string(connection.ask("NODE", "FAIL", "1").text()), Contains("DRAIN it"));
    }
    for (const pid_t process : server.processes())
      kill(process, SIGKILL);
    REQUIRE(server.child().wait(20s));
  }
  settings.arguments.insert(settings.arguments.end(), {"--weights", "1,1,1,1"});
  ServerProcess server(settings);
  Connection connection(server.port());
  CHECK(there(server, "w") == key_count);
  CHECK(state_of(connection, 1) == "up");
  CHECK(connection.ask("DBSIZE") == Reply::integer(key_count));
  CHECK_THAT(layout(data), !Contains("weights") && !Contains("off"));
  CHECK(server.stop() == 0);
}

TEST_CASE("Durable server: without replicas a worker that dies takes a change of the ring back",
          "[server][durable]") {
  const TemporaryFolder folder;
  const auto& data = folder.path();
  const auto log = data / "log";
  ServerProcess server(settings_for(data, {"--on-worker-loss", "restart", "--enable-debug-commands",
                                           "--copy-limit", "1000", "--log-file", log.string()}));
  fill(server, "v");
  Connection connection(server.port());
  CHECK(connection.ask("NODE", "DRAIN", "2") == Reply::status("OK"));
  CHECK(connection.ask("NODE", "KILL", "3") == Reply::status("OK"));
  REQUIRE(comes_true([&data] { return layout(data).find("leftovers") == std::string::npos; }));
  CHECK_THAT(layout(data), !Contains("off"));
  CHECK_THAT(contents(log), Contains("the change of the ring is taken back"));
  CHECK(there(server, "v") == key_count);
  CHECK(connection.ask("DBSIZE") == Reply::integer(key_count));
  CHECK(server.stop() == 0);
  CHECK(rows(data) == static_cast<int>(key_count));
}

}  // namespace
}  // namespace pkv::test

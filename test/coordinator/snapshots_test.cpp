#include "coordinator/snapshots.hpp"

#include "coordinator/rig.hpp"
#include "coordinator/snapshot_restore.hpp"
#include "storage/snapshot_reader.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <thread>

using namespace pkv;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using test::encoded;
using test::Rig;
using test::TemporaryFolder;
using test::TestClient;

namespace {

/// Turns until the writer's thread is done.
void wait_for_snapshot(Rig& rig) {
  while (rig.service.reads_store()) {
    rig.turn();
    std::this_thread::yield();
  }
  rig.turn();
}

std::string ask_and_wait(Rig& rig, TestClient& client, const std::string& command) {
  client.send(command + "\r\n");
  wait_for_snapshot(rig);
  rig.settle();
  return client.take();
}

std::map<std::string, std::string> entries_in(const std::filesystem::path& folder) {
  std::map<std::string, std::string> entries;
  SnapshotReader snapshot(folder);
  while (const auto entry = snapshot.next())
    CHECK(entries.emplace(entry->key, entry->value).second);
  CHECK(entries.size() == snapshot.manifest().entries());
  return entries;
}

std::map<std::string, std::string> fill(Rig& rig, TestClient& client, int count) {
  std::map<std::string, std::string> entries;
  for (int i = 0; i < count; ++i) {
    const std::string key = std::string("k\0\xff", 3) + std::to_string(i);
    entries[key] = std::string(static_cast<std::size_t>(i), '\0');
    client.send(encoded({"SET", key, entries[key]}));
  }
  rig.settle();
  client.take();
  return entries;
}

}  // namespace

TEST_CASE("SAVE: makes a snapshot of its place in the order", "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  const std::size_t replicas = GENERATE(1U, 2U);
  Rig rig(3, {}, replicas);
  rig.service.snapshots.keep_in(folder.path() / "made");
  TestClient client(rig);
  const auto then = fill(rig, client, 200);
  // What comes behind it in the pipeline waits for its answer, and is not in it.
  client.send("SAVE first\r\nSET later 1\r\nPING\r\n");
  TestClient other(rig, 2);
  other.send("SET other 1\r\n");
  wait_for_snapshot(rig);
  rig.settle();
  CHECK(client.take() == "+OK\r\n+OK\r\n+PONG\r\n");
  CHECK(other.take() == "+OK\r\n");
  CHECK(entries_in(folder.path() / "made" / "first") == then);
  CHECK_FALSE(std::filesystem::exists(folder.path() / "made" / "first.part"));

  CHECK(ask_and_wait(rig, client, "FLUSHALL") == "+OK\r\n");
  CHECK(ask_and_wait(rig, client, "SAVE empty") == "+OK\r\n");
  CHECK(entries_in(folder.path() / "made" / "empty").empty());
  CHECK(ask_and_wait(rig, client, "BGSAVE later") == "+Background saving started\r\n");
  CHECK(entries_in(folder.path() / "made" / "later").empty());
  CHECK(ask_and_wait(rig, client, "SAVE") == "+OK\r\n");
  CHECK(ask_and_wait(rig, client, "LASTSAVE").size() > 10);
}

TEST_CASE("SAVE: is refused with the reason", "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  Rig rig(2);
  TestClient client(rig);
  CHECK_THAT(ask_and_wait(rig, client, "SAVE a"),
             StartsWith("-ERR there is no folder for snapshots"));
  rig.service.snapshots.keep_in(folder.path());
  for (const std::string name : {"../a", "/a", "a/b", ".", "..", ".hidden", "a.part", "\"a b\"",
                                 "\"a\\x00\"", "\"\\xc3\\xa4\""})
    CHECK_THAT(ask_and_wait(rig, client, "SAVE " + name),
               StartsWith("-ERR the name of a snapshot"));
  CHECK_THAT(ask_and_wait(rig, client, "SAVE " + std::string(129, 'a')),
             StartsWith("-ERR the name"));
  CHECK(ask_and_wait(rig, client, "SAVE " + std::string(128, 'a')) == "+OK\r\n");
  CHECK(ask_and_wait(rig, client, "SAVE a") == "+OK\r\n");
  CHECK_THAT(ask_and_wait(rig, client, "SAVE a"), StartsWith("-EXISTS "));
  std::ofstream(folder.path() / "file") << "mine";
  CHECK_THAT(ask_and_wait(rig, client, "SAVE file"), StartsWith("-EXISTS "));

  // Somebody else's things are left alone.
  std::filesystem::create_directories(folder.path() / "mine.part" / "deep");
  CHECK_THAT(ask_and_wait(rig, client, "SAVE mine"), StartsWith("-IOERR cannot make the folder"));
  CHECK(std::filesystem::exists(folder.path() / "mine.part" / "deep"));
  // Those of a writer that was killed are not.
  std::filesystem::create_directories(folder.path() / "killed.part");
  std::ofstream(folder.path() / "killed.part" / "node-1.db") << "half";
  CHECK(ask_and_wait(rig, client, "SAVE killed") == "+OK\r\n");

  rig.service.snapshots.keep_in(folder.path() / "file");
  CHECK_THAT(ask_and_wait(rig, client, "SAVE b"), StartsWith("-IOERR cannot make the folder"));
}

TEST_CASE("SAVE: one at a time", "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  Rig rig(2);
  rig.service.snapshots.keep_in(folder.path());
  TestClient client(rig);
  rig.transport.by_hand();
  client.send("SAVE a\r\n");
  TestClient other(rig, 2);
  other.send("SAVE b\r\n");
  CHECK_THAT(other.take(), StartsWith("-BUSY "));
  rig.transport.let_go();
  wait_for_snapshot(rig);
  CHECK(client.take() == "+OK\r\n");
  CHECK(ask_and_wait(rig, other, "SAVE b") == "+OK\r\n");
}

TEST_CASE("SAVE: leaves nothing when a node is lost, or all are", "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  Rig rig(2);
  rig.service.snapshots.keep_in(folder.path());
  TestClient client(rig);
  fill(rig, client, 100);
  rig.transport.by_hand();
  client.send("SAVE a\r\n");
  rig.turn();
  lose(rig, 1);
  rig.transport.let_go();
  CHECK_THAT(ask_and_wait(rig, client, "PING"), StartsWith("-NODEDOWN ") && Contains("+PONG"));
  CHECK_THAT(ask_and_wait(rig, client, "SAVE a"), StartsWith("-NODEDOWN "));
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("SAVE: goes on without the client that asked", "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  Rig rig(2);
  rig.service.snapshots.keep_in(folder.path());
  {
    TestClient client(rig);
    client.send("SAVE a\r\n");
    client.conversation.discard_output();
    CHECK(client.conversation.drained());
  }
  wait_for_snapshot(rig);
  CHECK(entries_in(folder.path() / "a").empty());
}

TEST_CASE("SAVE: a server that ends leaves no half snapshot", "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  {
    Rig rig(2);
    rig.service.snapshots.keep_in(folder.path());
    TestClient client(rig);
    client.send("BGSAVE a\r\n");
    rig.turn();
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("SnapshotRestore: any number of nodes gets what was there", "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  std::map<std::string, std::string> then;
  {
    Rig rig(3, {}, 2);
    rig.service.snapshots.keep_in(folder.path());
    TestClient client(rig);
    then = fill(rig, client, 300);
    CHECK(ask_and_wait(rig, client, "SAVE a") == "+OK\r\n");
  }
  const std::size_t nodes = GENERATE(1U, 2U, 5U);
  const std::size_t replicas = GENERATE(1U, 2U);
  Rig rig(nodes, {}, replicas);
  const auto restore = [&] {
    std::optional<std::string> failure;
    SnapshotRestore restoring(rig.coordinator, rig.service.key_counts, folder.path() / "a", {});
    restoring.begin([&](const std::string& why) { failure = why; });
    while (!failure) {
      restoring.step();
      rig.turn();
    }
    CHECK(restoring.over());
    return *failure;
  };
  CHECK(restore().empty());
  rig.service.snapshots.keep_in(folder.path());
  TestClient client(rig);
  CHECK(ask_and_wait(rig, client, "SAVE b") == "+OK\r\n");
  CHECK(entries_in(folder.path() / "b") == then);
  CHECK_THAT(restore(), StartsWith("the store holds 300 keys already"));
}

TEST_CASE("SnapshotRestore: entries beyond the store's limits are refused",
          "[coordinator][snapshot]") {
  const TemporaryFolder folder;
  {
    Rig rig(1);
    rig.service.snapshots.keep_in(folder.path());
    TestClient client(rig);
    fill(rig, client, 100);
    CHECK(ask_and_wait(rig, client, "SAVE a") == "+OK\r\n");
  }
  Rig rig(2, {.max_value_bytes = 50});
  SnapshotRestore restoring(rig.coordinator, rig.service.key_counts, folder.path() / "a", {});
  std::optional<std::string> failure;
  restoring.begin([&](const std::string& why) { failure = why; });
  while (!failure) {
    restoring.step();
    rig.turn();
  }
  CHECK_THAT(*failure, Contains("maximum allowed size"));
  rig.settle();
}

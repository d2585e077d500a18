#include "pkv/sqlite_engine.hpp"

#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstddef>
#include <random>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

// The process that holds the engine is killed, or the disk is really full.

namespace pkv {
namespace {

constexpr unsigned keys_per_batch = 20;

SqliteEngineOptions options_in(const std::filesystem::path& folder, Durability durability) {
  SqliteEngineOptions options;
  options.file = folder / "node-1.db";
  options.durability = durability;
  return options;
}

/// Writes batch after batch, each over the same keys, and tells `out` after each commit. Ends only
/// by a signal.
[[noreturn]] void write_for_ever(const SqliteEngineOptions& options, unsigned first, int out) {
  SqliteEngine engine(options);
  for (unsigned batch = first;; ++batch) {
    bool worked = engine.begin_batch().has_value();
    for (unsigned i = 0; i < keys_per_batch; ++i)
      worked = worked && engine.put(std::to_string(i), std::to_string(batch), batch);
    worked = worked && engine.put("new" + std::to_string(batch), "", batch) && engine.end_batch();
    if (!worked || write(out, &batch, sizeof batch) != sizeof batch) _exit(1);
  }
}

TEST_CASE("SqliteEngine: after kill -9 there are all finished batches, and none in part",
          "[storage][sqlite]") {
  const auto durability = GENERATE(Durability::batch, Durability::fsync);
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  const test::TemporaryFolder folder;
  const SqliteEngineOptions options = options_in(folder.path(), durability);
  unsigned finished = 0;
  for (int round = 0; round < 8; ++round) {
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) write_for_ever(options, finished + 1, pipe_ends[1]);
    close(pipe_ends[1]);
    // After some batches, at any moment of the next ones.
    const unsigned wanted = 1 + static_cast<unsigned>(random() % 60);
    unsigned told = 0;
    unsigned batch = 0;
    while (told < wanted && read(pipe_ends[0], &batch, sizeof batch) == sizeof batch)
      ++told, finished = batch;
    usleep(static_cast<useconds_t>(random() % 500));
    kill(child, SIGKILL);
    while (read(pipe_ends[0], &batch, sizeof batch) == sizeof batch)
      finished = batch;
    close(pipe_ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    SqliteEngine engine(options);
    const unsigned there = static_cast<unsigned>(std::stoul(std::string(engine.find("0")->value)));
    CHECK(there >= finished);
    CHECK(there <= finished + 1);  // committed, but not told
    finished = there;
    for (unsigned i = 0; i < keys_per_batch; ++i)
      CHECK(engine.find(std::to_string(i))->value == std::to_string(there));
    CHECK(engine.count() == keys_per_batch + there);
    CHECK(engine.newest_version() == there);
    CHECK(engine.scan(0, 1'000'000)->entries.size() == engine.count());
  }
}

TEST_CASE("SqliteEngine: a disk that is really full", "[storage][sqlite]") {
  const test::TemporaryFolder folder;
  const test::SmallDisk disk(folder.path(), "2m");
  if (!disk.mounted()) {
    WARN("not allowed to mount a small file system: not tested");
    return;
  }
  const auto durability = GENERATE(Durability::none, Durability::batch, Durability::fsync);
  SqliteEngine engine(options_in(folder.path(), durability));
  unsigned written = 0;
  while (written < 2'000 &&
         engine.put(std::to_string(written), std::string(3'000, 'v'), written + 1))
    ++written;
  REQUIRE(written > 10);
  REQUIRE(written < 2'000);
  CHECK(engine.count() == written);
  CHECK(engine.newest_version() == written);
  for (unsigned i = 0; i < written; ++i)
    REQUIRE(engine.find(std::to_string(i))->value == std::string(3'000, 'v'));
  CHECK(engine.find(std::to_string(written)).error() == errc::key_not_found);
  CHECK(engine.put("another", std::string(300'000, 'v'), 9'999).error() == errc::storage_failure);

  REQUIRE(disk.resize("16m"));
  REQUIRE(engine.put("room", std::string(300'000, 'v'), 10'000));
  CHECK(engine.count() == written + 1);
}

}  // namespace
}  // namespace pkv

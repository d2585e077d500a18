#include "pkv/sqlite_engine.hpp"

#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <sqlite3.h>
#include <string>
#include <vector>

// The system fails to bring to the disk what was written, or files are damaged and set aside.

namespace pkv {
namespace {

/// While it lives, SQLite's files can be told to fail when they are synced.
class FaultyDisk {
 public:
  FaultyDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    fails = false;
    vfs_.zName = "faulty";
    vfs_.pAppData = real_;
    vfs_.xOpen = open;
    REQUIRE(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK);
  }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;
  ~FaultyDisk() { sqlite3_vfs_unregister(&vfs_); }

  inline static bool fails = false;

 private:
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* got) {
    auto* const real = static_cast<sqlite3_vfs*>(vfs->pAppData);
    const int code = real->xOpen(real, name, file, flags, got);
    if (code != SQLITE_OK || file->pMethods == nullptr) return code;
    // Database and log have different ones, which differ in how they lock.
    sqlite3_io_methods& methods = methods_[file->pMethods];
    methods = *file->pMethods;
    methods.xSync = sync;
    file->pMethods = &methods;
    return code;
  }
  static int sync(sqlite3_file* file, int flags) {
    if (fails) return SQLITE_IOERR_FSYNC;
    for (const auto& [real, methods] : methods_)
      if (file->pMethods == &methods) return real->xSync(file, flags);
    return SQLITE_MISUSE;
  }

  inline static std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods_;
  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
};

struct Written {
  explicit Written(Durability durability) {
    options.file = folder.path() / "node-1.db";
    options.durability = durability;
    options.log = [this](LogLevel, std::string_view line) { logged.emplace_back(line); };
    options.on_fault = [this](FileFault fault) { faults.push_back(fault); };
  }

  test::TemporaryFolder folder;
  SqliteEngineOptions options;
  std::vector<std::string> logged;
  std::vector<FileFault> faults;
};

TEST_CASE("SqliteEngine: with fsync a write that does not come to the disk fails",
          "[storage][sqlite]") {
  const FaultyDisk disk;
  Written written(Durability::fsync);
  SqliteEngine engine(written.options);
  REQUIRE(engine.put("before", "1", 1));
  FaultyDisk::fails = true;
  CHECK(engine.put("after", "2", 2).error() == errc::storage_failure);
  CHECK(written.faults == std::vector{FileFault::not_synced});
  CHECK(written.logged.size() == 1);
  FaultyDisk::fails = false;
  CHECK(engine.find("before")->value == "1");
}

TEST_CASE("SqliteEngine: flush() says that what was written is not on the disk",
          "[storage][sqlite]") {
  const FaultyDisk disk;
  Written written(GENERATE(Durability::none, Durability::batch));
  SqliteEngine engine(written.options);
  FaultyDisk::fails = true;
  REQUIRE(engine.put("k", "1", 1));
  CHECK(written.faults.empty());
  CHECK(engine.flush().error() == errc::storage_failure);
  CHECK(written.faults == std::vector{FileFault::not_synced});
  FaultyDisk::fails = false;
  REQUIRE(engine.flush());
  CHECK(engine.find("k")->value == "1");
}

TEST_CASE("SqliteEngine: a log that cannot be copied into the file is a fault",
          "[storage][sqlite]") {
  const FaultyDisk disk;
  Written written(Durability::batch);
  SqliteEngine engine(written.options);
  FaultyDisk::fails = true;
  std::string value;
  for (Version version = 0; written.faults.empty() && version < 40; ++version) {
    value.assign(4'000'000, static_cast<char>(version));  // what is the same is not written again
    REQUIRE(engine.put("k", value, version));
  }
  CHECK(written.faults == std::vector{FileFault::not_synced});
  CHECK((engine.find("k")->value == value));
  FaultyDisk::fails = false;
}

TEST_CASE("SqliteEngine: a file that is set aside keeps all that belongs to it",
          "[storage][sqlite]") {
  Written written(Durability::batch);
  const auto aside = [&written](const std::string& addition) {
    return written.options.file.string() + addition;
  };
  {
    SqliteEngine engine(written.options);
    REQUIRE(engine.put("k", "in the log", 1));
    CHECK(set_sqlite_file_aside(written.options.file) == aside(".damaged-1"));
    CHECK(std::filesystem::exists(aside(".damaged-1-wal")));
    CHECK_FALSE(std::filesystem::exists(written.options.file));
    CHECK_FALSE(std::filesystem::exists(aside("-wal")));
  }
  CHECK(SqliteEngine(written.options).count() == 0);
  CHECK(set_sqlite_file_aside(written.options.file) == aside(".damaged-2"));

  SqliteEngineOptions options = written.options;
  options.file = aside(".damaged-1");
  SqliteEngine engine(options);
  CHECK(engine.find("k")->value == "in the log");
}

TEST_CASE("SqliteEngine: what is there of an earlier damaged file is not overwritten",
          "[storage][sqlite]") {
  const Written written(Durability::batch);
  const std::string file = written.options.file.string();
  std::ofstream(file) << "new";
  std::ofstream(file + ".damaged-1-wal") << "of one whose file was removed";
  CHECK(set_sqlite_file_aside(file) == file + ".damaged-2");
  CHECK(std::filesystem::exists(file + ".damaged-1-wal"));
}

}  // namespace
}  // namespace pkv

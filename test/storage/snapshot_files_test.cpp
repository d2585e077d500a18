#include "storage/snapshot_file.hpp"
#include "storage/snapshot_manifest.hpp"
#include "storage/snapshot_reader.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

using namespace pkv;
using Catch::Matchers::Contains;
using test::TemporaryFolder;

namespace {

/// A snapshot of two files with five entries each.
SnapshotManifest make_snapshot(const std::filesystem::path& folder) {
  SnapshotManifest manifest;
  manifest.sequence = 77;
  manifest.time_ms = 1'234;
  for (const std::uint32_t node : {1U, 4U}) {
    SnapshotFile file(folder, node);
    for (int i = 0; i < 5; ++i)
      file.add({std::to_string(node) + "/" + std::to_string(i), std::string(1'000, 'v'), 9});
    manifest.files.push_back(file.finish());
  }
  write_snapshot_manifest(folder, manifest);
  return manifest;
}

std::string why_not(const std::filesystem::path& folder) {
  try {
    const SnapshotReader reader(folder);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "it was read";
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("Snapshot files: are read as they were written", "[storage][snapshot]") {
  const TemporaryFolder folder;
  const SnapshotManifest written = make_snapshot(folder.path());
  SnapshotReader reader(folder.path());
  CHECK(reader.manifest() == written);
  CHECK(reader.manifest().entries() == 10);
  std::size_t entries = 0;
  while (const auto entry = reader.next()) {
    CHECK(entry->value == std::string(1'000, 'v'));
    CHECK(entry->version == 9);
    ++entries;
  }
  CHECK(entries == 10);
  CHECK_FALSE(reader.next());
  // Nothing beside them: neither logs nor locks.
  for (const auto& file : std::filesystem::directory_iterator(folder.path()))
    CHECK((file.path().extension() == ".db" || file.path().filename() == "pkv.snapshot"));
}

TEST_CASE("Snapshot files: a key twice is refused", "[storage][snapshot]") {
  const TemporaryFolder folder;
  SnapshotFile file(folder.path(), 1);
  file.add({"k", "v", 1});
  CHECK_THROWS_AS(file.add({"k", "w", 2}), std::runtime_error);
}

TEST_CASE("Snapshot files: what is damaged, incomplete or newer is refused with the reason",
          "[storage][snapshot]") {
  const TemporaryFolder folder;
  const auto& path = folder.path();
  CHECK_THAT(why_not(path / "missing"), Contains("is no snapshot"));
  CHECK_THAT(why_not(path), Contains("is no snapshot"));
  make_snapshot(path);
  const std::string manifest = text_of(path / "pkv.snapshot");
  const auto with = [&](const std::string& text) {
    std::ofstream(path / "pkv.snapshot") << text;
    return why_not(path);
  };
  SECTION("a file that is missing") {
    std::filesystem::remove(path / "node-4.db");
    CHECK_THAT(why_not(path), Contains("not whole") && Contains("node-4.db"));
  }
  SECTION("a file that is short") {
    std::filesystem::resize_file(path / "node-1.db", 2'048);
    CHECK_THAT(why_not(path), Contains("node-1.db has 2048 bytes and should have"));
  }
  SECTION("a byte that has changed") {
    std::fstream file(path / "node-1.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5'000);
    file.put('X');
    file.close();
    CHECK_THAT(why_not(path), Contains("the checksum of") && Contains("node-1.db"));
  }
  SECTION("a newer format") {
    CHECK_THAT(with("format 2\nend\n"), Contains("format 2") && Contains("newer program"));
  }
  SECTION("half a manifest, wherever it is cut") {
    for (std::size_t length = 0; length + 1 < manifest.size(); ++length) {
      CAPTURE(length);
      CHECK_THAT(with(manifest.substr(0, length)), Contains("pkv.snapshot is damaged"));
    }
  }
  SECTION("a line that is none, or names another folder") {
    CHECK_THAT(with("format 1\nwhat 3\nend\n"), Contains("is damaged"));
    CHECK_THAT(with("format 1\nfile ../node-1.db 1 1 1 1\nend\n"), Contains("is damaged"));
    CHECK_THAT(with("format 1\nfile node-1.db 1 1 x\nend\n"), Contains("is damaged"));
    CHECK_THAT(with("end\n"), Contains("is damaged"));
  }
}

#include "storage/snapshot_manifest.hpp"

#include "base/hash.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <memory>
#include <new>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace pkv {
namespace {

/// A change that an older program would not understand counts it up.
constexpr unsigned manifest_format = 1;

constexpr auto manifest_name = "pkv.snapshot";

/// A descriptor that is closed.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : descriptor_(open(path.c_str(), flags | O_CLOEXEC)) {
    if (descriptor_ < 0)
      throw std::runtime_error("cannot open " + path.string() + ": " +
                               std::generic_category().message(errno));
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(descriptor_); }

  [[nodiscard]] int get() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

[[noreturn]] void refuse_damaged(const std::filesystem::path& path) {
  throw std::runtime_error(path.string() + " is damaged: it is not as a snapshot leaves it");
}

void check_format(std::istream& words, const std::filesystem::path& path) {
  unsigned written = 0;
  if (!(words >> written)) refuse_damaged(path);
  if (written > manifest_format)
    throw std::runtime_error(path.string() + " is in format " + std::to_string(written) +
                             ", and this program knows formats up to " +
                             std::to_string(manifest_format) +
                             ": use the newer program that wrote it");
}

/// Whether the line is one that there may be. Files are in the folder itself.
bool read_line(const std::string& line, const std::filesystem::path& path,
               SnapshotManifest& manifest) {
  std::istringstream words(line);
  std::string name;
  words >> name;
  if (name == "format") {
    check_format(words, path);
  } else if (name == "sequence") {
    words >> manifest.sequence;
  } else if (name == "time_ms") {
    words >> manifest.time_ms;
  } else if (name == "file") {
    SnapshotFileNotes file;
    words >> file.name >> file.node >> file.entries >> file.bytes >> std::hex >> file.checksum;
    if (file.name.find('/') != std::string::npos) return false;
    manifest.files.push_back(std::move(file));
  } else if (name != "end") {
    return false;
  }
  return !words.fail();
}

}  // namespace

std::uint64_t SnapshotManifest::entries() const noexcept {
  std::uint64_t entries = 0;
  for (const SnapshotFileNotes& file : files)
    entries += file.entries;
  return entries;
}

void write_snapshot_manifest(const std::filesystem::path& folder,
                             const SnapshotManifest& manifest) {
  const std::filesystem::path path = folder / manifest_name;
  std::ofstream text(path);
  text << "format " << manifest_format << "\nsequence " << manifest.sequence << "\ntime_ms "
       << manifest.time_ms << '\n';
  for (const SnapshotFileNotes& file : manifest.files)
    text << "file " << file.name << ' ' << file.node << ' ' << file.entries << ' ' << file.bytes
         << ' ' << std::hex << file.checksum << std::dec << '\n';
  text << "end\n";
  text.close();
  if (!text)
    throw std::runtime_error("cannot write " + path.string() + ": " +
                             std::generic_category().message(errno));
  sync_to_disk(path);
}

SnapshotManifest read_snapshot_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / manifest_name;
  std::ifstream text(path);
  if (!text) {
    std::error_code ignored;
    const bool there = std::filesystem::exists(path, ignored);
    throw std::runtime_error(folder.string() +
                             (there ? std::string(" cannot be read: change its permissions")
                                    : " is no snapshot: there is no " + path.string()));
  }
  SnapshotManifest manifest;
  std::string first;
  std::string last;
  for (std::string line; std::getline(text, line); last = line) {
    if (first.empty()) first = line;
    if (!read_line(line, path, manifest)) refuse_damaged(path);
  }
  if (!first.starts_with("format ") || last != "end") refuse_damaged(path);
  return manifest;
}

std::uint64_t checksum_of_file(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              XXH3_freeState);
  if (state == nullptr) throw std::bad_alloc();
  XXH3_64bits_reset(state.get());
  const auto block = std::make_unique<std::array<char, std::size_t{1} << 18>>();
  for (;;) {
    const ssize_t read_bytes = read(file.get(), block->data(), block->size());
    if (read_bytes == 0) return XXH3_64bits_digest(state.get());
    if (read_bytes < 0 && errno == EINTR) continue;
    if (read_bytes < 0)
      throw std::runtime_error("cannot read " + path.string() + ": " +
                               std::generic_category().message(errno));
    XXH3_64bits_update(state.get(), block->data(), static_cast<std::size_t>(read_bytes));
  }
}

void sync_to_disk(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (fsync(file.get()) != 0)
    throw std::runtime_error("cannot bring " + path.string() +
                             " to the disk: " + std::generic_category().message(errno));
}

}  // namespace pkv

#include "coordinator/snapshot_writer.hpp"

#include "storage/snapshot_file.hpp"
#include "wire/copying.hpp"

#include <cerrno>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <map>
#include <pthread.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pkv {
namespace {

/// Clients come first, where there are fewer CPUs than threads.
constexpr int niceness = 10;

std::filesystem::path unfinished_name(std::filesystem::path folder) {
  return folder += ".part";
}

[[noreturn]] void refuse(const std::string& what, const std::filesystem::path& path, int error) {
  throw std::runtime_error(what + " " + path.string() + ": " +
                           std::generic_category().message(error));
}

/// Removes what an earlier writer, killed at its work, has left; nothing else.
void remove_parts(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(folder, error))
    if (is_part_of_snapshot(file.path())) std::filesystem::remove(file.path(), error);
  std::filesystem::remove(folder, error);
}

void make_folder(const std::filesystem::path& folder) {
  remove_parts(folder);
  std::error_code ignored;  // what comes next says so, too
  std::filesystem::create_directories(folder.parent_path(), ignored);
  std::error_code error;
  if (!std::filesystem::create_directory(folder, error))
    refuse("cannot make the folder", folder, error ? error.value() : EEXIST);
}

/// Fails if there is something of the new name.
void rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  const bool unsupported = errno == EINVAL || errno == ENOSYS;  // by the file system
  if (unsupported && !std::filesystem::exists(to) && std::rename(from.c_str(), to.c_str()) == 0)
    return;
  refuse("cannot make", to, unsupported ? EEXIST : errno);
}

}  // namespace

SnapshotWriter::SnapshotWriter(std::filesystem::path folder, std::uint64_t sequence,
                               std::int64_t time_ms)
    : folder_(std::move(folder)), unfinished_(unfinished_name(folder_)) {
  manifest_.sequence = sequence;
  manifest_.time_ms = time_ms;
  thread_ = std::thread([this] { run(); });
}

SnapshotWriter::~SnapshotWriter() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool SnapshotWriter::has_room() const {
  const std::lock_guard lock(mutex_);
  return waiting_bytes_ < most_waiting_bytes;
}

void SnapshotWriter::add(std::uint32_t node, std::string page) {
  const std::size_t bytes = page.size();
  {
    const std::lock_guard lock(mutex_);
    if (outcome_) return;  // it has failed
    pages_.push_back({node, std::move(page)});
    waiting_bytes_ += bytes;
  }
  changed_.notify_one();
}

void SnapshotWriter::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_one();
}

std::optional<SnapshotWriter::Outcome> SnapshotWriter::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

void SnapshotWriter::run() noexcept {
  pthread_setname_np(pthread_self(), "pkv snapshot");
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), niceness);
  Outcome outcome;
  try {
    make_folder(unfinished_);
    write_all();
    outcome.manifest = manifest_;
  } catch (const std::exception& error) {
    remove_parts(unfinished_);
    outcome.failure = error.what();
    if (outcome.failure.empty()) outcome.failure = "it could not be written";
  }
  const std::lock_guard lock(mutex_);
  pages_.clear();
  waiting_bytes_ = 0;
  outcome_ = std::move(outcome);
}

void SnapshotWriter::write_all() {
  std::map<std::uint32_t, SnapshotFile> files;  // by node
  while (const std::optional<Page> page = next_page()) {
    const auto file = files.try_emplace(page->node, unfinished_, page->node).first;
    wire::PageReader reader(page->bytes);
    for (wire::CopiedEntry entry; reader.next(entry);)
      file->second.add({entry.key, entry.value, entry.version, entry.expires_at});
  }
  for (auto& [node, file] : files)
    manifest_.files.push_back(file.finish());
  write_snapshot_manifest(unfinished_, manifest_);
  sync_to_disk(unfinished_);
  rename_new(unfinished_, folder_);
  sync_to_disk(folder_.parent_path());
}

/// Waits for the next page; nothing when that was all. Throws if nobody wants the snapshot.
std::optional<SnapshotWriter::Page> SnapshotWriter::next_page() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return abandoned_ || finished_ || !pages_.empty(); });
  if (abandoned_) throw std::runtime_error("it was broken off");
  if (pages_.empty()) return std::nullopt;
  Page page = std::move(pages_.front());
  pages_.pop_front();
  waiting_bytes_ -= page.bytes.size();
  return page;
}

}  // namespace pkv

#include "pkv_server/data_folder.hpp"

#include "pkv/sqlite_engine.hpp"

#include "pkv_server/node_storage.hpp"
#include "wire/first_sequence.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

constexpr auto format = "1";

/// For a server that was just killed to be gone.
constexpr auto lock_patience = 2s;

std::string points_of(const RingOptions& ring) {
  return ring.scheme == RingScheme::node_count ? "nodes" : std::to_string(ring.points_per_node);
}

void write_to_disk(const std::filesystem::path& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const int why = errno;
  if (file >= 0) close(file);
  if (!written) throw std::runtime_error("cannot write " + path.string() + ": " + strerror(why));
}

void sync_folder(const std::filesystem::path& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

}  // namespace

std::filesystem::path node_file(const Options& options, std::uint32_t node) {
  return std::filesystem::path(options.data_folder) / ("node-" + std::to_string(node) + ".db");
}

DataFolder::DataFolder(const Options& options, std::size_t workers)
    : options_(options), workers_(workers) {
  const std::filesystem::path folder = options.data_folder;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw std::runtime_error("cannot make the folder " + folder.string() + ": " + error.message() +
                             ": give another with --data");
  try {
    lock_.emplace(folder / "pkv.lock", lock_patience);
  } catch (const std::system_error& failure) {
    if (failure.code() == std::errc::resource_unavailable_try_again)
      throw std::runtime_error("another pkv_server is serving " + folder.string() +
                               ": stop it, or give another folder with --data");
    throw std::runtime_error("cannot write in " + folder.string() + ": " +
                             failure.code().message() + ": give another folder with --data");
  }
  read_layout();
}

std::filesystem::path DataFolder::layout_file() const {
  return std::filesystem::path(options_.data_folder) / "pkv.layout";
}

void DataFolder::compare(const std::string& name, const std::string& ours,
                         const std::string& theirs) const {
  if (ours == theirs) return;
  throw std::runtime_error("the files in " + options_.data_folder + " were written with " + name +
                           ' ' + theirs + ", not " + ours +
                           ": start with the same, or give another folder with --data");
}

void DataFolder::read_layout() {
  std::ifstream file(layout_file());
  if (!file) return;
  bool complete = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::string value;
    words >> name >> value;
    if (name == "format" && value != format)
      throw std::runtime_error(layout_file().string() + " is in format " + value +
                               ", which this program does not know: use the one that wrote it");
    if (name == "workers") compare("--workers", std::to_string(workers_), value);
    if (name == "replicas") compare("--replicas", std::to_string(options_.replicas), value);
    if (name == "points") compare("--points-per-node", points_of(options_.ring), value);
    std::uint64_t at = 0;
    if (name == "lost" && words >> at)
      lost_[static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 10))] = at;
    complete = complete || name == "end";
  }
  if (!complete)
    throw std::runtime_error(layout_file().string() +
                             " is damaged: it must end with a line that says 'end'");
  settled_ = true;
}

void DataFolder::inspect_files() {
  std::map<std::uint32_t, SqliteFileNotes> notes;
  for (std::uint32_t node = 1; node <= workers_; ++node) {
    const std::filesystem::path file = node_file(options_, node);
    if (std::filesystem::exists(file)) {
      notes[node] = inspect_sqlite_file(file, node);
      check_clock(file.string(), notes[node].newest_version);
      if (!settled_ && notes[node].entries > 0)
        throw std::runtime_error(options_.data_folder +
                                 " holds entries, but no pkv.layout that says how the files belong "
                                 "together: give another folder with --data");
    } else if (settled_ && options_.replicas == 1) {
      throw std::runtime_error(file.string() +
                               " is missing: put it back (or an empty file, to do without what "
                               "was in it)");
    } else if (settled_) {
      lost_.emplace(node, 0);
    }
  }
  // Lost, but so late that nothing was written without it; nor was its file begun anew since.
  std::erase_if(lost_, [&](const auto& lost) {
    const auto& [node, lost_at] = lost;
    const auto own = notes.find(node);
    if (own == notes.end() || sequence_at(own->second.created_ms) >= lost_at) return false;
    for (const auto& [other, noted] : notes)
      if (other != node && noted.newest_version >= lost_at) return false;
    return true;
  });
  check_lost();
  if (settled_) write_layout();
}

void DataFolder::check_lost() const {
  if (!lost_.empty() && lost_.size() >= options_.replicas)
    throw std::runtime_error(
        "the files of " + std::to_string(lost_.size()) + " nodes in " + options_.data_folder +
        " are not up to date, so some keys may be in none that is: to serve what there is, remove "
        "the lines that begin with 'lost' from pkv.layout there");
  if (!lost_.empty() && !options_.replaces_workers())
    throw std::runtime_error("the file of a node in " + options_.data_folder +
                             " is not up to date and has to be filled anew: start with "
                             "--on-worker-loss restart");
}

void DataFolder::settle() {
  check_lost();
  if (!settled_) write_layout();
  settled_ = true;
}

std::vector<std::size_t> DataFolder::lost_workers() const {
  std::vector<std::size_t> workers;
  for (const auto& [node, at] : lost_)
    if (node >= 1 && node <= workers_) workers.push_back(node - 1);
  return workers;
}

void DataFolder::note(std::size_t worker, std::optional<std::uint64_t> lost_at) {
  const auto node = static_cast<std::uint32_t>(worker + 1);
  if (!lost_at)
    lost_.erase(node);
  else if (!lost_.emplace(node, *lost_at).second)
    return;  // it was not whole anyway
  write_layout();
}

void DataFolder::write_layout() const {
  std::string text = std::string("format ") + format;
  text.append("\nworkers ").append(std::to_string(workers_));
  text.append("\nreplicas ").append(std::to_string(options_.replicas));
  text.append("\npoints ").append(points_of(options_.ring)).append("\n");
  for (const auto& [node, at] : lost_)
    text.append("lost ").append(std::to_string(node)).append(" ").append(std::to_string(at)) +=
        '\n';
  text += "end\n";
  std::filesystem::path unfinished = layout_file();
  unfinished += ".new";
  write_to_disk(unfinished, text);
  if (std::rename(unfinished.c_str(), layout_file().c_str()) != 0)
    throw std::runtime_error("cannot write " + layout_file().string() + ": " + strerror(errno));
  sync_folder(options_.data_folder);
}

void check_data_folder(const Options& options) {
  DataFolder folder(options, static_cast<std::size_t>(options.workers));
  folder.inspect_files();
}

}  // namespace pkv::server

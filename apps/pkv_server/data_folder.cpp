#include "pkv_server/data_folder.hpp"

#include "pkv/ring.hpp"
#include "pkv/sqlite_inspection.hpp"

#include "pkv_server/log.hpp"
#include "pkv_server/node_storage.hpp"
#include "wire/first_sequence.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <system_error>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

/// For a server that was just killed to be gone.
constexpr auto lock_patience = 2s;

std::string points_of(const RingOptions& ring) {
  return ring.scheme == RingScheme::node_count ? "nodes" : std::to_string(ring.points_per_node);
}

/// In percent of all keys.
std::string share_of(std::uint32_t node, std::size_t workers, const RingOptions& options) {
  std::vector<RingNode> nodes;
  for (std::uint32_t id = 1; id <= workers; ++id)
    nodes.push_back({.id = NodeId{id}});
  const Ring ring(std::move(nodes), options);
  return std::to_string(std::lround(100 * ring.share(NodeId{node}))) + " %";
}

/// The workers of nodes number `from` to `to` in the list.
std::vector<std::size_t> workers_of(const std::vector<std::uint32_t>& nodes, std::size_t from,
                                    std::size_t to) {
  std::vector<std::size_t> workers;
  for (std::size_t i = from; i < std::min(to, nodes.size()); ++i)
    workers.push_back(nodes[i] - 1);
  return workers;
}

}  // namespace

std::filesystem::path node_file(const Options& options, std::uint32_t node) {
  return std::filesystem::path(options.data_folder) / ("node-" + std::to_string(node) + ".db");
}

DataFolder::DataFolder(const Options& options, std::size_t workers) : options_(options) {
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
  const std::optional<DataLayout> found = read_layout(folder);
  if (found) {
    compare("--workers", std::to_string(workers), std::to_string(found->workers));
    compare("--replicas", std::to_string(options.replicas), std::to_string(found->replicas));
    compare("--points-per-node", points_of(options.ring), found->points);
    layout_ = *found;
    settled_ = true;
    const bool too_many_lost = found->lost.size() + found->damaged.size() >= found->replicas;
    copies_may_differ_ = found->replicas > 1 && (found->in_use || too_many_lost);
  }
  layout_.workers = workers;
  layout_.replicas = options.replicas;
  layout_.points = points_of(options.ring);
}

void DataFolder::compare(const std::string& name, const std::string& ours,
                         const std::string& theirs) const {
  if (ours == theirs) return;
  throw std::runtime_error("the files in " + options_.data_folder + " were written with " + name +
                           ' ' + theirs + ", not " + ours +
                           ": start with the same, or give another folder with --data");
}

void DataFolder::inspect_files(const LogSink& log) {
  for (std::uint32_t node = 1; node <= layout_.workers; ++node)
    inspect(node, log);
  check_lost();
  if (!layout_.damaged.empty() && !stale_workers().empty())
    log(LogLevel::error,
        "nodes whose files are damaged had writes that others, lost before, have not got: keys "
        "that were on such nodes alone are as they were when the others were lost");
  if (settled_) write();
}

void DataFolder::inspect(std::uint32_t node, const LogSink& log) {
  const std::filesystem::path file = node_file(options_, node);
  if (!std::filesystem::exists(file) && !settled_) return;
  if (is_missing(file, layout_.replicas)) {
    if (layout_.replicas == 1)
      throw std::runtime_error(file.string() +
                               " is missing: put it back (or an empty file, to do without what "
                               "was in it)");
    if (!layout_.damaged.contains(node)) layout_.lost[node] = 0;
    return;
  }
  try {
    const SqliteFileNotes notes = inspect_sqlite_file(file, node);
    check_clock(file.string(), notes.newest_version);
    if (!settled_ && notes.entries > 0)
      throw std::runtime_error(options_.data_folder +
                               " holds entries, but no pkv.layout that says how the files belong "
                               "together: give another folder with --data");
    // A file that was begun anew after the loss has only what was copied to it so far.
    const auto lost = layout_.lost.find(node);
    if (lost != layout_.lost.end() && sequence_at(notes.created_ms) >= lost->second)
      lost->second = 0;
  } catch (const DamagedFile& damage) {
    if (!settled_) throw;
    set_aside(node, damage.what(), log);
  }
}

void DataFolder::set_aside(std::uint32_t node, const std::string& why, const LogSink& log) {
  const std::filesystem::path file = node_file(options_, node);
  const std::string say = why + ": it is set aside as " + set_sqlite_file_aside(file).string();
  if (layout_.replicas > 1) {
    layout_.lost.erase(node);
    layout_.damaged.insert(node);
    log(LogLevel::error, say + ", and node " + std::to_string(node) + " filled from the others");
    return;
  }
  static_cast<void>(inspect_sqlite_file(file, node));  // makes another
  log(LogLevel::error, say + ", and what it held is lost: " +
                           share_of(node, layout_.workers, options_.ring) + " of all keys");
}

/// The nodes that are not up to date, those that have least first.
std::vector<std::uint32_t> DataFolder::least_trusted_first() const {
  std::vector<std::uint32_t> nodes(layout_.damaged.begin(), layout_.damaged.end());
  const auto lost_from = static_cast<std::ptrdiff_t>(nodes.size());
  for (const auto& [node, at] : layout_.lost)
    nodes.push_back(node);
  std::ranges::stable_sort(nodes.begin() + lost_from, nodes.end(), {},
                           [this](std::uint32_t node) { return layout_.lost.at(node); });
  return nodes;
}

/// How many of them are emptied and filled anew: as many as others are sure to make good. The last
/// to be lost have what the first ones have not, since a write is acknowledged when all have it
/// that are not lost.
std::size_t DataFolder::emptied_count() const {
  const std::size_t unfit = layout_.damaged.size() + layout_.lost.size();
  // What was in damaged files is gone, whatever is done.
  return std::max(layout_.damaged.size(), std::min(unfit, layout_.replicas - 1));
}

void DataFolder::check_lost() const {
  const std::vector<std::uint32_t> unfit = least_trusted_first();
  for (std::size_t i = emptied_count(); i < unfit.size(); ++i)
    if (layout_.lost.at(unfit[i]) == 0)
      throw std::runtime_error(
          "the files of " + std::to_string(unfit.size()) + " nodes in " + options_.data_folder +
          " are missing or unfinished, so some keys may be in none: put missing files back; to "
          "serve what there is in unfinished ones, remove the lines that begin with 'lost' from "
          "pkv.layout there");
  if (!unfit.empty() && !options_.restarts_workers())
    throw std::runtime_error("the file of a node in " + options_.data_folder +
                             " is not up to date and has to be filled anew: start with "
                             "--on-worker-loss restart");
}

void DataFolder::settle() {
  check_lost();
  layout_.in_use = true;
  write();
  settled_ = true;
}

std::vector<std::size_t> DataFolder::lost_workers() const {
  return workers_of(least_trusted_first(), 0, emptied_count());
}

std::vector<std::size_t> DataFolder::stale_workers() const {
  return workers_of(least_trusted_first(), emptied_count(), layout_.workers);
}

void DataFolder::note_equal_copies() {
  copies_may_differ_ = false;
  layout_.lost.clear();
  layout_.damaged.clear();
  write();
}

void DataFolder::note(std::size_t worker, std::optional<std::uint64_t> lost_at) {
  const auto node = static_cast<std::uint32_t>(worker + 1);
  if (lost_at) {
    if (layout_.damaged.contains(node) || !layout_.lost.emplace(node, *lost_at).second)
      return;  // it was not whole anyway
  } else if (layout_.damaged.erase(node) + layout_.lost.erase(node) == 0) {
    return;
  }
  write();
}

void DataFolder::leave() {
  if (copies_may_differ_) return;
  layout_.in_use = false;
  write();
}

void DataFolder::write() const {
  write_layout(options_.data_folder, layout_);
}

void prepare_data_folder(const Options& options) {
  DataFolder folder(options, static_cast<std::size_t>(options.workers));
  folder.inspect_files(open_log(options, 0));
}

}  // namespace pkv::server

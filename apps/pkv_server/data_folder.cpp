#include "pkv_server/data_folder.hpp"

#include "pkv/sqlite_inspection.hpp"

#include "pkv_server/command_completion.hpp"
#include "pkv_server/data_rewriting.hpp"
#include "pkv_server/node_storage.hpp"
#include "wire/first_sequence.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace pkv::server {
namespace {

using namespace std::chrono_literals;

/// For a server that was just killed to be gone.
constexpr auto lock_patience = 2s;

/// In percent of all keys.
std::string share_of(std::uint32_t node, const DataSpread& spread) {
  return std::to_string(std::lround(100 * ring_of(spread).share(NodeId{node}))) + " %";
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

DataFolder::DataFolder(const Options& options, std::size_t workers)
    : options_(options), wanted_(spread_of(options, workers)) {
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
  if (std::optional<DataLayout> found = read_layout(folder)) {
    layout_ = std::move(*found);
    wanted_ = spread_of(options, workers, layout_.spread);
    settled_ = true;
    const bool too_many_lost =
        layout_.lost.size() + layout_.damaged.size() >= layout_.spread.copies();
    copies_may_differ_ = layout_.spread.copies() > 1 && (layout_.in_use || too_many_lost);
  } else {
    layout_.spread = wanted_;
  }
}

void DataFolder::prepare(const LogSink& log, const StepWatch& step) {
  if (layout_.replacing > 0) {
    log(LogLevel::info, "the entries had been written anew: these files take their places now");
    take_places(options_.data_folder, layout_, step);
  }
  remove_next_files(options_.data_folder);
  for (std::uint32_t node = 1; node <= layout_.spread.workers; ++node)
    inspect(node, log);
  check_lost();
  if (!layout_.damaged.empty() && !stale_workers().empty())
    log(LogLevel::error,
        "nodes whose files are damaged had writes that others, lost before, have not got: keys "
        "that were on such nodes alone are as they were when the others were lost");
  if (layout_.may_have_torn_commands()) complete_commands(log, step);
  if (settled_) write();
  if (layout_.spread != wanted_) {
    spread_anew(log, step);
  } else {
    check_refill();
  }
}

/// In all files but those that are to be emptied.
void DataFolder::complete_commands(const LogSink& log, const StepWatch& step) {
  std::vector<std::uint32_t> emptied = least_trusted_first();
  emptied.resize(emptied_count());
  std::vector<std::uint32_t> nodes;
  for (std::uint32_t node = 1; node <= layout_.spread.workers; ++node)
    if (std::ranges::find(emptied, node) == emptied.end() && !layout_.spread.off.contains(node))
      nodes.push_back(node);
  layout_.completed = server::complete_commands({.folder = options_.data_folder,
                                                 .nodes = std::move(nodes),
                                                 .settled_until = layout_.settled_until,
                                                 .log = log,
                                                 .step = step});
  if (*layout_.completed > 0)
    log(LogLevel::info, std::to_string(*layout_.completed) +
                            " commands had come to some of their nodes only when the server was "
                            "killed: they were completed");
}

/// Nothing of the former files is changed before the new ones are all complete; then the layout
/// says so, and from there on these are the store.
void DataFolder::spread_anew(const LogSink& log, const StepWatch& step) {
  const auto began = std::chrono::steady_clock::now();
  log(LogLevel::info, "the files in " + options_.data_folder + " were written with " +
                          differing_options(layout_.spread, wanted_) + ", not " +
                          differing_options(wanted_, layout_.spread) +
                          ": all entries are written anew");
  check_strays();
  DataLayout next;
  next.spread = wanted_;
  next.replacing = layout_.spread.workers;
  next.settled_until = layout_.settled_until;
  next.completed = layout_.completed;
  const std::uint64_t entries = write_next_files(log, step);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - began);
  next.rewritten = {entries, took};
  write_layout(options_.data_folder, next);
  layout_ = std::move(next);
  if (step) step();
  take_places(options_.data_folder, layout_, step);
  copies_may_differ_ = false;
  log(LogLevel::info, std::to_string(entries) + " entries were written anew, in " +
                          std::to_string(took.count()) + " ms");
}

std::uint64_t DataFolder::write_next_files(const LogSink& log, const StepWatch& step) {
  const std::filesystem::path folder = options_.data_folder;
  for (;;) {
    const std::vector<std::uint32_t> unfit = least_trusted_first();
    const auto emptied = unfit.begin() + static_cast<std::ptrdiff_t>(emptied_count());
    try {
      return rewrite({.folder = folder,
                      .from = layout_.spread,
                      .emptied = {unfit.begin(), emptied},
                      .least_trusted_first = {emptied, unfit.end()},
                      .has_leftovers = layout_.leftovers,
                      .to = wanted_,
                      .log = log,
                      .step = step});
    } catch (const DamagedSource& damage) {
      remove_next_files(folder);
      if (unfit.size() + 1 >= layout_.spread.copies())
        throw std::runtime_error(std::string(damage.what()) +
                                 ", and no other file has all of its entries: to serve what can be "
                                 "read, start as before, with " +
                                 differing_options(layout_.spread, wanted_));
      set_aside(damage.node(), damage.what(), log);
      write();
    } catch (...) {
      remove_next_files(folder);
      throw;
    }
  }
}

/// Files that the layout knows nothing of are not written over.
void DataFolder::check_strays() const {
  for (auto node = static_cast<std::uint32_t>(layout_.spread.workers + 1); node <= wanted_.workers;
       ++node) {
    const std::filesystem::path file = node_file(options_.data_folder, node);
    if (std::filesystem::exists(file) && std::filesystem::file_size(file) > 0)
      throw std::runtime_error(file.string() + " is there, though pkv.layout tells of " +
                               std::to_string(layout_.spread.workers) +
                               " nodes only: take it away");
  }
}

void DataFolder::inspect(std::uint32_t node, const LogSink& log) {
  const std::filesystem::path file = node_file(options_.data_folder, node);
  if (!std::filesystem::exists(file) && !settled_) return;
  const std::size_t copies = layout_.spread.copies();
  const bool is_off = layout_.spread.off.contains(node);
  if (is_off && !std::filesystem::exists(file)) return;  // it holds nothing
  if (!is_off && is_missing(file, copies)) {
    if (copies == 1)
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
  const std::filesystem::path file = node_file(options_.data_folder, node);
  const std::string say = why + ": it is set aside as " + set_sqlite_file_aside(file).string();
  if (layout_.spread.off.contains(node)) {
    log(LogLevel::warning, say + "; it held nothing");
    return;
  }
  if (layout_.spread.copies() > 1) {
    layout_.lost.erase(node);
    layout_.damaged.insert(node);
    log(LogLevel::error, say + ", and node " + std::to_string(node) + " filled from the others");
    return;
  }
  static_cast<void>(inspect_sqlite_file(file, node));  // makes another
  log(LogLevel::error,
      say + ", and what it held is lost: " + share_of(node, layout_.spread) + " of all keys");
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
  return std::max(layout_.damaged.size(), std::min(unfit, layout_.spread.copies() - 1));
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
}

void DataFolder::check_refill() const {
  const bool all_fit = layout_.damaged.empty() && layout_.lost.empty();
  if (!all_fit && !options_.restarts_workers())
    throw std::runtime_error("the file of a node in " + options_.data_folder +
                             " is not up to date and has to be filled anew: start with "
                             "--on-worker-loss restart");
}

void DataFolder::settle() {
  if (layout_.replacing > 0 || layout_.spread != wanted_)
    throw std::runtime_error("the files in " + options_.data_folder + " were written with " +
                             differing_options(layout_.spread, wanted_) + ", not " +
                             differing_options(wanted_, layout_.spread) +
                             ": start with the same, or give another folder with --data");
  if (layout_.may_have_torn_commands())
    throw std::runtime_error("the server on " + options_.data_folder +
                             " was killed: start pkv_server by itself, not under mpiexec, to have "
                             "commands completed that were under way");
  check_lost();
  check_refill();
  layout_.settled_until = std::max(layout_.settled_until, first_sequence());
  completed_ = std::exchange(layout_.completed, std::nullopt).value_or(0);
  rewritten_ = std::exchange(layout_.rewritten, std::nullopt);
  layout_.in_use = true;
  write();
  settled_ = true;
}

std::vector<std::size_t> DataFolder::lost_workers() const {
  return workers_of(least_trusted_first(), 0, emptied_count());
}

std::vector<std::size_t> DataFolder::stale_workers() const {
  return workers_of(least_trusted_first(), emptied_count(), layout_.spread.workers);
}

void DataFolder::note_equal_copies() {
  copies_may_differ_ = false;
  layout_.lost.clear();
  layout_.damaged.clear();
  write();
}

void DataFolder::note(std::size_t worker, std::optional<std::uint64_t> lost_at,
                      std::uint64_t settled_until) {
  const auto node = static_cast<std::uint32_t>(worker + 1);
  if (layout_.spread.off.contains(node)) return;  // it holds nothing
  if (lost_at) {
    if (layout_.damaged.contains(node) || !layout_.lost.emplace(node, *lost_at).second)
      return;  // it was not whole anyway
  } else if (layout_.damaged.erase(node) + layout_.lost.erase(node) == 0) {
    return;
  } else {
    // What it was filled with is beyond that place, and no place in its file might say so.
    layout_.settled_until = std::max(layout_.settled_until, settled_until);
  }
  write();
}

void DataFolder::note(const std::map<std::size_t, std::uint64_t>& lost_at,
                      std::uint64_t settled_until) {
  for (const auto& [worker, at] : lost_at) {
    const auto node = static_cast<std::uint32_t>(worker + 1);
    if (layout_.spread.off.contains(node)) continue;  // it holds nothing
    layout_.damaged.erase(node);
    layout_.lost[node] = at;
  }
  layout_.settled_until = std::max(layout_.settled_until, settled_until);
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

}  // namespace pkv::server

#include "pkv_server/data_layout.hpp"

#include "base/sync_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iomanip>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace pkv::server {
namespace {

/// Files that a program which knows only the former ones would not understand are in a later one.
constexpr std::size_t oldest_format = 1;
constexpr std::size_t format_with_weights = 2;
constexpr std::size_t format_with_records = 3;  // and with leftovers and nodes off the ring

std::size_t format_of(const DataLayout& layout) {
  if (layout.settled_until > 0 || layout.completed || layout.leftovers ||
      !layout.spread.off.empty())
    return format_with_records;
  if (!layout.spread.weights.empty() || layout.replacing > 0) return format_with_weights;
  return oldest_format;
}

std::filesystem::path layout_file(const std::filesystem::path& folder) {
  return folder / "pkv.layout";
}

void write_to_disk(const std::filesystem::path& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0;
  const int why = errno;
  if (file >= 0) close(file);
  if (!written)
    throw std::runtime_error("cannot write " + path.string() + ": " + std::strerror(why));
}

/// Takes one line into the layout.
void read_line(const std::string& line, DataLayout& layout) {
  std::istringstream words(line);
  std::string name;
  words >> name;
  std::uint32_t node = 0;
  if (name == "workers") words >> layout.spread.workers;
  if (name == "replicas") words >> layout.spread.replicas;
  if (name == "points") words >> layout.spread.points;
  if (name == "off" && words >> node) layout.spread.off.insert(node);
  if (name == "leftovers") layout.leftovers = true;
  if (name == "in_use") layout.in_use = true;
  if (name == "replacing") words >> layout.replacing;
  if (name == "weights")
    for (double weight = 0; words >> weight;)
      layout.spread.weights.push_back(weight);
  if (name == "damaged" && words >> node) layout.damaged.insert(node);
  std::uint64_t at = 0;
  if (name == "lost" && words >> node >> at) layout.lost[node] = at;
  std::uint64_t entries = 0;
  std::int64_t ms = 0;
  if (name == "rewritten" && words >> entries >> ms)
    layout.rewritten = {entries, std::chrono::milliseconds(ms)};
  if (name == "settled") words >> layout.settled_until;
  std::uint64_t commands = 0;
  if (name == "completed" && words >> commands) layout.completed = commands;
}

bool is_known(const std::string& format) {
  for (std::size_t known = oldest_format; known <= format_with_records; ++known)
    if (format == std::to_string(known)) return true;
  return false;
}

bool is_whole(const DataSpread& spread) {
  const bool is_number = !spread.points.empty() && spread.points.size() < 8 &&
                         spread.points.find_first_not_of("0123456789") == std::string::npos &&
                         spread.points != "0";
  return spread.workers > 0 && spread.replicas > 0 && (is_number || spread.points == "nodes") &&
         (spread.weights.empty() || spread.weights.size() == spread.workers) &&
         std::ranges::all_of(spread.weights, [](double weight) { return weight > 0; }) &&
         std::ranges::all_of(spread.off,
                             [&](auto node) { return node > 0 && node <= spread.workers; }) &&
         spread.off.size() < spread.workers;
}

}  // namespace

std::optional<DataLayout> read_layout(const std::filesystem::path& folder) {
  const std::filesystem::path path = layout_file(folder);
  std::ifstream file(path);
  if (!file && !std::filesystem::exists(path)) return std::nullopt;
  if (!file) throw std::runtime_error("cannot read " + path.string() + ": change its permissions");
  DataLayout layout;
  std::string last;
  for (std::string line; std::getline(file, line); last = line) {
    constexpr std::string_view format_line = "format ";
    if (line.starts_with(format_line) && !is_known(line.substr(format_line.size())))
      throw std::runtime_error(path.string() + " is in " + line +
                               ", which this program does not know: use the one that wrote it");
    read_line(line, layout);
  }
  if (last != "end" || !is_whole(layout.spread))
    throw std::runtime_error(path.string() +
                             " is damaged: it must say how many workers, replicas and points there "
                             "are, and end with a line that says 'end'");
  return layout;
}

void write_layout(const std::filesystem::path& folder, const DataLayout& layout) {
  const DataSpread& spread = layout.spread;
  std::ostringstream text;
  text << std::setprecision(std::numeric_limits<double>::max_digits10);
  text << "format " << format_of(layout) << "\nworkers " << spread.workers;
  if (!spread.weights.empty()) text << "\nweights";
  for (const double weight : spread.weights)
    text << ' ' << weight;
  for (const std::uint32_t node : spread.off)
    text << "\noff " << node;
  text << "\nreplicas " << spread.replicas << "\npoints " << spread.points << '\n';
  if (layout.in_use) text << "in_use\n";
  if (layout.leftovers) text << "leftovers\n";
  for (const auto& [node, at] : layout.lost)
    text << "lost " << node << ' ' << at << '\n';
  for (const std::uint32_t node : layout.damaged)
    text << "damaged " << node << '\n';
  if (layout.replacing > 0) text << "replacing " << layout.replacing << '\n';
  if (layout.rewritten)
    text << "rewritten " << layout.rewritten->entries << ' ' << layout.rewritten->time.count()
         << '\n';
  if (layout.settled_until > 0) text << "settled " << layout.settled_until << '\n';
  if (layout.completed) text << "completed " << *layout.completed << '\n';
  text << "end\n";
  std::filesystem::path unfinished = layout_file(folder);
  unfinished += ".new";
  write_to_disk(unfinished, text.str());
  if (std::rename(unfinished.c_str(), layout_file(folder).c_str()) != 0)
    throw std::runtime_error("cannot write " + layout_file(folder).string() + ": " +
                             std::strerror(errno));
  sync_folder(folder);
}

}  // namespace pkv::server

#include "pkv_server/data_layout.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <unistd.h>

namespace pkv::server {
namespace {

constexpr auto format = "1";

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

void sync_folder(const std::filesystem::path& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

/// Takes one line into the layout.
void read_line(const std::string& line, DataLayout& layout) {
  std::istringstream words(line);
  std::string name;
  words >> name;
  std::uint32_t node = 0;
  if (name == "workers") words >> layout.workers;
  if (name == "replicas") words >> layout.replicas;
  if (name == "points") words >> layout.points;
  if (name == "in_use") layout.in_use = true;
  if (name == "damaged" && words >> node) layout.damaged.insert(node);
  std::uint64_t at = 0;
  if (name == "lost" && words >> node >> at) layout.lost[node] = at;
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
    if (line.starts_with(format_line) && line.substr(format_line.size()) != format)
      throw std::runtime_error(path.string() + " is in " + line +
                               ", which this program does not know: use the one that wrote it");
    read_line(line, layout);
  }
  if (last != "end" || layout.workers == 0)
    throw std::runtime_error(path.string() +
                             " is damaged: it must say how many workers there are, and end with a "
                             "line that says 'end'");
  return layout;
}

void write_layout(const std::filesystem::path& folder, const DataLayout& layout) {
  std::ostringstream text;
  text << "format " << format << "\nworkers " << layout.workers << "\nreplicas " << layout.replicas
       << "\npoints " << layout.points << '\n';
  if (layout.in_use) text << "in_use\n";
  for (const auto& [node, at] : layout.lost)
    text << "lost " << node << ' ' << at << '\n';
  for (const std::uint32_t node : layout.damaged)
    text << "damaged " << node << '\n';
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

#include "pkv_server/next_files.hpp"

#include "base/sync_file.hpp"
#include "storage/sqlite_builder.hpp"
#include "storage/write_log.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::server {
namespace {

constexpr std::string_view next_suffix = ".next";

/// Whether it is a next file or belongs to one.
bool is_next_file(std::string_view name) {
  constexpr std::string_view before = "node-";
  if (!name.starts_with(before)) return false;
  name.remove_prefix(before.size());
  const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
  return digits > 0 && name.substr(digits).starts_with(".db.next");
}

void remove_logs(const std::filesystem::path& file) {
  for (const char* const suffix : {"-journal", "-shm", "-wal", WriteLog::suffix}) {
    std::filesystem::path part = file;
    std::filesystem::remove(part += suffix);
  }
}

}  // namespace

std::filesystem::path node_file(const std::filesystem::path& folder, std::uint32_t node) {
  return folder / ("node-" + std::to_string(node) + ".db");
}

std::filesystem::path next_file(const std::filesystem::path& folder, std::uint32_t node) {
  return node_file(folder, node) += next_suffix;
}

void remove_next_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (is_next_file(entry.path().filename().string())) found.push_back(entry.path());
  for (const std::filesystem::path& file : found)
    std::filesystem::remove(file);
}

void take_places(const std::filesystem::path& folder, DataLayout& layout, const StepWatch& step) {
  const auto done = [&step] { step ? step() : void(); };
  const auto workers = static_cast<std::uint32_t>(layout.spread.workers);
  // The logs of a former file would be taken for those of the one in its place: they must be gone
  // for good before that is there.
  for (std::uint32_t node = 1; node <= workers; ++node) {
    if (!std::filesystem::exists(next_file(folder, node))) continue;
    remove_logs(node_file(folder, node));
    done();
  }
  sync_folder(folder);
  for (std::uint32_t node = 1; node <= workers; ++node) {
    if (!std::filesystem::exists(next_file(folder, node))) continue;
    std::filesystem::rename(next_file(folder, node), node_file(folder, node));
    done();
  }
  for (std::uint32_t node = workers + 1; node <= layout.replacing; ++node) {
    remove_sqlite_file(node_file(folder, node));
    done();
  }
  remove_next_files(folder);  // what belonged to them
  sync_folder(folder);
  layout.replacing = 0;
  write_layout(folder, layout);
  done();
}

}  // namespace pkv::server

#pragma once

#include <filesystem>

namespace pkv {

/// Returns when the file's contents are on the disk. Its name is, when its folder was synced.
/// Errors: throws std::runtime_error, in words.
void sync_file(const std::filesystem::path& file);

/// Returns when what was made, renamed and removed in the folder is on the disk. File systems that
/// cannot do that for folders have no need of it.
/// Errors: throws std::runtime_error, in words.
void sync_folder(const std::filesystem::path& folder);

}  // namespace pkv

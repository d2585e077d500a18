#pragma once

#include "pkv_server/data_layout.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace pkv::server {

// Files that are written to take the places of the nodes' files: node-3.db.next is to be node-3.db.

/// Where node `node` keeps its entries.
[[nodiscard]] std::filesystem::path node_file(const std::filesystem::path& folder,
                                              std::uint32_t node);
/// What is to be that.
[[nodiscard]] std::filesystem::path next_file(const std::filesystem::path& folder,
                                              std::uint32_t node);

/// Is told of every step that changes files, for tests that stop there. May be empty.
using StepWatch = std::function<void()>;

/// Removes those that somebody has begun and not finished.
/// Requires: the layout does not say that they are the store.
/// Errors: throws std::filesystem::filesystem_error.
void remove_next_files(const std::filesystem::path& folder);

/// Has the files take their places, of which the layout says that they wait to do so, and removes
/// the files of nodes that are no more; then says so in the layout. May be interrupted anywhere and
/// called again. Requires: nobody has any of the files open.
/// Errors: throws std::exception, in words; it may be called again.
void take_places(const std::filesystem::path& folder, DataLayout& layout, const StepWatch& step);

}  // namespace pkv::server

#pragma once

#include "pkv/file_client.hpp"

#include <string_view>

namespace pkv::cli {

/// The range that the words of get-file --range mean: A-B (both included), A- (to the end).
/// Throws UsageError if they mean none.
[[nodiscard]] FileRange parse_range(std::string_view words);

}  // namespace pkv::cli

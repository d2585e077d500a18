#pragma once

#include <chrono>
#include <sys/types.h>

namespace pkv::server {

/// Makes orphans of this process's descendants its own children, so that end_descendants() finds
/// them whatever became of their parents.
void adopt_orphans() noexcept;

/// Waits until every descendant has ended; after `patience` kills those that are left. Blocks.
/// Requires: adopt_orphans() was called before the first child was started.
void end_descendants(std::chrono::milliseconds patience) noexcept;

}  // namespace pkv::server

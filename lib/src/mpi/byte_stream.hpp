#pragma once

#include <string>

namespace pkv::mpi {

/// What a look at a non-blocking socket brought.
enum class ReadResult { some, nothing, end };

/// Replaces `bytes` by what has arrived, up to 64 KiB of it. `end`: nothing more will come.
[[nodiscard]] ReadResult read_available(int descriptor, std::string& bytes);

/// Writes as much of `bytes` as goes without waiting and removes it. False: nobody reads any more.
[[nodiscard]] bool write_available(int descriptor, std::string& bytes);

}  // namespace pkv::mpi

#pragma once

#include "pkv/client.hpp"
#include "pkv/file_client.hpp"

#include "net/client/file_manifest.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace pkv {

/// The file's manifest as the nodes have it that hold the name. Where some have another value, or
/// a damaged one, it is stored there again, and on_repair is told. Fails as parse_manifest() if no
/// node has a whole one, and with FileFault::no_such_file if none has anything.
///
/// A repair takes nothing back that somebody else does with the name meanwhile, and what it has
/// written over in this moment it writes again. A node that has nothing may have got a removal that
/// was not answered: then nothing is repaired.
[[nodiscard]] boost::asio::awaitable<FileResult<FileManifest>> whole_manifest(
    Client& client, std::string name, FileClientOptions options);

}  // namespace pkv

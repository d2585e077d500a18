#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace pkv {

/// What can go wrong with a file in the store.
enum class FileFault {
  connection,    ///< The connection failed; what was under way may have been done or not.
  refused,       ///< The server refused a command: no memory, a node that is down, a key too long.
  bad_name,      ///< Empty, or it begins with the prefix that FileClient keeps for itself.
  bad_option,    ///< An option that cannot be: a chunk size of 0, say.
  no_such_file,  ///< There is nothing under the name.
  not_a_file,    ///< The key of that name holds an ordinary value.
  newer_format,  ///< Written by a later version of this library.
  bad_range,     ///< The range begins behind the end of the file.
  damaged,       ///< A chunk or checksums are missing or not what was stored; see offset.
  replaced,      ///< The file was replaced or removed while it was read.
  under_way,     ///< Nothing to resume: the upload of that name is still going on.
  lost_upload,   ///< Another client has resumed this upload, or cleaned it away.
  local,         ///< The FileSource or FileSink failed.
};

/// Why a call of FileClient failed, for a program to act on and for a person to read.
struct FileError {
  FileError() = default;
  FileError(FileFault what, std::string words, std::uint64_t at = 0)
      : fault(what), text(std::move(words)), offset(at) {}

  FileFault fault = FileFault::connection;
  std::string text;          ///< In plain words, in lower case, without the file's name.
  std::uint64_t offset = 0;  ///< Of FileFault::damaged: where in the file, in bytes.
};

/// A T, or why there is none.
template <class T>
using FileResult = boost::system::result<T, FileError>;

/// What FileResult::value() throws.
[[noreturn]] inline void throw_exception_from_error(const FileError& error,
                                                    const boost::source_location&) {
  throw std::runtime_error(error.text);
}

}  // namespace pkv

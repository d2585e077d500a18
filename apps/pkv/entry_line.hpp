#pragma once

#include "pkv/entry.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pkv::cli {

/// Appends an entry as one line of JSON, with its line end:
///
///     {"key":"city","value":"Paris","version":1873214}
///
/// One that expires has "expires_at" too, in milliseconds since 1970. A key or value that is not
/// UTF-8 is written in base64, as "key_base64" or "value_base64".
void append_entry_line(std::string& to, const EntryView& entry);

/// Reads such lines, strictly: a key, a value, a version and a time of expiry or
/// none, each once, and nothing else.
///
/// Thread safety: none.
class EntryLineReader {
 public:
  EntryLineReader();
  EntryLineReader(const EntryLineReader&) = delete;
  EntryLineReader& operator=(const EntryLineReader&) = delete;
  ~EntryLineReader();

  /// Returns what is wrong with the line, in words; an empty text if nothing is.
  [[nodiscard]] std::string read(std::string_view line);

  /// Those of the line that was read last. Requires: it was right.
  [[nodiscard]] const std::string& key() const noexcept;
  [[nodiscard]] const std::string& value() const noexcept;
  [[nodiscard]] Timestamp expires_at() const noexcept;

 private:
  class Members;
  std::unique_ptr<Members> members_;
};

}  // namespace pkv::cli

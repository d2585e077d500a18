#include "base/decimal.hpp"
#include "load/scan_support.hpp"

#include <cstdint>

namespace pkv::bench {
namespace {

constexpr std::string_view after_value = "\r\nEND\r\n";

// "VALUE <key> <flags> <bytes>"; a key has no blanks.
ScanResult scan_value(std::string_view unread, std::string_view line) {
  const std::optional<std::int64_t> length = parse_integer(line.substr(line.rfind(' ') + 1));
  if (!length || *length < 0 || *length > static_cast<std::int64_t>(longest_value_bytes))
    return broken();
  const auto value_bytes = static_cast<std::size_t>(*length);
  const std::size_t begin = line.size() + line_end.size();
  const std::size_t all = begin + value_bytes + after_value.size();
  if (unread.size() < all) return incomplete(all - unread.size());
  if (unread.substr(begin + value_bytes, after_value.size()) != after_value) return broken();
  return complete(all, Answer::Type::value, unread.substr(begin, value_bytes));
}

}  // namespace

// https://github.com/memcached/memcached/blob/master/doc/protocol.txt
ScanResult scan_memcached(std::string_view unread) {
  const std::optional<std::string_view> found = first_line(unread);
  if (!found) {
    // What is no letter begins no answer: do not wait for a line that may never end.
    const bool plausible = unread.empty() || (unread.front() >= 'A' && unread.front() <= 'Z');
    return plausible ? without_line(unread) : broken();
  }
  const std::string_view line = *found;
  const std::size_t bytes = line.size() + line_end.size();
  if (line.starts_with("VALUE ")) return scan_value(unread, line);
  if (line == "STORED") return complete(bytes, Answer::Type::done, line);
  if (line == "END") return complete(bytes, Answer::Type::missing, {});
  if (line == "NOT_STORED") return complete(bytes, Answer::Type::other, line);
  if (line.starts_with("ERROR") || line.starts_with("CLIENT_ERROR") ||
      line.starts_with("SERVER_ERROR"))
    return complete(bytes, Answer::Type::error, line);
  return broken();
}

}  // namespace pkv::bench

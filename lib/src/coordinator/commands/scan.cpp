#include "base/decimal.hpp"
#include "base/glob.hpp"
#include "coordinator/commands/handlers.hpp"
#include "coordinator/commands/node_words.hpp"
#include "coordinator/key_listing.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"
#include "wire/copying.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

// SCAN: all keys, a page at a time. The cursor is the scan position to go on with, and nothing is
// kept between two calls.

namespace pkv::commands {
namespace {

constexpr std::int64_t usual_count = 10;  // as in Redis
// Of entries that a call looks at; the nodes have limits in time, too.
constexpr std::int64_t most_entries = 100'000;

struct Options {
  std::int64_t count = usual_count;
  std::string_view pattern = "*";
  bool strings = true;  // false: keys of another type, of which there are none
  std::string error{};
};

Options read_options(Words words) {
  Options options;
  for (; words.size() >= 2; words = words.subspan(2)) {
    if (same_word(words[0], "count")) {
      const auto number = parse_integer(words[1]);
      if (!number) return {.error = std::string(error_text::not_an_integer)};
      if (*number < 1) return {.error = std::string(error_text::syntax)};
      options.count = *number;
    } else if (same_word(words[0], "match")) {
      options.pattern = words[1];
    } else if (same_word(words[0], "type")) {
      options.strings = same_word(words[1], "string");
    } else {
      break;
    }
  }
  if (!words.empty()) options.error = error_text::syntax;
  return options;
}

}  // namespace

Outcome scan(Conversation& client, Words words) {
  const auto from = to_number_of<std::uint64_t>(words[1]);
  if (!from) return client.reply_error("ERR invalid cursor");
  const Options options = read_options(words.subspan(2));
  if (!options.error.empty()) return client.reply_error(options.error);
  if (options.pattern.size() > GlobPattern::most_bytes)
    return client.reply_error("ERR a pattern has at most " +
                              std::to_string(GlobPattern::most_bytes) + " bytes");
  if (*from >= wire::scan_end || !options.strings)
    return client.reply(Reply::array({Reply::bulk("0"), Reply::array({})}));
  const auto count = static_cast<std::uint32_t>(std::min(options.count, most_entries));
  return client.list_keys({*from, count, std::string(options.pattern)});
}

Outcome keys(Conversation& client, Words) {
  return client.reply_error(
      "ERR KEYS would hold up everybody else: use SCAN, which answers some keys at a time, as "
      "redis-cli --scan --pattern does");
}

}  // namespace pkv::commands

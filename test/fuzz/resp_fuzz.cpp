#include "pkv/command.hpp"
#include "pkv/limits.hpp"
#include "pkv/reply.hpp"

#include "protocol/reply_parser.hpp"
#include "protocol/request_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What a server does with bytes from a client, and a client with bytes from a server. The first
// byte chooses which; the second is where pseudo-random cuts start from, since where a stream is
// cut must not change what is found in it. What was found is written again and has to be found
// again.
namespace {

using namespace pkv;

void require(bool holds) {
  if (!holds) std::abort();
}

/// Decides how many bytes arrive at once: mostly few, so that cuts fall everywhere.
class Cuts {
 public:
  explicit Cuts(std::uint8_t seed) noexcept : state_(seed) {}

  std::size_t next() noexcept {
    state_ = state_ * 1664525 + 1013904223;
    return 1 + (state_ >> 24) % 23;
  }

 private:
  std::uint32_t state_;
};

/// Small, so that the fuzzer comes to them.
Limits request_limits() {
  Limits limits;
  limits.max_key_bytes = 16;
  limits.max_value_bytes = 200;
  limits.max_inline_bytes = 100;
  limits.max_arguments = 12;
  return limits;
}

using Words = std::vector<std::string>;

struct Requests {
  RequestParser parser{request_limits()};
  std::vector<Words> found;

  void keep() {
    const auto words = parser.arguments();
    require(!words.empty() && words.size() <= request_limits().max_arguments);
    found.emplace_back(words.begin(), words.end());
  }
};

struct Replies {
  ReplyParser parser{
      {.max_bulk_bytes = 200, .max_line_bytes = 50, .max_elements = 100, .max_depth = 4}};
  std::vector<Reply> found;

  void keep() { found.push_back(parser.take()); }
};

/// Shows the stream piece by piece, each time in memory of its own and of the exact size.
template <class Side>
void parse(Side& side, std::string_view stream, std::size_t first_piece, Cuts& cuts) {
  std::size_t begin = 0;
  std::size_t end = std::min(first_piece, stream.size());
  for (;;) {
    const std::size_t shown = end - begin;
    const auto bytes = std::make_unique<char[]>(shown);
    stream.copy(bytes.get(), shown, begin);
    const ParseResult result = side.parser.next({bytes.get(), shown});
    require(result.consumed_bytes <= shown);
    begin += result.consumed_bytes;
    if (result.status == ParseStatus::error) return;
    if (result.status == ParseStatus::complete) {
      require(result.consumed_bytes > 0);
      side.keep();
    } else {
      require(result.needed_bytes > 0);
      if (end == stream.size()) return;
      end += std::min(cuts.next(), stream.size() - end);
    }
  }
}

template <class Side>
Side check_cuts(std::string_view stream, std::uint8_t seed) {
  Side whole;
  Cuts none(0);
  parse(whole, stream, stream.size(), none);

  Side cut;
  Cuts cuts(seed);
  parse(cut, stream, cuts.next(), cuts);
  require(cut.found == whole.found);
  require(cut.parser.error_text() == whole.parser.error_text());
  return whole;
}

void check_requests(std::string_view stream, std::uint8_t seed) {
  const Requests first = check_cuts<Requests>(stream, seed);
  std::string written;
  for (const Words& words : first.found)
    append_command(written, Command(words));
  const Requests second = check_cuts<Requests>(written, seed);
  require(second.found == first.found && !second.parser.broken());
}

void check_replies(std::string_view stream, std::uint8_t seed) {
  const Replies first = check_cuts<Replies>(stream, seed);
  std::string written;
  for (const Reply& reply : first.found) {
    append_reply(written, reply);
    require(!to_text(reply).empty() || reply.text().empty());
  }
  // A line feed in a status is read, but written as a blank: compare what is stable.
  const Replies second = check_cuts<Replies>(written, seed);
  require(second.found.size() == first.found.size() && !second.parser.broken());
  std::string again;
  for (const Reply& reply : second.found)
    append_reply(again, reply);
  require(again == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  if (bytes[0] % 2 == 0) {
    check_requests(stream, bytes[1]);
  } else {
    check_replies(stream, bytes[1]);
  }
  return 0;
}

#include "net/client/file_index.hpp"

#include "base/decimal.hpp"
#include "net/client/file_keys.hpp"
#include "net/client/file_text.hpp"

#include <algorithm>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

constexpr std::string_view entry_title = "pkv-upload 1";
constexpr std::uint64_t entries_at_once = 256;

std::uint64_t number_of(const Reply& reply, std::uint64_t otherwise) {
  const auto number = parse_integer(value_of(reply));
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : otherwise;
}

}  // namespace

std::string to_text(const FileEntry& entry) {
  std::string text(entry_title);
  text += "\ngeneration " + entry.generation;
  text += "\nchunk-size " + std::to_string(entry.chunk_bytes);
  text += "\nbeat " + std::to_string(entry.beat);
  text += entry.claimed ? "\nstate claimed" : "\nstate active";
  return text + "\n\n" + entry.name;
}

std::optional<FileEntry> parse_entry(std::uint64_t number, std::string_view text) {
  const auto parsed = FileText::parse(text, entry_title);
  if (!parsed || !is_128_bits(parsed->word("generation"))) return std::nullopt;
  FileEntry entry;
  entry.number = number;
  entry.name = parsed->body;
  entry.generation = parsed->word("generation");
  entry.chunk_bytes = static_cast<std::uint64_t>(parsed->number("chunk-size").value_or(0));
  entry.beat = static_cast<std::uint64_t>(parsed->number("beat").value_or(0));
  entry.claimed = parsed->word("state") != "active";
  return entry;
}

// The index may be trimmed between INCR and SET, when the number looks like one that is done with.
// trim_index() looks again after it has moved the beginning, and this looks at the beginning after
// it has written: one of them sees the other.
asio::awaitable<FileResult<std::uint64_t>> add_entry(Client& client, FileEntry entry) {
  const std::string text = to_text(entry);
  for (;;) {
    Pipeline count;
    count.add("INCR", file_keys::next_entry);
    const auto counted = co_await ask(client, std::move(count));
    if (!counted) co_return counted.error();
    const auto number = static_cast<std::uint64_t>(counted->front().integer());

    Pipeline write;
    write.add("SET", file_keys::entry(number), text).add("GET", file_keys::first_entry);
    const auto written = co_await ask(client, std::move(write));
    if (!written) co_return written.error();
    if (number_of((*written)[1], 1) <= number) co_return number;
    const auto removed = co_await remove_entry(client, number);
    if (!removed) co_return removed.error();
  }
}

asio::awaitable<FileResult<bool>> update_entry(Client& client, FileEntry entry) {
  Pipeline commands;
  commands.add("SET", file_keys::entry(entry.number), to_text(entry), "XX");
  const auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return FileResult<bool>(boost::system::in_place_error, replies.error());
  co_return FileResult<bool>(boost::system::in_place_value, !replies->front().is_nil());
}

asio::awaitable<FileResult<std::optional<FileEntry>>> take_over(Client& client, FileEntry entry) {
  FileEntry ours = entry;
  ours.claimed = true;
  const auto number = co_await add_entry(client, ours);
  if (!number) co_return number.error();
  ours.number = *number;

  // One command: an upload that shows life must find its entry at all times, also when somebody
  // looks whether it is dead.
  Pipeline commands;
  commands.add("DELIFEQ", file_keys::entry(entry.number), to_text(entry));
  const auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  if (replies->front().integer() == 1) co_return std::optional(std::move(ours));

  const auto undone = co_await remove_entry(client, ours.number);
  if (!undone) co_return undone.error();
  co_return std::optional<FileEntry>();
}

asio::awaitable<FileResult<std::optional<FileEntry>>> find_entry(Client& client,
                                                                 std::uint64_t number,
                                                                 std::string generation) {
  const auto text = co_await ask_value(client, file_keys::entry(number));
  if (!text) co_return text.error();
  auto entry = parse_entry(number, *text);
  if (entry && entry->generation != generation) entry.reset();
  co_return std::move(entry);
}

asio::awaitable<FileResult<void>> remove_entry(Client& client, std::uint64_t number) {
  Pipeline commands;
  commands.add("DEL", file_keys::entry(number));
  const auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  co_return FileResult<void>();
}

asio::awaitable<FileResult<IndexBounds>> index_bounds(Client& client) {
  Pipeline commands;
  commands.add("GET", file_keys::first_entry).add("GET", file_keys::next_entry);
  const auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  IndexBounds bounds;
  bounds.first = number_of((*replies)[0], 1);
  bounds.end = number_of((*replies)[1], 0) + 1;
  co_return bounds;
}

asio::awaitable<FileResult<void>> walk_index(Client& client, IndexBounds bounds,
                                             const VisitEntry& visit) {
  for (std::uint64_t begin = bounds.first; begin < bounds.end; begin += entries_at_once) {
    const std::uint64_t end = std::min(bounds.end, begin + entries_at_once);
    Pipeline commands;
    for (std::uint64_t number = begin; number < end; ++number)
      commands.add("GET", file_keys::entry(number));
    const auto replies = co_await ask(client, std::move(commands));
    if (!replies) co_return replies.error();
    for (std::uint64_t number = begin; number < end; ++number) {
      auto entry = parse_entry(number, value_of((*replies)[number - begin]));
      if (entry) visit(std::move(*entry));
    }
  }
  co_return FileResult<void>();
}

asio::awaitable<FileResult<void>> trim_index(Client& client, IndexBounds bounds) {
  std::uint64_t lowest = bounds.end;
  const VisitEntry look = [&](FileEntry entry) { lowest = std::min(lowest, entry.number); };
  const auto seen = co_await walk_index(client, bounds, look);
  if (!seen) co_return seen.error();
  if (lowest == bounds.first) co_return FileResult<void>();

  // The first time moves the beginning, the second time finds who came in between: see add_entry.
  for (int turn = 0; turn < 2; ++turn) {
    Pipeline commands;
    commands.add("SET", file_keys::first_entry, std::to_string(lowest));
    const auto replies = co_await ask(client, std::move(commands));
    if (!replies) co_return replies.error();
    IndexBounds below = bounds;
    below.end = lowest;
    const auto again = co_await walk_index(client, below, look);
    if (!again) co_return again.error();
    if (lowest == below.end) break;
  }
  co_return FileResult<void>();
}

}  // namespace pkv

#include "net/client/file_requests.hpp"

#include "net/client/file_checksums_page.hpp"
#include "net/client/file_keys.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <random>
#include <utility>

namespace pkv {

namespace asio = boost::asio;

namespace {

/// A chunk is a large value, and other clients' commands wait while many are freed.
constexpr std::uint64_t removed_at_once = 32;
constexpr std::uint64_t probed_at_once = 256;

}  // namespace

FileError connection_error(boost::system::error_code error) {
  std::string text = error.message();
  if (!text.empty()) {
    text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
  }
  return {FileFault::connection, std::move(text)};
}

FileError refused(const Reply& error) {
  return {FileFault::refused, "the server refused it: " + std::string(error.text())};
}

std::string_view value_of(const Reply& reply) {
  return reply.is_bulk() ? reply.text() : std::string_view();
}

asio::awaitable<FileReplies> ask(Client& client, Pipeline commands) {
  auto replies = co_await client.execute(std::move(commands));
  if (!replies) co_return connection_error(replies.error());
  for (const Reply& reply : *replies) {
    if (reply.is_error()) co_return refused(reply);
  }
  co_return std::move(*replies);
}

asio::awaitable<FileResult<std::string>> ask_value(Client& client, std::string key) {
  Pipeline commands;
  commands.add("GET", key);
  auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  Reply& reply = replies->front();
  if (!reply.is_bulk()) co_return std::string();
  co_return std::move(reply).take_text();
}

asio::awaitable<FileResult<std::uint64_t>> remove_keys(Client& client, const KeyOf& key_of,
                                                       std::uint64_t first, std::uint64_t end) {
  std::uint64_t removed = 0;
  while (end > first) {
    const std::uint64_t begin = end - std::min(removed_at_once, end - first);
    Command command("DEL");
    for (std::uint64_t number = begin; number < end; ++number)
      command.add(key_of(number));
    Pipeline commands;
    commands.add(command);
    const auto replies = co_await ask(client, std::move(commands));
    if (!replies) co_return replies.error();
    removed += static_cast<std::uint64_t>(replies->front().integer());
    end = begin;
  }
  co_return removed;
}

asio::awaitable<FileResult<std::uint64_t>> find_end(Client& client, const KeyOf& key_of,
                                                    std::uint64_t first) {
  std::uint64_t end = first;
  for (std::uint64_t begin = first;; begin += probed_at_once) {
    Pipeline commands;
    for (std::uint64_t number = begin; number < begin + probed_at_once; ++number)
      commands.add("EXISTS", key_of(number));
    const auto replies = co_await ask(client, std::move(commands));
    if (!replies) co_return replies.error();
    const std::uint64_t before = end;
    for (std::uint64_t at = 0; at < probed_at_once; ++at) {
      if ((*replies)[at].integer() != 0) end = begin + at + 1;
    }
    if (end == before) co_return end;
  }
}

asio::awaitable<FileResult<std::uint64_t>> remove_generation(Client& client, std::string generation,
                                                             std::uint64_t first) {
  const KeyOf chunk = [&](std::uint64_t number) { return file_keys::chunk(generation, number); };
  const KeyOf page = [&](std::uint64_t number) { return file_keys::checksums(generation, number); };
  const auto end = co_await find_end(client, chunk, first);
  if (!end) co_return end.error();
  const auto chunks = co_await remove_keys(client, chunk, first, *end);
  if (!chunks) co_return chunks.error();

  constexpr std::uint64_t each = ChecksumsPage::chunks;
  const std::uint64_t first_page = (first + each - 1) / each;
  const auto pages_end = co_await find_end(client, page, first_page);
  if (!pages_end) co_return pages_end.error();
  const auto pages = co_await remove_keys(client, page, first_page, *pages_end);
  if (!pages) co_return pages.error();
  co_return *chunks;
}

std::string new_generation() {
  std::random_device random;
  char text[33];
  std::snprintf(text, sizeof text, "%08x%08x%08x%08x", random(), random(), random(), random());
  return text;
}

}  // namespace pkv

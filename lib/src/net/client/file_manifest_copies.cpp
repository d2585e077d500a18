#include "net/client/file_manifest_copies.hpp"

#include "net/client/file_requests.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace pkv {

namespace asio = boost::asio;

namespace {

using Value = std::optional<std::string>;  ///< None: there is no such key.

asio::awaitable<FileResult<std::vector<Value>>> copies_of(Client& client, std::string name) {
  Pipeline commands;
  commands.add("COPIES", name);
  auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  std::vector<Value> copies;
  for (const Reply& copy : replies->front().elements())
    copies.push_back(copy.is_bulk() ? Value(copy.text()) : Value());
  co_return std::move(copies);
}

/// Returns what was there before.
asio::awaitable<FileResult<Value>> exchange(Client& client, std::string name, Value value) {
  Pipeline commands;
  if (value)
    commands.add("SET", name, *value, "GET");
  else
    commands.add("GETDEL", name);
  auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  const Reply& before = replies->front();
  if (!before.is_bulk()) co_return Value();
  co_return Value(before.text());
}

/// Stores the value in the place of those. What turns out to have come in between is stored in the
/// place of this one, and so on.
asio::awaitable<FileResult<void>> store_again(Client& client, std::string name, Value value,
                                              std::vector<Value> instead_of) {
  for (;;) {
    Value stored = value;
    auto before = co_await exchange(client, name, std::move(stored));
    if (!before) co_return before.error();
    if (std::ranges::find(instead_of, *before) != instead_of.end()) co_return FileResult<void>();
    instead_of.assign(1, std::exchange(value, std::move(*before)));
  }
}

}  // namespace

asio::awaitable<FileResult<FileManifest>> whole_manifest(Client& client, std::string name,
                                                         FileClientOptions options) {
  auto copies = co_await copies_of(client, name);
  if (!copies) co_return copies.error();
  const auto is_whole = [&name](const Value& copy) {
    return copy && parse_manifest(name, *copy).has_value();
  };
  const auto whole = std::ranges::find_if(*copies, is_whole);
  if (whole == copies->end()) {
    const auto any = std::ranges::find_if(*copies, &Value::has_value);
    if (any == copies->end()) co_return FileError(FileFault::no_such_file, "no such file");
    co_return parse_manifest(name, **any);
  }
  auto manifest = parse_manifest(name, **whole);
  const bool are_whole = std::ranges::all_of(*copies, is_whole);
  const bool may_be_removed = !std::ranges::all_of(*copies, &Value::has_value);
  if (are_whole || may_be_removed) co_return std::move(manifest);
  Value value = *whole;
  const auto stored = co_await store_again(client, name, std::move(value), std::move(*copies));
  if (!stored) co_return stored.error();
  const FileError damage(FileFault::damaged, "its manifest is damaged");
  if (options.on_repair) options.on_repair(name, damage);
  co_return std::move(manifest);
}

}  // namespace pkv

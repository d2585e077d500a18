#include "net/client/file_copies.hpp"

#include <utility>
#include <vector>

namespace pkv {

namespace asio = boost::asio;

FileCopies judge_copies(Reply reply, const IsSound& is_sound) {
  std::vector<Reply> each;
  if (reply.is_array()) {
    each = std::move(reply).take_elements();
  } else {
    each.push_back(std::move(reply));
  }
  FileCopies copies;
  copies.all_sound = !each.empty();
  copies.all_missing = true;
  for (Reply& copy : each) {
    const bool sound = copy.is_bulk() && is_sound(copy.text());
    copies.all_sound = copies.all_sound && sound;
    copies.all_missing = copies.all_missing && copy.is_nil();
    if (sound && !copies.sound) copies.sound = std::move(copy).take_text();
  }
  return copies;
}

asio::awaitable<FileResult<FileCopies>> ask_copies(Client& client, std::string key,
                                                   IsSound is_sound) {
  Pipeline commands;
  commands.add("COPIES", key);
  auto replies = co_await ask(client, std::move(commands));
  if (!replies) co_return replies.error();
  co_return judge_copies(std::move(replies->front()), is_sound);
}

// Who replaces or removes a file changes the manifest before the chunks. So a file that is still
// there after the value was stored takes it along when it goes.
asio::awaitable<FileResult<void>> restore_copies(Client& client, FileManifest manifest,
                                                 std::string key, std::string value) {
  Pipeline store;
  store.add("SET", key, value).add("GET", manifest.info.name);
  const auto stored = co_await ask(client, std::move(store));
  if (!stored) co_return stored.error();
  const auto now = parse_manifest(manifest.info.name, value_of((*stored)[1]));
  if (now && now->info.generation == manifest.info.generation) co_return FileResult<void>();
  Pipeline take_back;
  take_back.add("DEL", key);
  const auto taken = co_await ask(client, std::move(take_back));
  if (!taken) co_return taken.error();
  co_return FileResult<void>();
}

}  // namespace pkv

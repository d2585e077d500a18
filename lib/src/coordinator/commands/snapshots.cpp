#include "coordinator/commands/handlers.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

namespace pkv::commands {

Outcome view(Conversation& client, Words words) {
  if (same_word(words[1], "open")) return client.open_view();
  if (same_word(words[1], "next")) return client.next_of_view();
  if (same_word(words[1], "close")) return client.close_view();
  return client.reply_error(error_text::unknown_subcommand("view", words[1]));
}

Outcome save(Conversation& client, Words words) {
  if (words.size() > 2) return client.reply_error(error_text::wrong_arity("save"));
  return client.save(words.size() == 2 ? words[1] : std::string_view(), true);
}

Outcome background_save(Conversation& client, Words words) {
  // SCHEDULE, as Redis has it, means not to mind what else is written at the moment.
  const bool scheduled = words.size() == 2 && same_word(words[1], "schedule");
  if (words.size() > 2) return client.reply_error(error_text::wrong_arity("bgsave"));
  return client.save(words.size() == 2 && !scheduled ? words[1] : std::string_view(), false);
}

Outcome last_save(Conversation& client, Words) {
  return client.reply(Reply::integer(client.service().snapshots.latest_s()));
}

}  // namespace pkv::commands

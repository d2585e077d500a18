#include "coordinator/commands/handlers.hpp"
#include "coordinator/commands/node_words.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <optional>
#include <string>

namespace pkv::commands {

Outcome node(Conversation& client, Words words) {
  Cluster& cluster = client.service().cluster;
  const std::string_view what = words[1];
  if (same_word(what, "add")) {
    if (words.size() != 2) return client.reply_error(error_text::wrong_arity("node|add"));
    const auto why_no_spare = cluster.add();
    return why_no_spare ? client.reply_error(*why_no_spare) : client.reply_status("OK");
  }
  const bool weight = same_word(what, "weight");
  const bool known = weight || same_word(what, "fail") || same_word(what, "restore") ||
                     same_word(what, "drain") || same_word(what, "kill");
  if (!known) return client.reply_error(error_text::unknown_subcommand("node", what));
  if (words.size() != (weight ? 4U : 3U))
    return client.reply_error(error_text::wrong_arity("node|" + std::string(what)));
  const auto id = node_id(words[2]);
  if (!id) return client.reply_error(no_node_id);

  std::optional<std::string> why_not;
  if (same_word(what, "fail")) {
    why_not = cluster.fail(*id);
  } else if (same_word(what, "restore")) {
    why_not = cluster.restore(*id);
  } else if (same_word(what, "drain")) {
    why_not = cluster.drain(*id);
  } else if (same_word(what, "kill")) {
    why_not = cluster.kill(*id);
  } else {
    const auto number = node_weight(words[3]);
    if (!number) return client.reply_error(no_weight);
    why_not = cluster.set_weight(*id, *number);
  }
  return why_not ? client.reply_error(*why_not) : client.reply_status("OK");
}

}  // namespace pkv::commands

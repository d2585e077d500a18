#include "coordinator/commands/every_node.hpp"
#include "coordinator/commands/handlers.hpp"
#include "protocol/command_docs.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <fnmatch.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pkv::commands {
namespace {

struct Parameter {
  const char* name;
  std::string value;
};

// Under the names that Redis has for them, because its tools ask for some before they start.
std::vector<Parameter> parameters(const Service& service) {
  const Limits& limits = service.limits;
  return {
      {"appendonly", "no"},
      {"bind", service.bind_address},
      {"databases", "1"},
      {"durability", std::string(to_text(service.durability))},
      {"maxclients", std::to_string(limits.max_clients)},
      {"maxmemory", std::to_string(service.coordinator.memory().total())},
      {"port", std::to_string(service.port)},
      {"proto-max-bulk-len", std::to_string(limits.max_value_bytes)},
      {"max-key-bytes", std::to_string(limits.max_key_bytes)},
      {"replicas", std::to_string(service.coordinator.settings().replicas)},
      {"reply-delay-us", std::to_string(limits.reply_delay.count())},
      {"reply-timeout-ms", std::to_string(limits.reply_timeout.count())},
      {"save", ""},
      {"timeout", "0"},
  };
}

Reply matching_parameters(const Service& service, Words patterns) {
  std::vector<Reply> found;
  for (const Parameter& parameter : parameters(service)) {
    for (const std::string_view pattern : patterns) {
      if (::fnmatch(std::string(pattern).c_str(), parameter.name, FNM_CASEFOLD) != 0) continue;
      found.push_back(Reply::bulk(parameter.name));
      found.push_back(Reply::bulk(parameter.value));
      break;
    }
  }
  return Reply::array(std::move(found));
}

}  // namespace

Outcome command(Conversation& client, Words words) {
  return client.reply(describe_commands(words));
}

Outcome config(Conversation& client, Words words) {
  if (same_word(words[1], "get")) {
    if (words.size() < 3) return client.reply_error(error_text::wrong_arity("config|get"));
    return client.reply(matching_parameters(client.service(), words.subspan(2)));
  }
  if (same_word(words[1], "resetstat")) {
    if (words.size() != 2) return client.reply_error(error_text::wrong_arity("config|resetstat"));
    client.service().coordinator.statistics().reset();
    return client.reply_status("OK");
  }
  if (same_word(words[1], "set"))
    return client.reply_error(
        "ERR settings are fixed at start: give them to pkv_server on its command line");
  return client.reply_error(error_text::unknown_subcommand("config", words[1]));
}

Outcome database_size(Conversation& client, Words) {
  return client.forward_count();
}

Outcome flush(Conversation& client, Words words) {
  const bool bare = words.size() == 1;
  const bool with_mode =
      words.size() == 2 && (same_word(words[1], "async") || same_word(words[1], "sync"));
  if (!bare && !with_mode) return client.reply_error(error_text::syntax);
  wire::Operation operation;
  operation.opcode = wire::Opcode::clear;
  const auto operations = at_every_node(client.service(), operation);
  if (operations.empty()) return client.reply_error(error_text::of(errc::node_down));
  const Outcome outcome = client.forward_to_nodes(
      operations, std::make_unique<GatherOk>(operations.size(), Gather::LostNode::is_left_out));
  if (outcome == Outcome::done) client.service().coordinator.note_clear();
  return outcome;
}

}  // namespace pkv::commands

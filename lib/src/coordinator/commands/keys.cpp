#include "coordinator/commands/handlers.hpp"
#include "protocol/error_text.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace pkv::commands {
namespace {

Outcome forward(Conversation& client, wire::Opcode opcode, std::string_view key,
                std::string_view value = {}) {
  wire::Operation operation;
  operation.opcode = opcode;
  operation.key = key;
  operation.value = value;
  return client.forward(operation);
}

// One operation per key, answered by the sum. A single key needs no gathering.
Outcome count_over_keys(Conversation& client, wire::Opcode opcode, Words keys) {
  if (keys.size() == 1) return forward(client, opcode, keys[0]);
  std::vector<wire::Operation> operations(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    operations[i].opcode = opcode;
    operations[i].key = keys[i];
  }
  return client.forward_all(operations, std::make_unique<GatherSum>(keys.size()));
}

}  // namespace

Outcome create(Conversation& client, Words words) {
  return forward(client, wire::Opcode::create, words[1], words[2]);
}

Outcome read(Conversation& client, Words words) {
  return forward(client, wire::Opcode::read, words[1]);
}

Outcome update(Conversation& client, Words words) {
  return forward(client, wire::Opcode::update, words[1], words[2]);
}

Outcome erase(Conversation& client, Words words) {
  return forward(client, wire::Opcode::erase, words[1]);
}

Outcome copies(Conversation& client, Words words) {
  wire::Operation get;
  get.opcode = wire::Opcode::get;
  get.flags = wire::of_this_node;
  get.key = words[1];
  if (get.key.size() > client.service().limits.max_key_bytes)
    return client.reply_error(error_text::of(errc::key_too_long));
  const WorkerList& holders = client.service().coordinator.way_of(get).route->holders();
  if (holders.empty()) return client.reply_error(error_text::of(errc::node_down));
  std::vector<NodeOperation> operations;
  for (const WorkerIndex worker : holders)
    operations.push_back({worker, get});
  return client.forward_to_nodes(operations, std::make_unique<GatherCopies>(holders));
}

Outcome remove(Conversation& client, Words words) {
  return count_over_keys(client, wire::Opcode::remove, words.subspan(1));
}

Outcome exists(Conversation& client, Words words) {
  return count_over_keys(client, wire::Opcode::exists, words.subspan(1));
}

}  // namespace pkv::commands

#include "coordinator/commands/handlers.hpp"

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

Outcome remove(Conversation& client, Words words) {
  return count_over_keys(client, wire::Opcode::remove, words.subspan(1));
}

Outcome exists(Conversation& client, Words words) {
  return count_over_keys(client, wire::Opcode::exists, words.subspan(1));
}

}  // namespace pkv::commands

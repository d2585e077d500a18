#include "pkv/durability.hpp"

#include "coordinator/commands/expiry_time.hpp"
#include "coordinator/commands/handlers.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace pkv::commands {
namespace {

wire::Operation operation(wire::Opcode opcode, std::string_view key, std::string_view value = {}) {
  wire::Operation result;
  result.opcode = opcode;
  result.key = key;
  result.value = value;
  return result;
}

}  // namespace

Outcome get(Conversation& client, Words words) {
  return client.forward(operation(wire::Opcode::get, words[1]));
}

Outcome set(Conversation& client, Words words) {
  wire::Operation put = operation(wire::Opcode::put, words[1], words[2]);
  std::optional<ExpiryForm> form;
  std::string_view number;
  for (std::size_t i = 3; i < words.size(); ++i) {
    const std::string_view option = words[i];
    if (same_word(option, "nx"))
      put.flags |= wire::put_only_if_absent;
    else if (same_word(option, "xx"))
      put.flags |= wire::put_only_if_present;
    else if (same_word(option, "get"))
      put.flags |= wire::put_return_old;
    else if (same_word(option, "keepttl"))
      put.flags |= wire::put_keep_expiry;
    else if (const auto named = expiry_form(option); named && i + 1 < words.size()) {
      if (form && form != named) return client.reply_error(error_text::syntax);
      form = named;
      number = words[++i];
    } else if (same_word(option, "durable") && i + 1 < words.size()) {
      const auto level = parse_durability(words[++i]);
      if (!level) return client.reply_error(error_text::no_durability);
      if (!client.service().can_give(*level)) return client.reply_error(error_text::no_disk);
      if (*level > client.durability()) put.flags |= client.service().write_flags(*level);
    } else
      return client.reply_error(error_text::syntax);
  }
  constexpr auto contradiction = wire::put_only_if_absent | wire::put_only_if_present;
  if ((put.flags & contradiction) == contradiction) return client.reply_error(error_text::syntax);
  if (form) {
    if ((put.flags & wire::put_keep_expiry) != 0) return client.reply_error(error_text::syntax);
    const ExpiryTime time = read_positive_expiry(client, *form, number, "set");
    if (!time.error.empty()) return client.reply_error(time.error);
    give_expiry(client, put, time.at);
  }
  return client.forward(put);
}

Outcome set_if_new(Conversation& client, Words words) {
  return client.forward(operation(wire::Opcode::put_if_new, words[1], words[2]));
}

Outcome get_set(Conversation& client, Words words) {
  return client.forward(operation(wire::Opcode::exchange, words[1], words[2]));
}

Outcome get_delete(Conversation& client, Words words) {
  return client.forward(operation(wire::Opcode::take, words[1]));
}

Outcome delete_if_equal(Conversation& client, Words words) {
  return client.forward(operation(wire::Opcode::remove_if_equal, words[1], words[2]));
}

Outcome get_many(Conversation& client, Words words) {
  const Words keys = words.subspan(1);
  std::vector<wire::Operation> operations;
  operations.reserve(keys.size());
  for (const std::string_view key : keys)
    operations.push_back(operation(wire::Opcode::get, key));
  return client.forward_all(operations, std::make_unique<GatherArray>(keys.size()));
}

Outcome set_many(Conversation& client, Words words) {
  const Words pairs = words.subspan(1);
  if (pairs.size() % 2 != 0) return client.reply_error(error_text::wrong_arity("mset"));
  std::vector<wire::Operation> operations;
  operations.reserve(pairs.size() / 2);
  for (std::size_t i = 0; i < pairs.size(); i += 2)
    operations.push_back(operation(wire::Opcode::put, pairs[i], pairs[i + 1]));
  return client.forward_all(operations, std::make_unique<GatherOk>(operations.size()));
}

Outcome length(Conversation& client, Words words) {
  return client.forward(operation(wire::Opcode::length, words[1]));
}

Outcome append(Conversation& client, Words words) {
  return client.forward(operation(wire::Opcode::append, words[1], words[2]));
}

}  // namespace pkv::commands

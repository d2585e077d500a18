#include "coordinator/commands/expiry_time.hpp"
#include "coordinator/commands/handlers.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

// Redis' commands about times of expiry.

namespace pkv::commands {
namespace {

wire::Operation expiry_operation(wire::Opcode opcode, std::string_view key,
                                 std::uint8_t flags = 0) {
  wire::Operation result;
  result.opcode = opcode;
  result.key = key;
  result.flags = flags;
  return result;
}

/// What the words behind a time say of when it is to be set.
struct ExpireConditions {
  std::uint8_t flags = 0;
  std::string error;
};

ExpireConditions read_conditions(Words words) {
  ExpireConditions conditions;
  for (const std::string_view word : words) {
    if (same_word(word, "nx"))
      conditions.flags |= wire::expire_only_if_never;
    else if (same_word(word, "xx"))
      conditions.flags |= wire::expire_only_if_some;
    else if (same_word(word, "gt"))
      conditions.flags |= wire::expire_only_if_later;
    else if (same_word(word, "lt"))
      conditions.flags |= wire::expire_only_if_sooner;
    else
      return {0, error_text::unsupported_option(word)};
  }
  const bool never = (conditions.flags & wire::expire_only_if_never) != 0;
  constexpr auto both = wire::expire_only_if_later | wire::expire_only_if_sooner;
  if (never && conditions.flags != wire::expire_only_if_never)
    return {0, "ERR NX and XX, GT or LT options at the same time are not compatible"};
  if ((conditions.flags & both) == both)
    return {0, "ERR GT and LT options at the same time are not compatible"};
  return conditions;
}

Outcome expire_by(Conversation& client, Words words, ExpiryForm form, std::string_view command) {
  const ExpireConditions conditions = read_conditions(words.subspan(3));
  if (!conditions.error.empty()) return client.reply_error(conditions.error);
  const ExpiryTime time = read_expiry(client, form, words[2], command);
  if (!time.error.empty()) return client.reply_error(time.error);
  wire::Operation expire = expiry_operation(wire::Opcode::expire, words[1], conditions.flags);
  give_expiry(client, expire, time.at);
  return client.forward(expire);
}

Outcome set_with(Conversation& client, Words words, ExpiryForm form, std::string_view command) {
  const ExpiryTime time = read_positive_expiry(client, form, words[2], command);
  if (!time.error.empty()) return client.reply_error(time.error);
  wire::Operation put = expiry_operation(wire::Opcode::put, words[1]);
  put.value = words[3];
  give_expiry(client, put, time.at);
  return client.forward(put);
}

}  // namespace

Outcome expire(Conversation& client, Words words) {
  return expire_by(client, words, ExpiryForm::seconds, "expire");
}

Outcome expire_ms(Conversation& client, Words words) {
  return expire_by(client, words, ExpiryForm::milliseconds, "pexpire");
}

Outcome expire_at(Conversation& client, Words words) {
  return expire_by(client, words, ExpiryForm::unix_seconds, "expireat");
}

Outcome expire_at_ms(Conversation& client, Words words) {
  return expire_by(client, words, ExpiryForm::unix_milliseconds, "pexpireat");
}

Outcome set_and_expire(Conversation& client, Words words) {
  return set_with(client, words, ExpiryForm::seconds, "setex");
}

Outcome set_and_expire_ms(Conversation& client, Words words) {
  return set_with(client, words, ExpiryForm::milliseconds, "psetex");
}

Outcome time_to_live(Conversation& client, Words words) {
  return client.forward(expiry_operation(wire::Opcode::expiry, words[1],
                                         wire::expiry_from_now | wire::expiry_in_seconds));
}

Outcome time_to_live_ms(Conversation& client, Words words) {
  return client.forward(expiry_operation(wire::Opcode::expiry, words[1], wire::expiry_from_now));
}

Outcome expire_time(Conversation& client, Words words) {
  return client.forward(expiry_operation(wire::Opcode::expiry, words[1], wire::expiry_in_seconds));
}

Outcome expire_time_ms(Conversation& client, Words words) {
  return client.forward(expiry_operation(wire::Opcode::expiry, words[1]));
}

Outcome persist(Conversation& client, Words words) {
  return client.forward(expiry_operation(wire::Opcode::persist, words[1]));
}

Outcome get_and_expire(Conversation& client, Words words) {
  if (words.size() == 2) return client.forward(expiry_operation(wire::Opcode::get, words[1]));
  wire::Operation get = expiry_operation(wire::Opcode::get_expire, words[1]);
  std::optional<ExpiryForm> form;
  std::string_view number;
  bool persists = false;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto named = expiry_form(words[i]);
    if (same_word(words[i], "persist") && !form) {
      persists = true;
    } else if (named && !persists && (!form || form == named) && i + 1 < words.size()) {
      form = named;
      number = words[++i];
    } else {
      return client.reply_error(error_text::syntax);
    }
  }
  if (form) {
    const ExpiryTime time = read_positive_expiry(client, *form, number, "getex");
    if (!time.error.empty()) {
      get.opcode = wire::Opcode::exists;
      return client.forward_all({&get, 1}, std::make_unique<GatherMistake>(time.error));
    }
    give_expiry(client, get, time.at);
  }
  return client.forward(get);
}

}  // namespace pkv::commands

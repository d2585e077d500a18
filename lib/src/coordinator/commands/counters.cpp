#include "base/decimal.hpp"
#include "base/endian.hpp"
#include "coordinator/commands/handlers.hpp"
#include "protocol/error_text.hpp"

#include <array>
#include <cstdint>
#include <limits>

namespace pkv::commands {
namespace {

Outcome add(Conversation& client, std::string_view key, std::int64_t addend) {
  std::array<char, sizeof addend> encoded;
  store(encoded.data(), addend);
  wire::Operation operation;
  operation.opcode = wire::Opcode::increment;
  operation.key = key;
  operation.value = {encoded.data(), encoded.size()};
  return client.forward(operation);
}

}  // namespace

Outcome increment(Conversation& client, Words words) {
  return add(client, words[1], 1);
}

Outcome decrement(Conversation& client, Words words) {
  return add(client, words[1], -1);
}

Outcome increment_by(Conversation& client, Words words) {
  const auto addend = parse_integer(words[2]);
  if (!addend) return client.reply_error(error_text::not_an_integer);
  return add(client, words[1], *addend);
}

Outcome decrement_by(Conversation& client, Words words) {
  const auto subtrahend = parse_integer(words[2]);
  if (!subtrahend) return client.reply_error(error_text::not_an_integer);
  if (*subtrahend == std::numeric_limits<std::int64_t>::min())
    return client.reply_error("ERR decrement would overflow");
  return add(client, words[1], -*subtrahend);
}

}  // namespace pkv::commands

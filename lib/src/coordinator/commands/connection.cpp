#include "pkv/durability.hpp"

#include "base/decimal.hpp"
#include "coordinator/commands/handlers.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace pkv::commands {
namespace {

constexpr std::int64_t protocol_version = 2;
constexpr std::int64_t longest_wait_ms = 86'400'000;  // a day

// A name goes into listings and logs, so it must be one printable word.
bool is_client_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Outcome set_name(Conversation& client, std::string_view name) {
  if (!is_client_name(name))
    return client.reply_error(
        "ERR Client names cannot contain spaces, newlines or special characters.");
  client.set_name(std::string(name));
  return client.reply_status("OK");
}

Outcome set_library_info(Conversation& client, Words words) {
  if (!same_word(words[2], "lib-name") && !same_word(words[2], "lib-ver"))
    return client.reply_error("ERR Unrecognized option '" + std::string(words[2]) + "'");
  return client.reply_status("OK");
}

Outcome set_durability(Conversation& client, std::string_view name) {
  const auto level = parse_durability(name);
  if (!level) return client.reply_error(error_text::no_durability);
  if (!client.service().can_give(*level)) return client.reply_error(error_text::no_disk);
  client.set_durability(*level);
  return client.reply_status("OK");
}

Reply server_properties(const Conversation& client) {
  std::vector<Reply> properties;
  const auto add = [&](const char* name, Reply value) {
    properties.push_back(Reply::bulk(name));
    properties.push_back(std::move(value));
  };
  add("server", Reply::bulk("pkv"));
  add("version", Reply::bulk(PKV_VERSION));
  add("proto", Reply::integer(protocol_version));
  add("id", Reply::integer(static_cast<std::int64_t>(client.id())));
  add("mode", Reply::bulk("standalone"));
  add("role", Reply::bulk("master"));
  add("modules", Reply::array({}));
  return Reply::array(std::move(properties));
}

}  // namespace

Outcome ping(Conversation& client, Words words) {
  if (words.size() > 2) return client.reply_error(error_text::wrong_arity("ping"));
  if (words.size() == 1) return client.reply_status("PONG");
  return client.reply(Reply::bulk(std::string(words[1])));
}

Outcome echo(Conversation& client, Words words) {
  return client.reply(Reply::bulk(std::string(words[1])));
}

Outcome quit(Conversation& client, Words) {
  client.close_after_replies();
  return client.reply_status("OK");
}

Outcome reset(Conversation& client, Words) {
  client.set_name({});
  client.set_durability(Durability::none);
  return client.reply_status("RESET");
}

Outcome select(Conversation& client, Words words) {
  const auto index = parse_integer(words[1]);
  if (!index) return client.reply_error(error_text::not_an_integer);
  if (*index != 0) return client.reply_error(error_text::database_out_of_range);
  return client.reply_status("OK");
}

Outcome hello(Conversation& client, Words words) {
  if (words.size() > 1) {
    const auto version = parse_integer(words[1]);
    if (!version) return client.reply_error(error_text::protocol_version_not_an_integer);
    if (*version != protocol_version)
      return client.reply_error(error_text::unsupported_protocol_version);
  }
  std::string name = client.name();
  for (std::size_t i = 2; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (!same_word(words[i], "setname") || !has_value)
      return client.reply_error("ERR Syntax error in HELLO option '" + std::string(words[i]) + "'");
    if (!is_client_name(words[++i]))
      return client.reply_error(
          "ERR Client names cannot contain spaces, newlines or special characters.");
    name = words[i];
  }
  client.set_name(std::move(name));
  return client.reply(server_properties(client));
}

Outcome client_command(Conversation& client, Words words) {
  const std::string_view subcommand = words[1];
  if (same_word(subcommand, "setname")) {
    if (words.size() != 3) return client.reply_error(error_text::wrong_arity("client|setname"));
    return set_name(client, words[2]);
  }
  if (same_word(subcommand, "getname")) {
    if (words.size() != 2) return client.reply_error(error_text::wrong_arity("client|getname"));
    return client.reply(client.name().empty() ? Reply::nil() : Reply::bulk(client.name()));
  }
  if (same_word(subcommand, "id")) {
    if (words.size() != 2) return client.reply_error(error_text::wrong_arity("client|id"));
    return client.reply(Reply::integer(static_cast<std::int64_t>(client.id())));
  }
  if (same_word(subcommand, "durability")) {
    if (words.size() == 2)
      return client.reply(Reply::bulk(std::string(to_text(client.durability()))));
    if (words.size() != 3) return client.reply_error(error_text::wrong_arity("client|durability"));
    return set_durability(client, words[2]);
  }
  if (same_word(subcommand, "setinfo")) {
    if (words.size() != 4) return client.reply_error(error_text::wrong_arity("client|setinfo"));
    return set_library_info(client, words);
  }
  return client.reply_error(error_text::unknown_subcommand("client", subcommand));
}

Outcome wait_durable(Conversation& client, Words words) {
  const auto milliseconds = parse_integer(words[1]);
  if (!milliseconds || *milliseconds > longest_wait_ms)
    return client.reply_error("ERR timeout is not an integer or out of range");
  if (*milliseconds < 0) return client.reply_error("ERR timeout is negative");
  if (!client.service().can_give(Durability::fsync)) return client.reply_error(error_text::no_disk);
  if (client.durability() == Durability::fsync && client.service().durability == Durability::fsync)
    return client.reply_status("OK");  // behind the answers to all that was written
  return client.wait_for_disk(std::chrono::milliseconds(*milliseconds));
}

}  // namespace pkv::commands

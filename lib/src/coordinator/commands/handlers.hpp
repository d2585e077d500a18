#pragma once

#include "coordinator/conversation.hpp"
#include "protocol/command_table.hpp"

namespace pkv {

/// Runs one command of a client: orders operations or answers at once, exactly one reply either
/// way. Requires: the command table accepts the number of words.
using CommandHandler = Outcome (*)(Conversation& client, Words words);

/// The handler of a command. To add a command, give it a kind and a line in the command table,
/// write its handler in the file of its group, and name it here.
[[nodiscard]] CommandHandler handler_of(CommandKind kind) noexcept;

namespace commands {

// keys.cpp: values by key
Outcome create(Conversation& client, Words words);
Outcome read(Conversation& client, Words words);
Outcome update(Conversation& client, Words words);
Outcome erase(Conversation& client, Words words);
Outcome copies(Conversation& client, Words words);
Outcome remove(Conversation& client, Words words);
Outcome exists(Conversation& client, Words words);

// strings.cpp: Redis' string commands
Outcome get(Conversation& client, Words words);
Outcome set(Conversation& client, Words words);
Outcome set_if_new(Conversation& client, Words words);
Outcome get_set(Conversation& client, Words words);
Outcome get_delete(Conversation& client, Words words);
Outcome delete_if_equal(Conversation& client, Words words);
Outcome get_many(Conversation& client, Words words);
Outcome set_many(Conversation& client, Words words);
Outcome length(Conversation& client, Words words);
Outcome append(Conversation& client, Words words);

// expiry.cpp
Outcome set_and_expire(Conversation& client, Words words);
Outcome set_and_expire_ms(Conversation& client, Words words);
Outcome get_and_expire(Conversation& client, Words words);
Outcome expire(Conversation& client, Words words);
Outcome expire_ms(Conversation& client, Words words);
Outcome expire_at(Conversation& client, Words words);
Outcome expire_at_ms(Conversation& client, Words words);
Outcome time_to_live(Conversation& client, Words words);
Outcome time_to_live_ms(Conversation& client, Words words);
Outcome expire_time(Conversation& client, Words words);
Outcome expire_time_ms(Conversation& client, Words words);
Outcome persist(Conversation& client, Words words);

// counters.cpp
Outcome increment(Conversation& client, Words words);
Outcome decrement(Conversation& client, Words words);
Outcome increment_by(Conversation& client, Words words);
Outcome decrement_by(Conversation& client, Words words);

// connection.cpp
Outcome ping(Conversation& client, Words words);
Outcome echo(Conversation& client, Words words);
Outcome quit(Conversation& client, Words words);
Outcome reset(Conversation& client, Words words);
Outcome select(Conversation& client, Words words);
Outcome hello(Conversation& client, Words words);
Outcome client_command(Conversation& client, Words words);
Outcome wait_durable(Conversation& client, Words words);

// server.cpp
Outcome command(Conversation& client, Words words);
Outcome config(Conversation& client, Words words);
Outcome database_size(Conversation& client, Words words);
Outcome flush(Conversation& client, Words words);

// scan.cpp
Outcome scan(Conversation& client, Words words);
Outcome keys(Conversation& client, Words words);

Outcome sql_nodes(Conversation& client, Words words);  // sql_nodes.cpp
// snapshots.cpp: the whole store at one place in the order
Outcome view(Conversation& client, Words words);
Outcome save(Conversation& client, Words words);
Outcome background_save(Conversation& client, Words words);
Outcome last_save(Conversation& client, Words words);

// info.cpp, nodes.cpp, node.cpp, ring.cpp
Outcome info(Conversation& client, Words words);
Outcome nodes(Conversation& client, Words words);
Outcome node(Conversation& client, Words words);
Outcome ring(Conversation& client, Words words);

}  // namespace commands
}  // namespace pkv

#include "protocol/command_table.hpp"

#include <array>

namespace pkv {
namespace {

using K = CommandKind;

constexpr std::uint8_t none = 0;
constexpr std::uint8_t fast = command_fast;
constexpr std::uint8_t admin = command_admin;
constexpr std::uint8_t write = command_write;
constexpr std::uint8_t write_fast = command_write | command_fast;
constexpr std::uint8_t read_fast = command_readonly | command_fast;

// Arity, flags and key positions are those of Redis 7.0 for the commands it has, since
// cluster-aware clients and proxies rely on them.
// clang-format off
constexpr auto table = std::to_array<CommandInfo>({
    {K::create, "c", 3, write_fast, 1, 1, 1, "pkv", "key value", "Create a key; an error if it exists"},
    {K::read, "r", 2, read_fast, 1, 1, 1, "pkv", "key", "Read a key's value; an error if there is no such key"},
    {K::update, "u", 3, write_fast, 1, 1, 1, "pkv", "key value", "Change a key's value; an error if there is no such key"},
    {K::erase, "d", 2, write_fast, 1, 1, 1, "pkv", "key", "Delete a key; an error if there is no such key"},
    {K::copies, "copies", 2, read_fast, 1, 1, 1, "pkv", "key", "Get a key's value from each node that holds it"},
    {K::done, "done", 1, fast, 0, 0, 0, "pkv", "", "End the connection"},

    {K::ping, "ping", -1, fast, 0, 0, 0, "connection", "[message]", "Answer PONG, or the message"},
    {K::echo, "echo", 2, fast, 0, 0, 0, "connection", "message", "Answer the message"},
    {K::quit, "quit", -1, fast, 0, 0, 0, "connection", "", "End the connection"},
    {K::reset, "reset", 1, fast, 0, 0, 0, "connection", "", "Bring the connection back to its initial state"},
    {K::select, "select", 2, fast, 0, 0, 0, "connection", "index", "Choose the database; there is number 0 alone"},
    {K::hello, "hello", -1, fast, 0, 0, 0, "connection", "[protover]", "Agree on the protocol version and describe the server"},
    {K::client, "client", -2, none, 0, 0, 0, "connection", "subcommand [argument...]", "Look at connections, name them, and say how durable their writes shall be"},
    {K::waitdurable, "waitdurable", 2, none, 0, 0, 0, "connection", "milliseconds", "Wait until all that this connection has written is on the disk"},

    {K::command, "command", -1, none, 0, 0, 0, "server", "[subcommand] [argument...]", "Describe the commands"},
    {K::config, "config", -2, admin, 0, 0, 0, "server", "subcommand [parameter...]", "Show settings"},
    {K::info, "info", -1, none, 0, 0, 0, "server", "[section...]", "Report the state of the server and its nodes"},
    {K::nodes, "nodes", -1, admin, 0, 0, 0, "server", "", "List the nodes with their state and load"},
    {K::node, "node", -2, admin, 0, 0, 0, "server", "ADD | FAIL|RESTORE|DRAIN|KILL id | WEIGHT id weight", "Take a node off the ring or bring it back, while clients work"},
    {K::sqlnodes, "sqlnodes", -3, command_readonly, 0, 0, 0, "server", "BEGIN query [TIMEOUT milliseconds] [MAXROWS rows] | NEXT id | END id", "Run a query in SQL at each node; the building block of pkv sql"},
    {K::ring, "ring", -1, admin, 0, 0, 0, "server", "[WHERE key | WHATIF ADD|DROP id | WHATIF WEIGHT id weight]", "Show the layout of the ring, who owns a key, or what a change would move"},
    {K::dbsize, "dbsize", 1, read_fast, 0, 0, 0, "server", "", "Count the keys"},
    {K::flushall, "flushall", -1, write, 0, 0, 0, "server", "[ASYNC|SYNC]", "Delete all keys"},
    {K::flushdb, "flushdb", -1, write, 0, 0, 0, "server", "[ASYNC|SYNC]", "Delete all keys"},
    {K::view, "view", 2, none, 0, 0, 0, "server", "OPEN|NEXT|CLOSE", "Read all keys and values as they are at one moment, some at a time"},
    {K::save, "save", -1, admin, 0, 0, 0, "server", "[name]", "Make a snapshot of the whole store and wait until it is on the disk"},
    {K::bgsave, "bgsave", -1, admin, 0, 0, 0, "server", "[name]", "Make a snapshot of the whole store"},
    {K::lastsave, "lastsave", 1, fast, 0, 0, 0, "server", "", "Tell when the latest snapshot was made, in seconds since 1970"},

    {K::get, "get", 2, read_fast, 1, 1, 1, "string", "key", "Get the value of a key"},
    {K::set, "set", -3, write, 1, 1, 1, "string", "key value [NX|XX] [GET] [(EX seconds)|(PX milliseconds)|(EXAT unix-time-seconds)|(PXAT unix-time-milliseconds)|KEEPTTL] [DURABLE none|batch|fsync]", "Set the value of a key"},
    {K::setnx, "setnx", 3, write_fast, 1, 1, 1, "string", "key value", "Set the value of a key if it does not exist"},
    {K::getset, "getset", 3, write_fast, 1, 1, 1, "string", "key value", "Set the value of a key and answer the old one"},
    {K::getdel, "getdel", 2, write_fast, 1, 1, 1, "string", "key", "Get the value of a key and delete it"},
    {K::delifeq, "delifeq", 3, write_fast, 1, 1, 1, "string", "key value", "Delete a key if it has this value"},
    {K::setex, "setex", 4, write, 1, 1, 1, "string", "key seconds value", "Set the value of a key that expires"},
    {K::psetex, "psetex", 4, write, 1, 1, 1, "string", "key milliseconds value", "Set the value of a key that expires"},
    {K::getex, "getex", -2, write_fast, 1, 1, 1, "string", "key [(EX seconds)|(PX milliseconds)|(EXAT unix-time-seconds)|(PXAT unix-time-milliseconds)|PERSIST]", "Get the value of a key and say when it expires"},
    {K::mget, "mget", -2, read_fast, 1, -1, 1, "string", "key...", "Get the values of several keys at one moment"},
    {K::mset, "mset", -3, write, 1, -1, 2, "string", "(key value)...", "Set several keys at one moment"},
    {K::strlen, "strlen", 2, read_fast, 1, 1, 1, "string", "key", "Get the length of a key's value"},
    {K::append, "append", 3, write_fast, 1, 1, 1, "string", "key value", "Add to the end of a key's value"},
    {K::incr, "incr", 2, write_fast, 1, 1, 1, "string", "key", "Add 1 to a key's integer"},
    {K::decr, "decr", 2, write_fast, 1, 1, 1, "string", "key", "Subtract 1 from a key's integer"},
    {K::incrby, "incrby", 3, write_fast, 1, 1, 1, "string", "key increment", "Add to a key's integer"},
    {K::decrby, "decrby", 3, write_fast, 1, 1, 1, "string", "key decrement", "Subtract from a key's integer"},

    {K::del, "del", -2, write, 1, -1, 1, "generic", "key...", "Delete keys and count those there were"},
    {K::unlink, "unlink", -2, write_fast, 1, -1, 1, "generic", "key...", "Delete keys and count those there were"},
    {K::exists, "exists", -2, read_fast, 1, -1, 1, "generic", "key...", "Count which of the keys exist"},
    {K::expire, "expire", -3, write_fast, 1, 1, 1, "generic", "key seconds [NX|XX|GT|LT]", "Let a key expire after some time"},
    {K::pexpire, "pexpire", -3, write_fast, 1, 1, 1, "generic", "key milliseconds [NX|XX|GT|LT]", "Let a key expire after some time"},
    {K::expireat, "expireat", -3, write_fast, 1, 1, 1, "generic", "key unix-time-seconds [NX|XX|GT|LT]", "Let a key expire at a time"},
    {K::pexpireat, "pexpireat", -3, write_fast, 1, 1, 1, "generic", "key unix-time-milliseconds [NX|XX|GT|LT]", "Let a key expire at a time"},
    {K::ttl, "ttl", 2, read_fast, 1, 1, 1, "generic", "key", "Tell in how many seconds a key expires"},
    {K::pttl, "pttl", 2, read_fast, 1, 1, 1, "generic", "key", "Tell in how many milliseconds a key expires"},
    {K::expiretime, "expiretime", 2, read_fast, 1, 1, 1, "generic", "key", "Tell when a key expires, in seconds since 1970"},
    {K::pexpiretime, "pexpiretime", 2, read_fast, 1, 1, 1, "generic", "key", "Tell when a key expires, in milliseconds since 1970"},
    {K::persist, "persist", 2, write_fast, 1, 1, 1, "generic", "key", "Let a key not expire"},
    {K::scan, "scan", -2, command_readonly, 0, 0, 0, "generic", "cursor [MATCH pattern] [COUNT count] [TYPE type]", "List the keys, some at a time"},
    {K::keys, "keys", 2, command_readonly, 0, 0, 0, "generic", "pattern", "Refused: SCAN lists the keys"},
});

// clang-format on

constexpr bool in_order_of_kinds() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].kind) != i) return false;
  }
  return true;
}

static_assert(in_order_of_kinds() &&
              static_cast<std::size_t>(last_command_kind) + 1 == table.size());

constexpr std::size_t longest_name = 16;

/// A name of up to 16 bytes, without its case, in two words that can be compared and hashed at
/// once.
///
/// Loads from both ends, which may overlap, cover every length without a loop over bytes (the way
/// XXH3 and wyhash read short inputs). Setting bit 5 of every byte turns capitals into small
/// letters; as all names are letters only, no other byte turns into a byte of a name.
struct FoldedName {
  std::uint64_t front = 0;
  std::uint64_t back = 0;

  friend constexpr bool operator==(const FoldedName&, const FoldedName&) = default;
};

// Compilers make a single load of each of these.
constexpr std::uint64_t letters(std::string_view text, std::size_t at, std::size_t bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
  }
  return word;
}

/// Requires: 1 to longest_name bytes.
constexpr FoldedName fold(std::string_view name) {
  constexpr std::uint64_t small_letters = 0x2020202020202020;
  const std::size_t size = name.size();
  FoldedName folded;
  if (size >= 8) {
    folded = {letters(name, 0, 8), letters(name, size - 8, 8)};
  } else if (size >= 4) {
    folded = {letters(name, 0, 4), letters(name, size - 4, 4)};
  } else {
    folded = {letters(name, 0, 1) | letters(name, size / 2, 1) << 8, letters(name, size - 1, 1)};
  }
  return {folded.front | small_letters, folded.back | small_letters};
}

// A perfect hash: the compiler looks for a multiplier that gives every name its own slot.
constexpr unsigned slot_bits = 8;
constexpr std::size_t slots = std::size_t{1} << slot_bits;
constexpr std::uint8_t empty_slot = 0xff;
static_assert(table.size() < empty_slot);

constexpr std::size_t slot_of(const FoldedName& name, std::size_t size, std::uint64_t multiplier) {
  const std::uint64_t mixed = name.front ^ (name.back << 7 | name.back >> 57) ^ size;
  return static_cast<std::size_t>((mixed * multiplier) >> (64 - slot_bits));
}

constexpr bool separates(std::uint64_t multiplier) {
  std::array<bool, slots> taken{};
  for (const CommandInfo& info : table) {
    bool& slot = taken[slot_of(fold(info.name), info.name.size(), multiplier)];
    if (slot) return false;
    slot = true;
  }
  return true;
}

constexpr std::uint64_t find_multiplier() {
  std::uint64_t candidate = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio (Knuth, TAOCP 3, 6.4)
  while (!separates(candidate))
    candidate = candidate * 6364136223846793005 + 2;
  return candidate;
}

constexpr std::uint64_t multiplier = find_multiplier();

struct Slot {
  FoldedName name;
  std::uint8_t size = 0;
  std::uint8_t index = empty_slot;
};

constexpr std::array<Slot, slots> make_slots() {
  std::array<Slot, slots> made{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::string_view name = table[i].name;
    const FoldedName folded = fold(name);
    made[slot_of(folded, name.size(), multiplier)] = {
        folded, static_cast<std::uint8_t>(name.size()), static_cast<std::uint8_t>(i)};
  }
  return made;
}

constexpr std::array<Slot, slots> slot_table = make_slots();

}  // namespace

std::span<const CommandInfo> command_table() noexcept {
  return table;
}

const CommandInfo* find_command(std::string_view name) noexcept {
  if (name.empty() || name.size() > longest_name) return nullptr;
  const FoldedName folded = fold(name);
  const Slot& slot = slot_table[slot_of(folded, name.size(), multiplier)];
  const bool found = slot.size == name.size() && slot.name == folded;
  return found ? &table[slot.index] : nullptr;
}

}  // namespace pkv

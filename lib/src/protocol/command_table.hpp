#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pkv {

/// Every command there is, in the order of command_table(). `_` ends those that are C++ words.
enum class CommandKind : std::uint8_t {
  create,
  read,
  update,
  erase,
  copies,
  done,
  ping,
  echo,
  quit,
  reset,
  select,
  hello,
  client,
  waitdurable,
  command,
  config,
  info,
  nodes,
  node,
  sqlnodes,
  ring,
  dbsize,
  flushall,
  flushdb,
  view,
  save,
  bgsave,
  lastsave,
  get,
  set,
  setnx,
  getset,
  getdel,
  delifeq,
  setex,
  psetex,
  getex,
  mget,
  mset,
  strlen,
  append,
  incr,
  decr,
  incrby,
  decrby,
  del,
  unlink,
  exists,
  expire,
  pexpire,
  expireat,
  pexpireat,
  ttl,
  pttl,
  expiretime,
  pexpiretime,
  persist,
  scan,
  keys,
};
inline constexpr auto last_command_kind = CommandKind::keys;

/// Properties of commands, to be combined with |.
enum CommandFlags : std::uint8_t {
  command_write = 1,     ///< May change the store.
  command_readonly = 2,  ///< Looks at keys and changes none.
  command_admin = 4,     ///< About the server, not about data.
  command_fast = 8,      ///< Takes constant time.
};

/// What is known of a command before it runs.
struct CommandInfo {
  CommandKind kind;
  std::string_view name;  ///< In lower case.
  /// Words of the command, its name included: exactly n, or for -n at least n.
  std::int8_t arity;
  std::uint8_t flags;  ///< CommandFlags
  /// Where its keys are: words first_key to last_key, each key_step apart; last_key counts from the
  /// end when negative. All 0 when there are no keys.
  std::int8_t first_key;
  std::int8_t last_key;
  std::int8_t key_step;
  std::string_view group;
  /// Its arguments, separated by blanks: `name`; `name...` for one or more; `[name]` or `[a b]` for
  /// optional ones; `(a b)...` for a repeated group; `A|B` for a choice. Capitals are typed as they
  /// stand.
  std::string_view syntax;
  std::string_view summary;

  /// Whether a command of `words` words, its name included, can be one of these.
  [[nodiscard]] constexpr bool accepts(std::size_t words) const noexcept {
    return arity >= 0 ? words == static_cast<std::size_t>(arity)
                      : words >= static_cast<std::size_t>(-arity);
  }

  [[nodiscard]] constexpr bool is(CommandFlags flag) const noexcept { return (flags & flag) != 0; }
};

/// All commands, in the order of CommandKind.
[[nodiscard]] std::span<const CommandInfo> command_table() noexcept;

[[nodiscard]] inline const CommandInfo& command_info(CommandKind kind) noexcept {
  return command_table()[static_cast<std::size_t>(kind)];
}

/// The command with this name in whatever case, or nullptr.
[[nodiscard]] const CommandInfo* find_command(std::string_view name) noexcept;

}  // namespace pkv

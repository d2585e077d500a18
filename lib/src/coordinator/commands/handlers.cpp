#include "coordinator/commands/handlers.hpp"

namespace pkv {

CommandHandler handler_of(CommandKind kind) noexcept {
  switch (kind) {
    case CommandKind::create:
      return commands::create;
    case CommandKind::read:
      return commands::read;
    case CommandKind::update:
      return commands::update;
    case CommandKind::erase:
      return commands::erase;
    case CommandKind::copies:
      return commands::copies;
    case CommandKind::del:
    case CommandKind::unlink:
      return commands::remove;
    case CommandKind::exists:
      return commands::exists;
    case CommandKind::get:
      return commands::get;
    case CommandKind::set:
      return commands::set;
    case CommandKind::setnx:
      return commands::set_if_new;
    case CommandKind::getset:
      return commands::get_set;
    case CommandKind::getdel:
      return commands::get_delete;
    case CommandKind::mget:
      return commands::get_many;
    case CommandKind::mset:
      return commands::set_many;
    case CommandKind::strlen:
      return commands::length;
    case CommandKind::append:
      return commands::append;
    case CommandKind::incr:
      return commands::increment;
    case CommandKind::decr:
      return commands::decrement;
    case CommandKind::incrby:
      return commands::increment_by;
    case CommandKind::decrby:
      return commands::decrement_by;
    case CommandKind::ping:
      return commands::ping;
    case CommandKind::echo:
      return commands::echo;
    case CommandKind::done:
    case CommandKind::quit:
      return commands::quit;
    case CommandKind::reset:
      return commands::reset;
    case CommandKind::select:
      return commands::select;
    case CommandKind::hello:
      return commands::hello;
    case CommandKind::client:
      return commands::client_command;
    case CommandKind::waitdurable:
      return commands::wait_durable;
    case CommandKind::command:
      return commands::command;
    case CommandKind::config:
      return commands::config;
    case CommandKind::info:
      return commands::info;
    case CommandKind::nodes:
      return commands::nodes;
    case CommandKind::node:
      return commands::node;
    case CommandKind::sqlnodes:
      return commands::sql_nodes;
    case CommandKind::ring:
      return commands::ring;
    case CommandKind::dbsize:
      return commands::database_size;
    case CommandKind::flushall:
    case CommandKind::flushdb:
      return commands::flush;
    case CommandKind::view:
      return commands::view;
    case CommandKind::save:
      return commands::save;
    case CommandKind::bgsave:
      return commands::background_save;
    case CommandKind::lastsave:
      return commands::last_save;
  }
  return nullptr;
}

}  // namespace pkv

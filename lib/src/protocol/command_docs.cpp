#include "protocol/command_docs.hpp"

#include "protocol/command_syntax.hpp"
#include "protocol/command_table.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pkv {
namespace {

using Names = std::span<const std::string_view>;

// All commands came with the first version.
constexpr std::string_view since = "0.1.0";

Reply bulk(std::string_view text) {
  return Reply::bulk(std::string(text));
}

Reply flags_of(const CommandInfo& info) {
  std::vector<Reply> flags;
  if (info.is(command_write)) flags.push_back(Reply::status("write"));
  if (info.is(command_readonly)) flags.push_back(Reply::status("readonly"));
  if (info.is(command_admin)) flags.push_back(Reply::status("admin"));
  if (info.is(command_fast)) flags.push_back(Reply::status("fast"));
  return Reply::array(std::move(flags));
}

Reply categories_of(const CommandInfo& info) {
  std::vector<Reply> categories;
  if (info.is(command_write)) categories.push_back(Reply::status("@write"));
  if (info.is(command_readonly)) categories.push_back(Reply::status("@read"));
  if (info.is(command_admin)) categories.push_back(Reply::status("@admin"));
  categories.push_back(Reply::status(info.is(command_fast) ? "@fast" : "@slow"));
  return Reply::array(std::move(categories));
}

/// One element of COMMAND INFO: name, arity, flags, first key, last key, key step, access control
/// categories, tips, key specifications, subcommands. The last three are empty here.
Reply info_of(const CommandInfo& info) {
  std::vector<Reply> fields;
  fields.push_back(bulk(info.name));
  fields.push_back(Reply::integer(info.arity));
  fields.push_back(flags_of(info));
  fields.push_back(Reply::integer(info.first_key));
  fields.push_back(Reply::integer(info.last_key));
  fields.push_back(Reply::integer(info.key_step));
  fields.push_back(categories_of(info));
  fields.push_back(Reply::array({}));
  fields.push_back(Reply::array({}));
  fields.push_back(Reply::array({}));
  return Reply::array(std::move(fields));
}

Reply infos_of(Names names) {
  std::vector<Reply> infos;
  for (const std::string_view name : names) {
    const CommandInfo* const info = find_command(name);
    infos.push_back(info == nullptr ? Reply::nil() : info_of(*info));
  }
  return Reply::array(std::move(infos));
}

Reply all_infos() {
  std::vector<Reply> infos;
  for (const CommandInfo& info : command_table())
    infos.push_back(info_of(info));
  return Reply::array(std::move(infos));
}

Reply documentation_of(const CommandInfo& info) {
  std::vector<Reply> fields;
  fields.push_back(bulk("summary"));
  fields.push_back(bulk(info.summary));
  fields.push_back(bulk("since"));
  fields.push_back(bulk(since));
  fields.push_back(bulk("group"));
  fields.push_back(bulk(info.group));
  if (!info.syntax.empty()) {
    fields.push_back(bulk("arguments"));
    fields.push_back(describe_syntax(info.syntax));
  }
  return Reply::array(std::move(fields));
}

/// Names and documentations in turn; unknown names are left out.
Reply documentations_of(Names names) {
  std::vector<Reply> entries;
  const auto add = [&entries](const CommandInfo& info) {
    entries.push_back(bulk(info.name));
    entries.push_back(documentation_of(info));
  };
  for (const std::string_view name : names) {
    if (const CommandInfo* const info = find_command(name)) add(*info);
  }
  if (names.empty()) std::for_each(command_table().begin(), command_table().end(), add);
  return Reply::array(std::move(entries));
}

Reply all_names() {
  std::vector<Reply> names;
  for (const CommandInfo& info : command_table())
    names.push_back(bulk(info.name));
  return Reply::array(std::move(names));
}

Reply help() {
  std::vector<Reply> lines;
  for (const char* const line : {
           "COMMAND <subcommand> [<arg> ...]. Subcommands are:",
           "(no subcommand)",
           "    Return details about all commands.",
           "COUNT",
           "    Return the number of commands.",
           "LIST",
           "    Return the names of all commands.",
           "INFO [<command-name> ...]",
           "    Return details about the named commands, or all.",
           "DOCS [<command-name> ...]",
           "    Return documentation about the named commands, or all.",
           "HELP",
           "    Print this help.",
       }) {
    lines.push_back(Reply::status(line));
  }
  return Reply::array(std::move(lines));
}

}  // namespace

Reply describe_commands(Names words) {
  if (words.size() < 2) return all_infos();
  const std::string_view subcommand = words[1];
  const Names names = words.subspan(2);
  if (same_word(subcommand, "info")) return names.empty() ? all_infos() : infos_of(names);
  if (same_word(subcommand, "docs")) return documentations_of(names);
  if (same_word(subcommand, "list")) {
    return names.empty() ? all_names() : Reply::error(std::string(error_text::syntax));
  }

  const bool count = same_word(subcommand, "count");
  if (!count && !same_word(subcommand, "help")) {
    return Reply::error(error_text::unknown_subcommand("command", subcommand));
  }
  if (!names.empty()) {
    return Reply::error(error_text::wrong_arity(count ? "command|count" : "command|help"));
  }
  return count ? Reply::integer(static_cast<std::int64_t>(command_table().size())) : help();
}

}  // namespace pkv

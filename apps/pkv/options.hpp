#pragma once

#include "exit_status.hpp"
#include "file_options.hpp"
#include "sql_options.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace pkv::cli {

/// What the command line asks for.
enum class Action {
  talk,  ///< No command: commands are read from standard input.
  get,
  put,
  create,
  update,
  erase,
  nodes,
  ring,
  info,
  ping,
  execute,
  sql,
  export_entries,
  import_entries,
  snapshot,
  put_file,
  get_file,
  list_files,
  stat_file,
  remove_file,
  verify_files,
  collect_files,
};

/// What import does with a key that is there.
enum class OnConflict { overwrite, keep, fail };

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7379;
  std::chrono::milliseconds timeout{10'000};
  /// For an answer; a snapshot may take longer.
  std::chrono::milliseconds answer_timeout{10'000};
  /// Bulk mode: values with line ends and other control characters are printed escaped.
  bool escape = false;
  Action action = Action::talk;
  std::vector<std::string> arguments;  ///< Of the action.
  FileCommandOptions files;
  SqlOptions sql;
  OnConflict on_conflict = OnConflict::overwrite;
};

/// The options, or the status to leave with: help was printed, or what is wrong.
[[nodiscard]] std::variant<Options, ExitStatus> parse_options(int argc, char** argv);

}  // namespace pkv::cli

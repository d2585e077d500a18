#include "options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace pkv::cli {
namespace {

/// A server that is gone is noticed all the same.
constexpr std::chrono::hours longest_snapshot{24};

constexpr const char* description =
    R"(pkv - a client for the pkv key-value store

Without a command it reads commands from standard input, one a line, and prints one
answer a line, in the same order; on a terminal it prompts for them.

  C KEY VALUE   create; fails if the key is there     R KEY   read the value
  U KEY VALUE   update; fails if it is not            D KEY   delete
  DONE          print the remaining answers and leave, as the end of the input does

Any other command of the server works too: GET k, MSET a 1 b 2, NODES, INFO. The value of C
and U is the rest of the line; elsewhere blanks separate words and "..." or '...' keep them
together. Empty lines and lines that begin with # are skipped.)";

constexpr const char* footer =
    R"(
Files have any size; put and get take one value. A file that is being replaced is seen wholly
old or wholly new. An upload that was interrupted leaves the old file: put-file --resume goes
on with it, gc-files removes what it has left.

Answers to lines from a pipe or file are plain words: OK, the bytes of the value, a number,
(nil), or `error: ` and what is wrong. The elements of a list share one line, quoted where
they need it. A value that contains line ends spoils the line structure: --escape prints
\n, \r, \t, \\ and \xHH instead. The command get prints the exact bytes of the value; only on
a terminal a line end follows, and what a terminal would obey is escaped.

Exit status: 0 all done, 1 a command failed, 2 wrong usage, 3 no connection.

Examples:
  pkv put city Paris                        pkv get city
  pkv put photo @photo.jpg                  pkv get photo > copy.jpg
  printf 'C a 1\nC b 2\nR a\n' | pkv        pkv < commands.txt > answers.txt
  pkv exec MSET a 1 b 2                     pkv --host db1 --port 7380 nodes
  pkv put-file backup.tar backup.tar        tar c /etc | pkv put-file etc.tar -
  pkv sql 'SELECT count(*), max(key) FROM kv GROUP BY size'
  pkv get-file backup.tar copy.tar          pkv get-file --range 0-99 backup.tar - | xxd
  pkv export all.jsonl                      pkv export | pkv --host db2 import
)";

// What a command takes besides options. People know it by its type's name.
constexpr const char* words_option = "words";

CLI::App* add_action(CLI::App& app, Options& options, Action action, const char* name,
                     const char* what) {
  CLI::App* command = app.add_subcommand(name, what);
  command->fallthrough();  // --port and the like may follow the command
  command->callback([&options, action] { options.action = action; });
  return command;
}

void add_key_and_value(CLI::App& app, Options& options, Action action, const char* name,
                       const char* what) {
  CLI::App* command = add_action(app, options, action, name, what);
  command
      ->add_option(words_option, options.arguments,
                   "The key and its value; @FILE takes the value from a file, - from standard "
                   "input, @@... is a value that begins with @. Put -- before a value that begins "
                   "with -")
      ->type_name("KEY VALUE|@FILE|-")
      ->required()
      ->expected(2);
}

CLI::App* add_words(CLI::App& app, Options& options, Action action, const char* name,
                    const char* what, const char* words, int least, int most) {
  CLI::App* command = add_action(app, options, action, name, what);
  CLI::Option* list = command->add_option(words_option, options.arguments, "")->type_name(words);
  // At least one even where none is needed: the parser leaves a command that needs no word more at
  // "--".
  list->expected(std::max(least, 1), most);
  if (least > 0) list->required();
  return command;
}

void add_actions(CLI::App& app, Options& options) {
  constexpr int any_number = 1 << 20;
  add_words(app, options, Action::get, "get", "Print the value of KEY", "KEY", 1, 1);
  add_key_and_value(app, options, Action::put, "put",
                    "Store VALUE (or @FILE, or - for standard input) under KEY");
  add_key_and_value(app, options, Action::create, "create",
                    "Like put, but fail if KEY is there already");
  add_key_and_value(app, options, Action::update, "update",
                    "Like put, but fail if there is no KEY");
  add_words(app, options, Action::erase, "delete", "Remove each KEY", "KEY...", 1, any_number);
  add_action(app, options, Action::nodes, "nodes", "Show the nodes that hold the data");
  add_words(app, options, Action::ring, "ring", "Show the ring; where KEY: who owns the key",
            "[where KEY]", 0, 2);
  add_words(app, options, Action::info, "info", "Show the server's figures", "[SECTION]", 0, 1);
  add_action(app, options, Action::ping, "ping", "Ask the server for a sign of life");
  CLI::App* execute =
      add_action(app, options, Action::execute, "exec",
                 "Execute any command, given word by word; --host and the like come before");
  execute->fallthrough(false)->prefix_command();
  execute->callback([&options, execute] {
    options.action = Action::execute;
    options.arguments = execute->remaining();
    if (options.arguments.empty()) throw CLI::RequiredError("exec: COMMAND");
  });
}

void add_entry_actions(CLI::App& app, Options& options) {
  CLI::App* store = add_words(app, options, Action::export_entries, "export",
                              "Write all keys and values as they are at one moment to FILE, or to "
                              "standard output, as lines of JSON",
                              "[FILE|-]", 0, 1);
  store->add_flag("--force", options.files.force, "Replace FILE if it is there");
  CLI::App* load = add_words(app, options, Action::import_entries, "import",
                             "Store the keys and values of FILE, or of standard input, in the "
                             "form that export writes",
                             "[FILE|-]", 0, 1);
  load->add_option("--on-conflict", options.on_conflict,
                   "What to do with a key that is there: overwrite it, keep it, or fail")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, OnConflict>{{"overwrite", OnConflict::overwrite},
                                                        {"keep", OnConflict::keep},
                                                        {"fail", OnConflict::fail}})
                      .description(""))
      ->default_str("overwrite")
      ->type_name("overwrite|keep|fail");
  add_words(app, options, Action::snapshot, "snapshot",
            "Have the server make a snapshot of the whole store as it is at one moment, in its "
            "folder for snapshots, and wait until it is on the disk",
            "[NAME]", 0, 1);
}

void add_silence(CLI::App& command, FileCommandOptions& files) {
  command
      .add_option("--silence", files.silence_seconds,
                  "Seconds that an upload must have shown no sign of life to be taken for "
                  "interrupted")
      ->type_name("SECONDS")
      ->check(CLI::Range(2.0, 1e6).description(""))
      ->capture_default_str();
}

void add_in_flight(CLI::App& command, FileCommandOptions& files) {
  command
      .add_option("--in-flight", files.bytes_in_flight,
                  "Bytes that may be on their way at once; 4 MiB unless given, 512 KiB to a server "
                  "on this machine")
      ->type_name("BYTES")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 30).description(""));
}

void add_file_actions(CLI::App& app, Options& options) {
  FileCommandOptions& files = options.files;
  CLI::App* put = add_words(app, options, Action::put_file, "put-file",
                            "Store the file PATH, or - for standard input, of any size under NAME",
                            "NAME PATH|-", 2, 2);
  put->add_flag("--resume", files.resume,
                "Go on with an upload of NAME that was interrupted, if there is one");
  put->add_option("--type", files.content_type, "Content type to note, such as text/plain")
      ->type_name("TYPE");
  put->add_option("--chunk-size", files.chunk_bytes, "Bytes of the pieces that it is stored in")
      ->type_name("BYTES")
      ->check(CLI::Range(std::size_t{1} << 12, std::size_t{64} << 20).description(""))
      ->capture_default_str();
  add_in_flight(*put, files);
  add_silence(*put, files);

  CLI::App* get =
      add_words(app, options, Action::get_file, "get-file",
                "Write the file NAME to PATH, or - for standard output", "NAME PATH|-", 2, 2);
  get->add_option("--range", files.range, "Only the bytes A to B, counted from 0, or from A on")
      ->type_name("A-[B]");
  get->add_flag("--force", files.force, "Replace PATH if it is there");
  add_in_flight(*get, files);

  add_words(app, options, Action::list_files, "ls-files",
            "List size, time, type and name of the files that begin with PREFIX", "[PREFIX]", 0, 1);
  add_words(app, options, Action::stat_file, "stat-file", "Show what is known of the file NAME",
            "NAME", 1, 1);
  add_words(app, options, Action::remove_file, "rm-file", "Remove the file NAME", "NAME", 1, 1);
  add_words(app, options, Action::verify_files, "verify-files",
            "Read files and compare their checksums", "[PREFIX]", 0, 1);
  CLI::App* collect = add_action(app, options, Action::collect_files, "gc-files",
                                 "Remove what interrupted uploads have left");
  add_silence(*collect, files);
}

void add_sql(CLI::App& app, Options& options) {
  CLI::App* command = add_words(
      app, options, Action::sql, "sql",
      "Run QUERY, a SELECT over the table kv(key, value, size, version, expires_at) of all entries",
      "[QUERY|@FILE|-]", 0, 1);
  const auto add_format = [&](const char* name, const char* what, SqlFormat format) {
    command->add_flag_callback(
        name, [&options, format] { options.sql.format = format; }, what);
  };
  add_format("--csv", "Print the result as CSV", SqlFormat::csv);
  add_format("--json", "Print the result as a JSON array of objects", SqlFormat::json);
  command->add_flag("--explain", options.sql.explain,
                    "Show what each node runs and what makes the result of it, and run nothing");
  command->add_option("--time-limit", options.sql.seconds, "Seconds that the query may take")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 3600.0).description(""))
      ->capture_default_str();
  command
      ->add_option("--max-rows", options.sql.most_rows,
                   "Rows that the nodes may make of the entries, before they are merged")
      ->type_name("COUNT")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
}

void add_flags(CLI::App& app, Options& options, double& seconds) {
  app.add_option("--host", options.host, "Name or address of the server")
      ->type_name("NAME")
      ->envname("PKV_HOST")
      ->capture_default_str();
  app.add_option("--port", options.port, "Port of the server")
      ->type_name("PORT")
      ->envname("PKV_PORT")
      ->check(CLI::Range(1, 65535).description(""))
      ->capture_default_str();
  app.add_option("--timeout", seconds, "Seconds to wait for a connection and for each answer")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 1e6).description(""))
      ->capture_default_str();
  app.add_flag("--escape", options.escape,
               "Print control characters and backslashes of values escaped (input from a pipe)");
  app.set_version_flag("--version", "pkv " PKV_VERSION);
}

/// What a command takes, if it was given too few words or too many: the parser complains of them by
/// a name that nobody knows.
std::string usage_for(const CLI::ParseError& reason, const CLI::App& app) {
  if (!std::string_view(reason.what()).starts_with(words_option)) return {};
  for (const CLI::App* const command : app.get_subcommands())
    if (const CLI::Option* const words = command->get_option_no_throw(words_option))
      return "pkv " + command->get_name() + ' ' + words->get_type_name();
  return {};
}

}  // namespace

std::variant<Options, ExitStatus> parse_options(int argc, char** argv) {
  Options options;
  double seconds = 10;
  CLI::App app(description, "pkv");
  app.footer(footer);
  add_flags(app, options, seconds);
  add_actions(app, options);
  add_entry_actions(app, options);
  add_file_actions(app, options);
  add_sql(app, options);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
    if (options.action == Action::ring && !options.arguments.empty() &&
        (options.arguments.size() != 2 || options.arguments.front() != "where")) {
      throw CLI::ValidationError("ring", "either nothing or: where KEY");
    }
  } catch (const CLI::ParseError& reason) {
    if (const std::string usage = usage_for(reason, app); !usage.empty()) {
      app.exit(CLI::ValidationError("usage", usage));
      return ExitStatus::usage;
    }
    return app.exit(reason) == 0 ? ExitStatus::success : ExitStatus::usage;
  }
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  options.answer_timeout = options.timeout;
  if (options.action == Action::snapshot && app.get_option("--timeout")->count() == 0)
    options.answer_timeout = longest_snapshot;
  return options;
}

}  // namespace pkv::cli

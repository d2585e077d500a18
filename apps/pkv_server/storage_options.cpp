#include "pkv_server/option_groups.hpp"

#include <limits>
#include <map>

namespace pkv::server {

void add_storage_options(CLI::App& app, Options& options) {
  app.add_option("--engine", options.engine,
                 "What the nodes keep their entries in: 'memory', or 'sqlite': a database file "
                 "per node, for which the next server finds the entries again")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Engine>{{"memory", Engine::memory},
                                                                        {"sqlite", Engine::sqlite}})
                      .description(""))
      ->default_str("memory")
      ->type_name("NAME")
      ->group("Storage");
  app.add_option("--data", options.data_folder,
                 "Folder of the database files, made if it is missing; with --engine sqlite")
      ->type_name("PATH")
      ->group("Storage");
  app.add_option("--durability", options.durability,
                 "What has happened to a write when it is answered, with --engine sqlite: 'none' "
                 "or 'batch': it survives the end of all processes, however they end (after a "
                 "loss of power, 'batch' has lost the latest writes at most, and 'none' may have "
                 "damaged the file); 'fsync': it is on the disk")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Durability>{{"none", Durability::none},
                                                                    {"batch", Durability::batch},
                                                                    {"fsync", Durability::fsync}})
              .description(""))
      ->default_str("batch")
      ->type_name("LEVEL")
      ->group("Storage");
  add_size(
      app, "--cache-bytes", options.cache_bytes,
      "Memory of each node for entries and pages of its file, half for each, with --engine sqlite")
      ->check(between(std::size_t{1} << 20, std::size_t{1} << 40))
      ->group("Storage");
}

void add_snapshot_options(CLI::App& app, Options& options) {
  app.add_option("--snapshots", options.snapshot_folder,
                 "Folder on the coordinator's machine that SAVE makes snapshots in, made if it is "
                 "missing; with --engine sqlite the default is 'snapshots' in the folder of --data")
      ->type_name("PATH")
      ->group("Storage");
  app.add_option("--restore", options.restore_folder,
                 "Snapshot to begin with: its keys are put into the store, which must be empty, "
                 "before clients are served; on the coordinator's machine")
      ->type_name("PATH")
      ->group("Storage");
  add_size(app, "--view-bytes", options.view_bytes,
           "Memory of each node for what is replaced while a snapshot or an export is read; where "
           "more is replaced than that, it fails")
      ->check(between(std::size_t{1} << 20, std::size_t{1} << 40))
      ->group("Storage");
}

void add_memory_option(CLI::App& app, Options& options) {
  add_size(app, "--max-memory", options.max_memory,
           "Most memory for the entries of all nodes, with --engine memory: what could take more "
           "is refused with -OOM. Each node has its weight's share; 0: no limit")
      ->default_str("0")
      ->check(between(std::size_t{0}, std::numeric_limits<std::size_t>::max()))
      ->group("Storage");
}

void check_storage_options(const CLI::App& app, const Options& options) {
  const auto given = [&app](const char* name) { return app.get_option(name)->count() > 0; };
  if (options.engine == Engine::memory) {
    for (const char* const name : {"--data", "--durability", "--cache-bytes"})
      if (given(name))
        throw CLI::ValidationError(name, "is for nodes with files: add --engine sqlite");
    return;
  }
  if (given("--max-memory"))
    throw CLI::ValidationError("--max-memory",
                               "is for entries in memory: with --engine sqlite give --cache-bytes");
  if (options.data_folder.empty())
    throw CLI::ValidationError("--engine", "sqlite needs a folder for its files: add --data PATH");
  if (options.spares > 0)
    throw CLI::ValidationError("--spares",
                               "not with --engine sqlite: nodes with files cannot "
                               "take the place of others; start with other --workers instead");
  if (options.limits.max_key_bytes + options.limits.max_value_bytes >
      SqliteEngine::most_entry_bytes)
    throw CLI::ValidationError("--max-value-bytes",
                               "with --engine sqlite a key and its value have at most " +
                                   std::to_string(SqliteEngine::most_entry_bytes) + " bytes");
}

}  // namespace pkv::server

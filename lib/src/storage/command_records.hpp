#pragma once

#include "pkv/storage_engine.hpp"

#include "storage/sqlite_file.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {

/// What a command writes at all nodes, kept by one of them together with its own part.
struct CommandRecord {
  Version place = 0;
  /// When the command was given its place, all up to this one had been done everywhere.
  Version settled = 0;
  std::string writes;  ///< As given to StorageEngine::keep_record().
};

/// The records of a node's file that may be needed yet: those of commands beyond the latest place
/// that is known to be settled.
///
/// They are in memory, and in the table `command` as far as they are needed when the database
/// commits; until then the WriteLog has them. So most are never written there. What is not settled
/// is bounded by what is under way to the nodes.
///
///     records.add(place, settled, writes);
///     records.write();            // in the database's transaction, before it is committed
///     records.note_committed();   // when it is; or undo()
///
/// Thread safety: none.
/// Lifetime: `file` must outlive it.
/// Errors: codes of SQLite; the constructor throws as that of SqliteEngine. add() throws
/// std::bad_alloc, and has done nothing then.
class CommandRecords {
 public:
  explicit CommandRecords(SqliteFile& file);

  void add(Version place, Version settled, std::string_view writes);
  [[nodiscard]] int write() noexcept;
  void note_committed() noexcept;
  /// Forgets what was added since the database has committed. What was known to be settled then is
  /// so still.
  void undo() noexcept;

 private:
  struct Kept {
    CommandRecord record;
    bool in_file;
  };

  SqliteFile& file_;
  std::vector<Kept> kept_;
  Version settled_ = 0;
};

/// What a node's file, which no engine has open, tells of commands on several nodes.
struct CommandNotes {
  Version newest_version = 0;  ///< The node's part is there of all commands up to this place.
  std::vector<CommandRecord> records;  ///< By rising place.
};

/// Errors: throw as the constructor of SqliteEngine.
[[nodiscard]] CommandNotes read_command_notes(const std::filesystem::path& file,
                                              std::uint32_t node);
/// Forgets all records. They are gone when it returns, or if the power fails some are still there.
void remove_command_records(const std::filesystem::path& file, std::uint32_t node);

}  // namespace pkv

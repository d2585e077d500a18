#include "storage/command_records.hpp"

#include "storage/sqlite_writer.hpp"

#include <algorithm>

namespace pkv {
namespace {

SqliteEngineOptions options_for(const std::filesystem::path& file, std::uint32_t node) {
  SqliteEngineOptions options;
  options.file = file;
  options.node = node;
  return options;
}

std::vector<CommandRecord> read_records(SqliteFile& file) {
  SqliteStatement read(file.connection(),
                       "SELECT place, settled, writes FROM command ORDER BY place");
  std::vector<CommandRecord> records;
  int code = SQLITE_OK;
  while ((code = read.step()) == SQLITE_ROW)
    records.push_back({read.number(0), read.number(1), std::string(read.blob(2))});
  if (code != SQLITE_DONE) file.refuse(code);
  return records;
}

}  // namespace

CommandRecords::CommandRecords(SqliteFile& file) : file_(file) {
  for (CommandRecord& record : read_records(file)) {
    settled_ = std::max(settled_, record.settled);
    kept_.push_back({std::move(record), true});
  }
}

void CommandRecords::add(Version place, Version settled, std::string_view writes) {
  kept_.push_back({{place, settled, std::string(writes)}, false});
  settled_ = std::max(settled_, settled);
}

int CommandRecords::write() noexcept {
  SqliteFile::Statements& statements = file_.statements();
  const auto is_over = [this](const Kept& kept) {
    return kept.in_file && kept.record.place <= settled_;
  };
  if (std::ranges::any_of(kept_, is_over)) {
    statements.drop_records.bind(1, settled_);
    if (const int code = statements.drop_records.run(); code != SQLITE_DONE) return code;
  }
  for (const Kept& kept : kept_) {
    if (kept.in_file || kept.record.place <= settled_) continue;
    statements.keep_record.bind(1, kept.record.place);
    statements.keep_record.bind(2, kept.record.settled);
    statements.keep_record.bind(3, kept.record.writes);
    if (const int code = statements.keep_record.run(); code != SQLITE_DONE) return code;
  }
  return SQLITE_OK;
}

void CommandRecords::note_committed() noexcept {
  std::erase_if(kept_, [this](const Kept& kept) { return kept.record.place <= settled_; });
  for (Kept& kept : kept_)
    kept.in_file = true;
}

void CommandRecords::undo() noexcept {
  std::erase_if(kept_, [](const Kept& kept) { return !kept.in_file; });
}

CommandNotes read_command_notes(const std::filesystem::path& path, std::uint32_t node) {
  const SqliteEngineOptions options = options_for(path, node);
  SqliteFile file(options);
  const SqliteWriter writer(file, options);
  return {writer.notes().newest_version, read_records(file)};
}

void remove_command_records(const std::filesystem::path& path, std::uint32_t node) {
  const SqliteEngineOptions options = options_for(path, node);
  SqliteFile file(options);
  { const SqliteWriter recovering(file, options); }
  const int code =
      sqlite3_exec(file.connection(), "DELETE FROM command", nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) file.refuse(code);
}

}  // namespace pkv

#include "sql/merge.hpp"

#include "base/utf8.hpp"
#include "sql/error.hpp"
#include "sql/limits.hpp"

#include <utility>

namespace pkv::sql {
namespace {

// As the virtual table of the nodes, but without a rowid.
constexpr const char* empty_table =
    "CREATE TABLE kv(key TEXT PRIMARY KEY, value TEXT, size INTEGER, version INTEGER,"
    " expires_at INTEGER) WITHOUT ROWID";

void bind_cell(sqlite3_stmt* statement, int parameter, const Cell& cell) noexcept {
  if (const auto* integer = std::get_if<std::int64_t>(&cell))
    sqlite3_bind_int64(statement, parameter, *integer);
  else if (const auto* real = std::get_if<double>(&cell))
    sqlite3_bind_double(statement, parameter, *real);
  else if (const auto* text = std::get_if<Text>(&cell))
    sqlite3_bind_text64(statement, parameter, text->text.data(), text->text.size(), SQLITE_STATIC,
                        SQLITE_UTF8);
  else if (const auto* blob = std::get_if<Blob>(&cell))
    sqlite3_bind_blob64(statement, parameter, blob->bytes.data(), blob->bytes.size(),
                        SQLITE_STATIC);
  else
    sqlite3_bind_null(statement, parameter);
}

}  // namespace

Merge::Merge(std::string_view query) {
  connection_.execute("PRAGMA journal_mode = OFF; PRAGMA temp_store = FILE; BEGIN");
  connection_.execute(empty_table);
  check(query);
  split_ = split_query(query);
  create_rows();
}

/// Has SQLite look for what is wrong, so that it tells where in the query that was given.
void Merge::check(std::string_view query) {
  if (query.find('\0') != std::string_view::npos)
    throw Error("the query contains a zero byte", query.find('\0'));
  if (!is_utf8_text(query)) throw Error("the query is not UTF-8");
  if (query.size() > most_query_bytes)
    throw Error("the query is longer than " + std::to_string(most_query_bytes) + " bytes");
  const Statement statement = connection_.prepare(query);
  if (sqlite3_stmt_readonly(statement.get()) == 0 || sqlite3_column_count(statement.get()) == 0)
    throw Error("pkv sql reads only: a SELECT over the table kv", 0);
  if (sqlite3_column_count(statement.get()) > most_columns)
    throw Error("a result has at most " + std::to_string(most_columns) + " columns");
  for (int column = 0; column < sqlite3_column_count(statement.get()); ++column)
    names_.emplace_back(sqlite3_column_name(statement.get(), column));
}

/// The table of what the nodes answer. SQLite finds the affinities of its columns.
void Merge::create_rows() {
  connection_.execute("CREATE TABLE rows AS " + split_.node);
  connection_.execute("DELETE FROM rows");
  columns_ = sqlite3_column_count(connection_.prepare("SELECT * FROM rows").get());
  if (columns_ > most_columns)
    throw Error("the query needs more than " + std::to_string(most_columns) + " columns");
  std::string parameters = "?";
  for (int column = 1; column < columns_; ++column)
    parameters += ", ?";
  insert_ = connection_.prepare("INSERT INTO rows VALUES(" + parameters + ")");
}

void Merge::add(std::string_view cells) {
  CellReader reader(cells);
  Cell cell;
  int column = 0;
  while (reader.next(cell)) {
    bind_cell(insert_.get(), ++column, cell);
    if (column < columns_) continue;
    connection_.run(insert_.get());
    column = 0;
    ++rows_;
  }
  if (!reader.complete() || column != 0)
    throw Error("a node has answered something else than rows");
}

void Merge::visit_result(const std::function<void(std::span<const Cell> row)>& visit) {
  const Statement statement = connection_.prepare(split_.merge);
  std::vector<Cell> row(names_.size());
  while (connection_.step(statement.get())) {
    for (std::size_t column = 0; column < row.size(); ++column)
      row[column] = cell_of(statement.get(), static_cast<int>(column));
    visit(row);
  }
}

}  // namespace pkv::sql

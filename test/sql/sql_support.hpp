#pragma once

#include "sql/connection.hpp"
#include "sql/error.hpp"
#include "sql/merge.hpp"
#include "sql/node_query.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pkv::test {

struct Row {
  std::string key;
  std::string value;
  std::uint64_t version = 0;
};

/// A result as text: rows of cells whose kinds show.
using Table = std::vector<std::vector<std::string>>;

inline std::string shown(const sql::Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return "real " + std::to_string(*real);
  if (const auto* text = std::get_if<sql::Text>(&cell)) return "'" + std::string(text->text) + "'";
  if (const auto* blob = std::get_if<sql::Blob>(&cell))
    return "x'" + std::string(blob->bytes) + "'";
  return "NULL";
}

/// What SQLite makes of a query over a table of its own with all the rows.
inline Table answer_of_sqlite(const std::string& query, std::span<const Row> rows) {
  sql::Connection connection(sql::Connection::Place::memory);
  connection.execute(
      "CREATE TABLE kv(key TEXT, value TEXT, size INTEGER, version INTEGER, expires_at INTEGER)");
  const sql::Statement insert = connection.prepare("INSERT INTO kv VALUES(?, ?, ?, ?, NULL)");
  for (const Row& row : rows) {
    const auto bind = [&](int at, const std::string& text) {
      sqlite3_bind_text(insert.get(), at, text.data(), static_cast<int>(text.size()),
                        SQLITE_STATIC);
    };
    bind(1, row.key);
    bind(2, row.value);
    sqlite3_bind_int64(insert.get(), 3, static_cast<sqlite3_int64>(row.value.size()));
    sqlite3_bind_int64(insert.get(), 4, static_cast<sqlite3_int64>(row.version));
    connection.run(insert.get());
  }
  const sql::Statement statement = connection.prepare(query);
  Table table;
  while (connection.step(statement.get())) {
    table.emplace_back();
    for (int column = 0; column < sqlite3_column_count(statement.get()); ++column)
      table.back().push_back(shown(sql::cell_of(statement.get(), column)));
  }
  return table;
}

/// The rows of the pages that begin at these places, in order, as pkv answers.
inline Table answer_in_parts(const std::string& query, std::span<const Row> rows,
                             const std::vector<std::size_t>& cuts) {
  sql::Merge merge(query);
  sql::NodeQuery node(merge.split().node);
  node.find_with([&](std::string_view key, sql::EntryPage& to) {
    const auto found = std::ranges::find(rows, key, &Row::key);
    if (found != rows.end())
      to.add({found->key, found->value, found->value.size(), found->version});
  });
  ByteBuffer cells;
  for (std::size_t part = 0; part + 1 < cuts.size(); ++part) {
    node.page().clear();
    for (const Row& row : rows.subspan(cuts[part], cuts[part + 1] - cuts[part]))
      node.page().add({row.key, row.value, row.value.size(), row.version});
    node.run(cells);
    if (node.is_look_up()) break;
  }
  merge.add(cells.view());
  Table table;
  merge.visit_result([&](std::span<const sql::Cell> row) {
    table.emplace_back();
    for (const sql::Cell& cell : row)
      table.back().push_back(shown(cell));
  });
  return table;
}

/// Why a query is refused; empty if it is not.
inline std::string refusal_of(const std::string& query) {
  try {
    sql::Merge merge(query);
    return {};
  } catch (const sql::Error& error) {
    return error.what();
  }
}

}  // namespace pkv::test

#include "table.hpp"

#include "plain_text.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace pkv::cli {
namespace {

using Row = std::vector<std::string>;

bool is_record(const Reply& reply) {
  if (!reply.is_array() || reply.elements().size() % 2 != 0) return false;
  for (std::size_t field = 0; field < reply.elements().size(); field += 2) {
    const ReplyKind kind = reply.elements()[field].kind();
    if (kind != ReplyKind::bulk && kind != ReplyKind::status) return false;
  }
  return true;
}

std::string cell_of(const Reply& reply) {
  std::string cell;
  append_plain(cell, reply, Bytes::escaped);
  return cell;
}

/// Where the field is among the columns; a new one is added at the end.
std::size_t column_of(Row& fields, const std::string& field) {
  const auto found = std::find(fields.begin(), fields.end(), field);
  if (found != fields.end()) return static_cast<std::size_t>(found - fields.begin());
  fields.push_back(field);
  return fields.size() - 1;
}

bool is_number(const std::string& cell) noexcept {
  return !cell.empty() && cell.find_first_not_of("0123456789.-%") == std::string::npos;
}

}  // namespace

std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::size_t columns = 0;
  for (const Row& row : rows)
    columns = std::max(columns, row.size());
  std::vector<std::size_t> widths(columns, 0);
  for (const Row& row : rows) {
    for (std::size_t at = 0; at < row.size(); ++at)
      widths[at] = std::max(widths[at], row[at].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t at = 0; at < row.size(); ++at) {
      const std::string padding(widths[at] - row[at].size(), ' ');
      if (at > 0) line += "  ";
      line += is_number(row[at]) ? padding + row[at] : row[at] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text.append(line) += '\n';
  }
  return text;
}

std::string table_of(const Reply& records) {
  if (!records.is_array() ||
      !std::all_of(records.elements().begin(), records.elements().end(), is_record)) {
    return to_text(records) + '\n';
  }
  std::vector<Row> rows(1);
  for (const Reply& record : records.elements()) {
    Row row(rows.front().size());
    for (std::size_t field = 0; field < record.elements().size(); field += 2) {
      const std::size_t column = column_of(rows.front(), cell_of(record.elements()[field]));
      row.resize(std::max(row.size(), column + 1));
      row[column] = cell_of(record.elements()[field + 1]);
    }
    rows.push_back(std::move(row));
  }
  return aligned(rows);
}

std::string fields_of(const Reply& record) {
  if (!is_record(record)) return to_text(record) + '\n';
  std::size_t width = 0;
  for (std::size_t field = 0; field < record.elements().size(); field += 2) {
    width = std::max(width, cell_of(record.elements()[field]).size());
  }
  std::string text;
  for (std::size_t field = 0; field < record.elements().size(); field += 2) {
    std::string line = cell_of(record.elements()[field]);
    line.resize(width + 2, ' ');
    text.append(line).append(cell_of(record.elements()[field + 1])) += '\n';
  }
  return text;
}

std::string report_of(const Reply& report) {
  if (!report.is_bulk()) return to_text(report) + '\n';
  std::string text(report.text());
  std::erase(text, '\r');
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

}  // namespace pkv::cli

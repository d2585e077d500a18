#include "sql_result.hpp"

#include "plain_text.hpp"
#include "table.hpp"

#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

namespace pkv::cli {
namespace {

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

/// As SQLite writes it: 15 digits, and always seen to be no integer.
std::string real_text(double real) {
  if (std::isinf(real)) return real > 0 ? "Inf" : "-Inf";
  char text[32];
  std::snprintf(text, sizeof text, "%.15g", real);
  std::string shown = text;
  if (shown.find_first_of(".e") == std::string::npos) shown += ".0";
  return shown;
}

std::string quoted_csv(std::string_view text) {
  if (!text.empty() && text.find_first_of(",\"\r\n ") == std::string_view::npos)
    return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += '"';
  }
  return quoted + '"';
}

/// RFC 8259. The text is UTF-8.
std::string quoted_json(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.append(1, '\\') += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string table_cell(const sql::Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&cell)) return real_text(*real);
  if (const auto* blob = std::get_if<sql::Blob>(&cell))
    return "x'" + hexadecimal(blob->bytes) + "'";
  std::string text = "NULL";
  if (const auto* content = std::get_if<sql::Text>(&cell)) {
    text.clear();
    append_bytes(text, content->text, Bytes::escaped);
  }
  return text;
}

std::string csv_cell(const sql::Cell& cell) {
  if (std::holds_alternative<sql::Null>(cell)) return {};
  if (const auto* text = std::get_if<sql::Text>(&cell)) return quoted_csv(text->text);
  return table_cell(cell);
}

std::string json_cell(const sql::Cell& cell) {
  if (std::holds_alternative<sql::Null>(cell)) return "null";
  if (const auto* text = std::get_if<sql::Text>(&cell)) return quoted_json(text->text);
  if (const auto* blob = std::get_if<sql::Blob>(&cell))
    return "{\"hex\":\"" + hexadecimal(blob->bytes) + "\"}";
  // JSON has no infinity; readers make one of a number that is too large.
  if (const auto* real = std::get_if<double>(&cell); real != nullptr && std::isinf(*real))
    return *real > 0 ? "9e999" : "-9e999";
  return table_cell(cell);
}

}  // namespace

SqlResult::SqlResult(SqlFormat format, std::vector<std::string> names, Output& output)
    : format_(format), names_(std::move(names)), output_(output) {
  if (format_ == SqlFormat::json) output_.append("[");
  if (format_ == SqlFormat::table) {
    std::vector<std::string>& head = table_.emplace_back();
    for (const std::string& name : names_)
      append_bytes(head.emplace_back(), name, Bytes::escaped);
  }
  if (format_ != SqlFormat::csv) return;
  std::string line;
  for (const std::string& name : names_)
    line += (line.empty() ? "" : ",") + quoted_csv(name);
  output_.append(line + '\n');
}

void SqlResult::add(std::span<const sql::Cell> row) {
  if (format_ == SqlFormat::table) {
    std::vector<std::string>& cells = table_.emplace_back();
    for (const sql::Cell& cell : row)
      cells.push_back(table_cell(cell));
    return;
  }
  const bool json = format_ == SqlFormat::json;
  std::string line = json ? (rows_ == 0 ? "{" : ",\n{") : "";
  for (std::size_t column = 0; column < row.size(); ++column) {
    if (column > 0) line += ',';
    line +=
        json ? quoted_json(names_[column]) + ':' + json_cell(row[column]) : csv_cell(row[column]);
  }
  output_.append(line + (json ? "}" : "\n"));
  ++rows_;
}

void SqlResult::finish() {
  if (format_ == SqlFormat::json) output_.append("]\n");
  if (format_ == SqlFormat::table) output_.append(aligned(table_));
}

}  // namespace pkv::cli

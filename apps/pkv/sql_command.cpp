#include "sql_command.hpp"

#include "output.hpp"
#include "plain_text.hpp"
#include "sql/error.hpp"
#include "sql/merge.hpp"
#include "sql_result.hpp"
#include "value_argument.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <optional>
#include <span>
#include <string>

namespace pkv::cli {
namespace {

std::string query_of(const Options& options) {
  return value_of(options.arguments.empty() ? "-" : options.arguments.front());
}

/// Says what is wrong, and below the line of the query where.
ExitStatus report(const sql::Error& error, const std::string& query) {
  std::string text;
  append_bytes(text, error.what(), Bytes::escaped);
  std::cerr << "error: " << text << '\n';
  if (!error.offset() || *error.offset() > query.size()) return ExitStatus::command_failed;
  const std::size_t before = query.rfind('\n', *error.offset() - (*error.offset() > 0 ? 1 : 0));
  const std::size_t begin =
      before == std::string::npos || before >= *error.offset() ? 0 : before + 1;
  const std::size_t column = *error.offset() - begin;
  std::string line;
  append_bytes(line, std::string_view(query).substr(begin, query.find('\n', begin) - begin),
               Bytes::escaped);
  constexpr std::size_t longest_line = 200;
  if (line.size() <= longest_line)
    std::cerr << "  " << line << "\n  " << std::string(column, ' ') << "^\n";
  else
    std::cerr << "  at byte " << *error.offset() << " of the query\n";
  return ExitStatus::command_failed;
}

ExitStatus lost_query(boost::system::error_code error) {
  std::cerr << plain_error(error) << '\n';
  return ExitStatus::connection;
}

ExitStatus refused(const Reply& reply) {
  std::cerr << "error: " << plain_error(reply) << '\n';
  return ExitStatus::command_failed;
}

/// What a reply of SQLNODES NEXT says.
struct Slice {
  bool more = false;
  bool sound = false;
};

Slice take_slice(sql::Merge& merge, const Reply& reply) {
  if (!reply.is_array() || reply.elements().empty() || !reply.elements()[0].is_integer()) return {};
  for (const Reply& rows : std::span(reply.elements()).subspan(1)) {
    if (!rows.is_bulk()) return {};
    merge.add(rows.text());
  }
  return {reply.elements()[0].integer() != 0, true};
}

/// Has the nodes run the query. Nothing means that all rows are there.
std::optional<ExitStatus> fetch(BlockingClient& client, sql::Merge& merge,
                                const SqlOptions& options) {
  Command begin("SQLNODES", "BEGIN", merge.split().node, "TIMEOUT",
                std::to_string(static_cast<std::int64_t>(options.seconds * 1000)), "MAXROWS",
                std::to_string(options.most_rows));
  const result<Reply> begun = client.execute(std::move(begin));
  if (!begun) return lost_query(begun.error());
  if (begun->is_error() || !begun->is_integer()) return refused(*begun);
  const std::string id = std::to_string(begun->integer());
  for (bool more = true; more && !merge.has_enough();) {
    const result<Reply> reply = client.execute(Command("SQLNODES", "NEXT", id));
    if (!reply) return lost_query(reply.error());
    const Slice slice = take_slice(merge, *reply);
    if (!slice.sound) return refused(*reply);
    more = slice.more;
  }
  const result<Reply> ended = client.execute(Command("SQLNODES", "END", id));
  return ended ? std::nullopt : std::optional(lost_query(ended.error()));
}

ExitStatus print(sql::Merge& merge, SqlFormat format) {
  Output output;
  SqlResult result(format, merge.names(), output);
  merge.visit_result([&](std::span<const sql::Cell> row) { result.add(row); });
  result.finish();
  output.flush();
  if (!output.is_closed() || output.error() == EPIPE) return ExitStatus::success;
  std::cerr << "cannot write: " << std::strerror(output.error()) << '\n';
  return ExitStatus::command_failed;
}

}  // namespace

ExitStatus explain_sql(const Options& options) {
  const std::string query = query_of(options);
  try {
    const sql::Merge merge(query);
    std::cout << "each node:  " << merge.split().node << "\nmerge:      " << merge.split().merge
              << '\n';
    return ExitStatus::success;
  } catch (const sql::Error& error) {
    return report(error, query);
  }
}

ExitStatus run_sql(BlockingClient& client, const Options& options) {
  const std::string query = query_of(options);
  std::optional<sql::Merge> merge;
  try {
    merge.emplace(query);
  } catch (const sql::Error& error) {
    return report(error, query);
  }
  try {
    if (const auto failed = fetch(client, *merge, options.sql)) return *failed;
    return print(*merge, options.sql.format);
  } catch (const sql::Error& error) {
    // What is wrong here is wrong in the queries that were made of it: its place says nothing.
    return report(sql::Error(error.what()), query);
  }
}

}  // namespace pkv::cli

#include "entry_commands.hpp"
#include "entry_line.hpp"
#include "local_sink.hpp"
#include "plain_text.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <span>
#include <string>

namespace pkv::cli {
namespace {

namespace asio = boost::asio;

/// Questions under way at once, so that the way to the server and back does not count.
constexpr int questions_ahead = 4;
constexpr std::size_t values_per_entry = 4;

/// Why an export has failed.
struct Failure {
  ExitStatus status;
  std::string text;  ///< Empty: there is nobody left to tell.
};

using Outcome = std::optional<Failure>;

Outcome failed_reply(const Reply& reply) {
  return Failure{ExitStatus::command_failed, plain_error(reply)};
}

Outcome lost_export(boost::system::error_code error) {
  return Failure{ExitStatus::connection, plain_error(error)};
}

Outcome not_written(const LocalSink& sink, const FileError& error) {
  return Failure{ExitStatus::command_failed, sink.reader_has_left() ? std::string() : error.text};
}

Pipeline questions() {
  Pipeline pipeline;
  for (int i = 0; i < questions_ahead; ++i)
    pipeline.add("VIEW", "NEXT");
  return pipeline;
}

/// The lines of the entries in an answer.
std::string lines_of(std::span<const Reply> values) {
  std::string lines;
  for (std::size_t at = 0; at + values_per_entry <= values.size(); at += values_per_entry)
    append_entry_line(lines, {values[at].text(), values[at + 1].text(),
                              static_cast<std::uint64_t>(values[at + 2].integer()),
                              std::max(values[at + 3].integer(), std::int64_t{never})});
  return lines;
}

class Export {
 public:
  Export(BlockingClient& client, LocalSink& sink) : client_(client.client()), sink_(sink) {}

  asio::awaitable<Outcome> run() {
    Command open("VIEW", "OPEN");
    const auto opened = co_await client_.execute(std::move(open));
    if (!opened) co_return lost_export(opened.error());
    if (opened->is_error()) co_return failed_reply(*opened);
    for (bool more = true; more;) {
      Pipeline asked = questions();
      const auto answers = co_await client_.execute(std::move(asked));
      if (!answers) co_return lost_export(answers.error());
      for (std::size_t at = 0; more && at < answers->size(); ++at) {
        const Reply& answer = (*answers)[at];
        if (answer.is_error()) co_return failed_reply(answer);
        more = !answer.elements().empty();
        entries_ += answer.elements().size() / values_per_entry;
        std::string lines = lines_of(answer.elements());
        const auto written = co_await sink_.write(std::move(lines));
        if (!written) co_return not_written(sink_, written.error());
      }
    }
    Command close("VIEW", "CLOSE");
    const auto closed = co_await client_.execute(std::move(close));
    if (!closed) co_return lost_export(closed.error());
    co_return std::nullopt;
  }

  [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }

 private:
  Client& client_;
  LocalSink& sink_;
  std::uint64_t entries_ = 0;
};

FileInfo made_now() {
  FileInfo file;
  file.modified_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
  return file;
}

}  // namespace

ExitStatus export_entries(BlockingClient& client, const Options& options) {
  const std::string path = options.arguments.empty() ? "-" : options.arguments.front();
  LocalSink sink(client.executor(), path, options.files.force, "export");
  Export exporting(client, sink);
  if (const Outcome failure = client.run(exporting.run())) {
    if (!failure->text.empty()) std::cerr << "error: " << failure->text << '\n';
    return failure->status;
  }
  if (const auto finished = sink.finish(made_now()); !finished) {
    if (!sink.reader_has_left()) std::cerr << "error: " << finished.error().text << '\n';
    return ExitStatus::command_failed;
  }
  if (path != "-") std::cout << "exported " << exporting.entries() << " keys\n" << std::flush;
  return ExitStatus::success;
}

}  // namespace pkv::cli

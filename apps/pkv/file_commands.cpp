#include "file_commands.hpp"

#include "pkv/file_client.hpp"

#include "file_range.hpp"
#include "local_sink.hpp"
#include "local_source.hpp"
#include "output.hpp"
#include "plain_text.hpp"
#include "table.hpp"

#include <ctime>
#include <iostream>
#include <malloc.h>

namespace pkv::cli {
namespace {

std::string shown(std::string_view name) {
  std::string text;
  append_bytes(text, name, Bytes::escaped);
  return text;
}

/// For messages, which a name of 64 KiB would bury.
std::string shortened(std::string_view name) {
  constexpr std::size_t longest = 200;
  if (name.size() <= longest) return shown(name);
  return shown(name.substr(0, longest)) + "... (" + std::to_string(name.size()) + " bytes)";
}

ExitStatus fail(std::string_view name, const FileError& error) {
  std::cerr << "error: ";
  if (!name.empty()) std::cerr << shortened(name) << ": ";
  std::cerr << shown(error.text) << '\n';
  return error.fault == FileFault::connection ? ExitStatus::connection : ExitStatus::command_failed;
}

std::string time_text(std::int64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "?";
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

void report_repair(const std::string& name, const FileError& damage) {
  std::cerr << "repaired from a replica: " << shortened(name) << ": " << damage.text << '\n';
}

FileClient file_client(BlockingClient& client, const Options& options) {
  FileClientOptions with;
  with.chunk_bytes = options.files.chunk_bytes;
  with.bytes_in_flight = options.files.bytes_in_flight;
  with.silence =
      std::chrono::milliseconds(static_cast<std::int64_t>(options.files.silence_seconds * 1000));
  with.on_repair = report_repair;
  return FileClient(client.client(), with);
}

/// Chunks come and go. Left to itself malloc() gives their memory back to the system each time, and
/// every page of the next one is a page fault.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc accepts
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

ExitStatus put_file(BlockingClient& client, const Options& options) {
  const std::string& name = options.arguments[0];
  LocalSource source(client.executor(), options.arguments[1], name);
  PutOptions put;
  put.content_type = options.files.content_type;
  put.modified_ns = source.modified_ns();
  put.resume = options.files.resume;
  FileClient files = file_client(client, options);
  const auto stored = client.run(files.put(name, source, put));
  return stored ? ExitStatus::success : fail(name, stored.error());
}

ExitStatus get_file(BlockingClient& client, const Options& options) {
  const std::string& name = options.arguments[0];
  const FileRange range = parse_range(options.files.range);
  LocalSink sink(client.executor(), options.arguments[1], options.files.force, name);
  FileClient files = file_client(client, options);
  const auto read = client.run(files.get(name, sink, range));
  const FileResult<void> done = read ? sink.finish(*read) : FileResult<void>(read.error());
  if (done) return ExitStatus::success;
  return sink.reader_has_left() ? ExitStatus::command_failed : fail(name, done.error());
}

std::string line_of(const FileInfo& file) {
  // Without a checksum: the manifest is damaged.
  if (file.checksum.empty()) return "?\t?\tdamaged\t" + shown(file.name) + '\n';
  return std::to_string(file.size_bytes) + '\t' + time_text(file.modified_ns) + '\t' +
         shown(file.content_type) + '\t' + shown(file.name) + '\n';
}

std::string prefix_of(const Options& options) {
  return options.arguments.empty() ? std::string() : options.arguments.front();
}

ExitStatus list_files(BlockingClient& client, const Options& options) {
  FileClient files = file_client(client, options);
  const auto found = client.run(files.list(prefix_of(options)));
  if (!found) return fail("", found.error());
  Output output;
  for (const FileInfo& file : *found)
    output.append(line_of(file));
  output.flush();
  return ExitStatus::success;
}

ExitStatus stat_file(BlockingClient& client, const Options& options) {
  FileClient files = file_client(client, options);
  const auto file = client.run(files.stat(options.arguments.front()));
  if (!file) return fail(options.arguments.front(), file.error());
  std::vector<Reply> fields;
  const auto add = [&](const char* field, std::string value) {
    fields.push_back(Reply::bulk(field));
    fields.push_back(Reply::bulk(std::move(value)));
  };
  add("name", shown(file->name));
  add("size", std::to_string(file->size_bytes));
  add("content_type", shown(file->content_type));
  add("modified", time_text(file->modified_ns));
  add("checksum", file->checksum);
  add("chunk_size", std::to_string(file->chunk_bytes));
  add("generation", file->generation);
  std::cout << fields_of(Reply::array(std::move(fields))) << std::flush;
  return ExitStatus::success;
}

ExitStatus remove_file(BlockingClient& client, const Options& options) {
  FileClient files = file_client(client, options);
  const auto removed = client.run(files.remove(options.arguments.front()));
  return removed ? ExitStatus::success : fail(options.arguments.front(), removed.error());
}

ExitStatus verify_files(BlockingClient& client, const Options& options) {
  FileClient files = file_client(client, options);
  const auto found = client.run(files.list(prefix_of(options)));
  if (!found) return fail("", found.error());
  std::size_t sound = 0;
  std::size_t damaged = 0;
  for (const FileInfo& file : *found) {
    const auto verified = client.run(files.verify(file.name));
    if (verified) {
      ++sound;
      continue;
    }
    const FileFault fault = verified.error().fault;
    if (fault == FileFault::no_such_file || fault == FileFault::replaced) continue;  // gone by now
    if (fault != FileFault::damaged) return fail(file.name, verified.error());
    ++damaged;
    std::cout << shown(file.name) << ": " << verified.error().text << '\n';
  }
  std::cout << sound << " files are sound, " << damaged << " damaged\n" << std::flush;
  return damaged == 0 ? ExitStatus::success : ExitStatus::command_failed;
}

ExitStatus collect_files(BlockingClient& client, const Options& options) {
  FileClient files = file_client(client, options);
  const auto garbage = client.run(files.collect_garbage());
  if (!garbage) return fail("", garbage.error());
  std::cout << "removed " << garbage->uploads << " interrupted uploads or old files ("
            << garbage->chunks << " chunks); " << garbage->alive << " uploads are going on\n"
            << std::flush;
  return ExitStatus::success;
}

}  // namespace

ExitStatus run_file_command(BlockingClient& client, const Options& options) {
  keep_freed_memory();
  switch (options.action) {
    case Action::put_file:
      return put_file(client, options);
    case Action::get_file:
      return get_file(client, options);
    case Action::list_files:
      return list_files(client, options);
    case Action::stat_file:
      return stat_file(client, options);
    case Action::remove_file:
      return remove_file(client, options);
    case Action::verify_files:
      return verify_files(client, options);
    case Action::collect_files:
      return collect_files(client, options);
    default:
      return ExitStatus::usage;
  }
}

}  // namespace pkv::cli

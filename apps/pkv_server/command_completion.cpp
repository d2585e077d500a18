#include "pkv_server/command_completion.hpp"

#include "pkv/kv_store.hpp"
#include "pkv/sqlite_engine.hpp"

#include "storage/command_records.hpp"
#include "wire/command_writes.hpp"
#include "wire/first_sequence.hpp"
#include "wire/wire_reply.hpp"
#include "worker/execute.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pkv::server {
namespace {

/// What was accepted before is accepted again.
Limits widest_limits() {
  Limits limits;
  limits.max_key_bytes = largest_max_key_bytes;
  limits.max_value_bytes = largest_max_value_bytes;
  return limits;
}

bool is_at(std::string_view writes, NodeId node) {
  wire::CommandWritesReader reader(writes);
  while (reader.next())
    if (reader.is_at(node)) return true;
  return false;
}

/// A node's file while commands are done in it.
class CompletedFile {
 public:
  CompletedFile(const CommandCompletion& what, std::uint32_t node)
      : file_(node_file(what.folder, node)), node_(node) {
    SqliteEngineOptions options;
    options.file = file_;
    options.node = node;
    options.log = [this](LogLevel, std::string_view line) { why_ = line; };
    options.on_fault = [this](FileFault fault) {
      damaged_ = damaged_ || fault == FileFault::damaged;
    };
    store_.emplace(std::make_unique<SqliteEngine>(options), widest_limits());
  }

  /// Does this node's part of the command.
  void complete(Version place, std::string_view writes) {
    check(store_->begin_batch());
    store_->set_time(time_at(place));
    const result<void> done = run(place, writes);
    store_->reach(place);
    const result<void> ended = store_->end_batch();
    check(done);
    check(ended);
  }

  void flush() { check(store_->flush()); }

 private:
  [[nodiscard]] result<void> run(Version place, std::string_view writes) {
    ByteBuffer answers;
    std::uint32_t count = 0;
    for (wire::CommandWritesReader reader(writes); reader.next();) {
      if (!reader.is_at(NodeId{node_})) continue;
      execute_operation(*store_, reader.operation(), place, answers);
      ++count;
    }
    wire::ReplyReader reader(answers.view(), count);
    for (wire::WireReply answer; reader.next(answer);)
      if (answer.kind == wire::ReplyKind::error && answer.error != errc::key_not_found)
        return answer.error;
    return {};
  }

  void check(const result<void>& done) {
    if (done) return;
    const std::string why = why_.empty() ? done.error().message() : why_;
    if (damaged_) throw DamagedFile(why);
    throw std::runtime_error(
        "commands that were under way when the server was killed cannot be "
        "completed: " +
        why);
  }

  std::filesystem::path file_;
  std::uint32_t node_;
  std::string why_;
  bool damaged_ = false;
  std::optional<KVStore> store_;
};

class Completer {
 public:
  explicit Completer(const CommandCompletion& what) : what_(what) {}

  std::uint64_t run() {
    read();
    for (const std::uint32_t node : what_.nodes)
      complete(node);
    for (const auto& [node, notes] : notes_) {
      if (notes.records.empty()) continue;
      remove_command_records(node_file(what_.folder, node), node);
      step();
    }
    return completed_.size();
  }

 private:
  void read() {
    std::uint64_t settled = what_.settled_until;
    for (const std::uint32_t node : what_.nodes) {
      const CommandNotes& notes =
          notes_.emplace(node, read_command_notes(node_file(what_.folder, node), node))
              .first->second;
      for (const CommandRecord& record : notes.records)
        settled = std::max(settled, record.settled);
    }
    for (const auto& [node, notes] : notes_)
      for (const CommandRecord& record : notes.records)
        if (record.place > settled) commands_.emplace(record.place, record.writes);
  }

  void complete(std::uint32_t node) try {
    std::optional<CompletedFile> file;
    for (const auto& [place, writes] : commands_) {
      if (place <= notes_.at(node).newest_version || !is_at(writes, NodeId{node})) continue;
      if (!file) file.emplace(what_, node);
      file->complete(place, writes);
      completed_.insert(place);
      step();
    }
    if (file) file->flush();
  } catch (const DamagedFile& damage) {
    what_.log(LogLevel::error, std::string(damage.what()) +
                                   ": commands that were under way when the server was killed "
                                   "cannot be completed there");
  }

  void step() const {
    if (what_.step) what_.step();
  }

  const CommandCompletion& what_;
  std::map<std::uint32_t, CommandNotes> notes_;
  std::map<Version, std::string_view> commands_;  // in the order
  std::set<Version> completed_;
};

}  // namespace

std::uint64_t complete_commands(const CommandCompletion& what) {
  return Completer(what).run();
}

}  // namespace pkv::server

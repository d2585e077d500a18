#include "pkv_server/command_completion.hpp"

#include "pkv/kv_store.hpp"
#include "pkv/sqlite_engine.hpp"

#include "pkv_server/data_folder.hpp"
#include "support/killed_process.hpp"
#include "support/temporary_folder.hpp"
#include "wire/command_writes.hpp"
#include "wire/first_sequence.hpp"
#include "worker/execute.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

// Nodes' files of which each has got the first so many of the commands that were for it, as if all
// had been killed then. By hand, without a server.

namespace pkv::server {
namespace {

using Catch::Matchers::Contains;

constexpr Version first_place = sequence_at(1'700'000'000'000);

struct Write {
  wire::Opcode opcode;
  std::string key;
  std::string value;
};

/// A command, and the nodes that each of its writes is for.
struct Told {
  Version place;
  std::vector<std::pair<Write, std::vector<std::uint32_t>>> writes;
  bool recorded;

  [[nodiscard]] bool is_at(std::uint32_t node) const {
    return std::ranges::any_of(writes, [node](const auto& write) {
      return std::ranges::find(write.second, node) != write.second.end();
    });
  }
};

using Entries = std::map<std::string, std::pair<std::string, Version>>;

void apply(const Told& command, std::uint32_t node, Entries& entries) {
  for (const auto& [write, nodes] : command.writes) {
    if (std::ranges::find(nodes, node) == nodes.end()) continue;
    if (write.opcode == wire::Opcode::clear) entries.clear();
    if (write.opcode == wire::Opcode::remove) entries.erase(write.key);
    if (write.opcode == wire::Opcode::put) entries[write.key] = {write.value, command.place};
  }
}

class Store {
 public:
  Store(std::size_t workers, std::size_t replicas, std::uint64_t seed = 1)
      : workers_(static_cast<std::uint32_t>(workers)), replicas_(replicas), random_(seed) {
    options_.engine = Engine::sqlite;
    options_.data_folder = path().string();
    options_.workers = static_cast<int>(workers);
    options_.replicas = replicas;
    DataLayout layout;
    layout.spread = spread_of(options_, workers);
    layout.in_use = true;
    layout.settled_until = first_place;
    write_layout(path(), layout);
    for (std::uint32_t node = 1; node <= workers_; ++node)
      kept_until[node] = first_place;
  }

  // Commands, in their order ----------------------------------------------------------------------

  void set(const std::string& key, const std::string& value) {
    tell({{{wire::Opcode::put, key, value}, holders(key)}});
  }
  void mset(const std::vector<std::string>& keys, const std::string& value) {
    std::vector<std::pair<Write, std::vector<std::uint32_t>>> writes;
    for (const std::string& key : keys)
      writes.push_back({{wire::Opcode::put, key, value}, holders(key)});
    tell(std::move(writes));
  }
  void remove(const std::vector<std::string>& keys) {
    std::vector<std::pair<Write, std::vector<std::uint32_t>>> writes;
    for (const std::string& key : keys)
      writes.push_back({{wire::Opcode::remove, key, {}}, holders(key)});
    tell(std::move(writes));
  }
  void clear() {
    std::vector<std::pair<Write, std::vector<std::uint32_t>>> writes;
    for (std::uint32_t node = 1; node <= workers_; ++node)
      writes.push_back({{wire::Opcode::clear, {}, {}}, {node}});
    tell(std::move(writes));
  }
  void tell_random(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::string> keys;
      for (std::size_t more = 1 + random_() % 5; more > 0; --more)
        keys.push_back("key" + std::to_string(random_() % 40));
      std::ranges::sort(keys);
      keys.erase(std::ranges::unique(keys).begin(), keys.end());
      const std::string value = std::to_string(i) + std::string(random_() % 3'000, 'v');
      const auto kind = random_() % 20;
      if (kind == 0)
        clear();
      else if (kind < 6)
        remove(keys);
      else
        mset(keys, value);
    }
  }

  /// Each node has got commands up to some place, when all are killed.
  void kill_at_random() {
    for (auto& [node, place] : kept_until)
      place = first_place + random_() % (commands_.size() + 1);
    write();
  }

  /// Writes the files as the nodes would have, up to kept_until.
  void write() {
    for (std::uint32_t node = 1; node <= workers_; ++node)
      write(node);
  }

  // What is done about it -------------------------------------------------------------------------

  void prepare(const StepWatch& step = {}) {
    DataFolder folder(options_, static_cast<std::size_t>(options_.workers));
    folder.prepare([this](LogLevel, std::string_view line) { log += std::string(line) + '\n'; },
                   step);
  }
  [[nodiscard]] bool is_killed_after(int steps) {
    return test::is_killed_after(steps, [this](const StepWatch& step) { prepare(step); });
  }

  /// What a node should have: its part of what it has kept, and of what others have records of.
  [[nodiscard]] Entries expected(std::uint32_t node) const {
    Entries entries;
    for (const Told& command : commands_)
      if (command.place <= kept_until.at(node) || (command.recorded && is_somewhere(command)))
        apply(command, node, entries);
    return entries;
  }
  [[nodiscard]] Entries found(std::uint32_t node) const {
    SqliteEngineOptions options;
    options.file = file(node);
    options.node = node;
    SqliteEngine engine(options);
    const auto page = engine.scan(0, 1'000'000);
    REQUIRE(page.has_value());
    Entries entries;
    for (const EntryView& entry : page->entries)
      entries[std::string(entry.key)] = {std::string(entry.value), entry.version};
    CHECK(engine.count() == entries.size());
    return entries;
  }
  void audit() const {
    for (std::uint32_t node = 1; node <= workers_; ++node) {
      CAPTURE(node);
      CHECK((found(node) == expected(node)));  // not to be printed
    }
  }
  /// How many commands some of their nodes have and others have not.
  [[nodiscard]] std::size_t torn() const {
    return static_cast<std::size_t>(std::ranges::count_if(commands_, [this](const Told& command) {
      bool missing = false;
      for (std::uint32_t node = 1; node <= workers_; ++node)
        missing = missing || (command.is_at(node) && kept_until.at(node) < command.place);
      return command.recorded && missing && is_somewhere(command);
    }));
  }

  [[nodiscard]] std::vector<std::uint32_t> holders(const std::string& key) const {
    std::vector<std::uint32_t> nodes;
    for (const NodeId id : ring_of(read_layout(path())->spread).owners(key, replicas_))
      nodes.push_back(to_number(id));
    return nodes;
  }
  /// A key that is first at this node.
  [[nodiscard]] std::string key_at(std::uint32_t node, std::size_t number = 0) const {
    for (std::size_t i = 0;; ++i)
      if (holders(std::to_string(i)).front() == node && number-- == 0) return std::to_string(i);
  }
  void change_layout(const std::function<void(DataLayout&)>& change) const {
    DataLayout layout = *read_layout(path());
    change(layout);
    write_layout(path(), layout);
  }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return folder_.path(); }
  [[nodiscard]] std::filesystem::path file(std::uint32_t node) const {
    return node_file(path(), node);
  }
  [[nodiscard]] Version latest() const { return first_place + commands_.size(); }
  [[nodiscard]] Options& options() noexcept { return options_; }

  std::map<std::uint32_t, Version> kept_until;  ///< By node.
  Version settled = first_place;                ///< What the records say.
  std::string log;

 private:
  void tell(std::vector<std::pair<Write, std::vector<std::uint32_t>>> writes) {
    const auto differs = [&writes](const auto& write) {
      return write.second != writes.front().second;
    };
    const bool recorded = std::ranges::any_of(writes, differs);
    commands_.push_back({latest() + 1, std::move(writes), recorded});
  }

  [[nodiscard]] bool is_somewhere(const Told& command) const {
    return std::ranges::any_of(kept_until, [&command](const auto& kept) {
      return kept.second >= command.place && command.is_at(kept.first);
    });
  }

  void write(std::uint32_t node) const {
    SqliteEngineOptions options;
    options.file = file(node);
    options.node = node;
    options.discard = true;
    KVStore store(std::make_unique<SqliteEngine>(options));
    for (const Told& command : commands_) {
      if (command.place > kept_until.at(node) || !command.is_at(node)) continue;
      REQUIRE(store.begin_batch());
      if (command.recorded) REQUIRE(store.keep_record(command.place, settled, record_of(command)));
      ByteBuffer ignored;
      for (const auto& [write, nodes] : command.writes)
        if (std::ranges::find(nodes, node) != nodes.end())
          execute_operation(store, operation_of(write), command.place, ignored);
      store.reach(command.place);
      REQUIRE(store.end_batch());
    }
  }

  static wire::Operation operation_of(const Write& write) {
    wire::Operation operation;
    operation.opcode = write.opcode;
    operation.key = write.key;
    operation.value = write.value;
    return operation;
  }
  static std::string record_of(const Told& command) {
    ByteBuffer bytes;
    for (const auto& [write, nodes] : command.writes) {
      std::vector<NodeId> ids;
      for (const std::uint32_t node : nodes)
        ids.push_back(NodeId{node});
      wire::append_recorded(bytes, ids, operation_of(write));
    }
    return std::string(bytes.view());
  }

  test::TemporaryFolder folder_;
  std::uint32_t workers_;
  std::size_t replicas_;
  std::mt19937_64 random_;
  Options options_;
  std::vector<Told> commands_;
};

TEST_CASE("Completion: a command that some nodes have got, all get", "[server][durable]") {
  Store store(3, 1);
  const std::string one = store.key_at(1);
  const std::string two = store.key_at(2);
  const std::string three = store.key_at(3);
  store.mset({one, two, three}, "before");
  store.mset({one, two}, "written");
  store.remove({two, three});
  store.set(three, "single");
  store.kept_until = {{1, store.latest()}, {2, first_place + 1}, {3, first_place + 3}};
  store.write();
  store.prepare();
  store.audit();
  CHECK(store.found(1).at(one).first == "written");
  CHECK(store.found(2).empty());  // written, and removed
  CHECK(store.found(3).empty());  // what was for one node alone has not come to it
  CHECK_THAT(store.log, Contains("2 commands had come to some of their nodes only"));
  CHECK(read_layout(store.path())->completed == 2U);
}

TEST_CASE("Completion: what no node has got is nowhere", "[server][durable]") {
  Store store(2, 1);
  store.mset({store.key_at(1), store.key_at(2)}, "value");
  store.write();
  store.prepare();
  store.audit();
  CHECK(store.found(1).empty());
  CHECK(store.log.empty());
  CHECK(read_layout(store.path())->completed == 0U);
}

TEST_CASE("Completion: of all entries deleted none are left", "[server][durable]") {
  Store store(3, 2);
  store.mset({store.key_at(1), store.key_at(2), store.key_at(3)}, "value");
  store.clear();
  store.kept_until = {{1, first_place + 1}, {2, first_place + 2}, {3, first_place}};
  store.write();
  store.prepare();
  store.audit();
  for (std::uint32_t node = 1; node <= 3; ++node)
    CHECK(store.found(node).empty());
}

TEST_CASE("Completion: whatever each node has got, no command is torn", "[server][durable]") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  const auto [workers, replicas] = GENERATE(
      std::pair<std::size_t, std::size_t>{2, 1}, std::pair<std::size_t, std::size_t>{5, 1},
      std::pair<std::size_t, std::size_t>{4, 2}, std::pair<std::size_t, std::size_t>{3, 3});
  CAPTURE(workers, replicas);
  for (std::uint64_t round = 0; round < 4; ++round) {
    Store store(workers, replicas, seed + round);
    store.tell_random(60);
    store.kill_at_random();
    store.prepare();
    store.audit();
    CHECK(read_layout(store.path())->completed == store.torn());
    store.prepare();  // and nothing else happens
    store.audit();
  }
}

TEST_CASE("Completion: killed at any step, it goes on", "[server][durable]") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  Store store(3, 2, seed);
  store.tell_random(12);
  store.kept_until = {{1, first_place + 1}, {2, store.latest()}, {3, first_place + 5}};
  store.write();
  int steps = 0;
  for (; store.is_killed_after(steps); ++steps) {
    CAPTURE(steps);
    static_cast<void>(store.is_killed_after(1));
    store.prepare();
    store.audit();
    store.write();
    store.change_layout([](DataLayout& layout) { layout.completed.reset(); });
  }
  store.audit();
  CHECK(steps > 3);
}

TEST_CASE("Completion: before entries are spread in another way", "[server][durable]") {
  Store store(3, 1);
  std::vector<std::string> keys;
  for (std::uint32_t node = 1; node <= 3; ++node)
    keys.push_back(store.key_at(node));
  store.mset(keys, "value");
  store.kept_until = {{1, first_place}, {2, store.latest()}, {3, first_place}};
  store.write();
  store.options().workers = 1;
  store.prepare();
  CHECK(store.found(1).size() == 3);
  CHECK(read_layout(store.path())->completed == 1U);
}

TEST_CASE("Completion: files that are emptied anyway are left alone, and not believed",
          "[server][durable]") {
  Store store(3, 2);
  const std::string one = store.key_at(1);
  const std::string three = store.key_at(3);
  store.set(one, "before");
  store.mset({one, three}, "by the lost one");
  store.kept_until = {{1, first_place + 1}, {2, first_place + 2}, {3, first_place}};
  const auto others = store.holders(one);
  REQUIRE(std::ranges::find(others, 1U) != others.end());
  store.write();
  store.change_layout([](DataLayout& layout) { layout.lost = {{2, first_place + 2}}; });
  const Entries lost = store.found(2);
  store.prepare();
  CHECK((store.found(2) == lost));
  CHECK(store.found(1).at(one).first == "before");
  CHECK_FALSE(store.found(3).contains(three));
}

TEST_CASE("Completion: what was known to be settled is not done again", "[server][durable]") {
  // A node had failed to do its part, and the client was told.
  Store store(2, 1);
  const std::string one = store.key_at(1);
  const std::string two = store.key_at(2);
  store.mset({one, two}, "told to have failed");
  store.kept_until = {{1, store.latest()}, {2, first_place}};
  SECTION("as the layout says") {
    store.write();
    store.change_layout([](DataLayout& layout) { layout.settled_until = first_place + 1; });
  }
  SECTION("as a later command's record says") {
    store.mset({one, two}, "later");
    store.kept_until = {{1, store.latest()}, {2, first_place}};
    store.settled = first_place + 1;
    store.write();
  }
  SECTION("as nobody was killed") {
    store.write();
    store.change_layout([](DataLayout& layout) { layout.in_use = false; });
  }
  store.prepare();
  const Entries found = store.found(2);
  CHECK((found.empty() || found.at(two).first == "later"));
}

TEST_CASE("Completion: a server that starts by itself refuses what was not completed",
          "[server][durable]") {
  Store store(2, 1);
  store.write();
  CHECK_THROWS_WITH(DataFolder(store.options(), 2).settle(), Contains("was killed"));
  store.change_layout([](DataLayout& layout) { layout.completed = 5; });
  DataFolder folder(store.options(), 2);
  folder.settle();
  CHECK(folder.completed() == 5);
  const DataLayout layout = *read_layout(store.path());
  CHECK_FALSE(layout.completed);
  CHECK(layout.settled_until > first_place);
  CHECK(layout.may_have_torn_commands());  // if it is killed now
  folder.leave();
  CHECK_FALSE(read_layout(store.path())->may_have_torn_commands());
}

}  // namespace
}  // namespace pkv::server

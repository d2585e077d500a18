#include "pkv_server/data_folder.hpp"

#include "pkv/sqlite_engine.hpp"

#include "pkv_server/node_storage.hpp"
#include "storage/sqlite_reader.hpp"
#include "support/killed_process.hpp"
#include "support/processes.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"
#include "wire/first_sequence.hpp"
#include "wire/tags.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sqlite3.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <utility>
#include <vector>

// A store's files are those of other options: they are written anew. By hand, without a server.

namespace pkv::server {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

constexpr std::size_t entry_count = 600;

/// How a server is started.
struct Start {
  int workers = 3;
  std::size_t replicas = 1;
  std::string points = "auto";
  std::vector<double> weights{};
  std::set<std::uint32_t> off{};  ///< Nodes off the ring: as an earlier server has left it.
};

/// The files of a store, and what should be in them.
class Store {
 public:
  using Entries = std::map<std::string, std::pair<std::string, Version>>;
  using Nodes = std::map<std::uint32_t, Entries>;

  explicit Store(Start start, std::uint64_t seed = 1, std::size_t count = entry_count)
      : random_(seed) {
    for (std::size_t i = 0; i < count; ++i)
      entries_[random_text(24)] = {random_text(i % 100 == 0 ? 40'000 : 200), next_version()};
    entries_[""] = {"the empty key", next_version()};
    entries_["empty"] = {"", next_version()};
    use(std::move(start));
    for (const auto& [node, entries] : expected())
      write(node, entries);
    DataFolder folder(options_, workers());
    folder.settle();
    folder.leave();
  }

  /// From now on a server would be started so.
  void use(Start start) {
    start_ = std::move(start);
    options_.engine = Engine::sqlite;
    options_.data_folder = path().string();
    options_.workers = start_.workers;
    options_.replicas = start_.replicas;
    options_.weights = start_.off.empty() ? start_.weights : std::vector<double>();
    options_.ring = {};
    if (start_.points == "nodes")
      options_.ring.scheme = RingScheme::node_count;
    else if (start_.points != "auto")
      options_.ring.points_per_node = std::stoull(start_.points);
  }

  void prepare(const StepWatch& step = {}) {
    DataFolder folder(options_, workers());
    folder.prepare([this](LogLevel, std::string_view line) { log += std::string(line) + '\n'; },
                   step);
  }

  [[nodiscard]] std::string why_not() {
    try {
      prepare();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "nothing is wrong";
  }

  /// Begins in a process of its own, which is killed after so many steps. False if it got through.
  [[nodiscard]] bool is_killed_after(int steps) {
    return test::is_killed_after(steps, [this](const StepWatch& step) { prepare(step); });
  }

  /// A server that is killed has noted these workers as lost, and then at other places.
  void lose(const std::map<std::size_t, std::uint64_t>& lost_at,
            const std::map<std::size_t, std::uint64_t>& instead) {
    DataFolder folder(options_, workers());
    folder.settle();
    for (const auto& [worker, at] : lost_at)
      folder.note(worker, at, 0);
    folder.note(instead, 0);
  }

  /// A server that is started in the former way changes the ring, and the files, to be so.
  void change_ring(Start start) {
    DataFolder folder(options_, workers());
    folder.note({.stage = RingNote::Stage::changing});
    use(std::move(start));
    for (const auto& [node, entries] : expected())
      write(node, entries);
    const Ring next = ring();
    folder.note(
        {.stage = RingNote::Stage::changed, .nodes = {next.nodes().begin(), next.nodes().end()}});
    folder.note({.stage = RingNote::Stage::clean});
  }

  /// The ring of such a server, as it makes it itself.
  [[nodiscard]] Ring ring() const {
    std::vector<RingNode> nodes;
    for (std::uint32_t id = 1; id <= workers(); ++id)
      if (!start_.off.contains(id))
        nodes.push_back(
            {NodeId{id}, start_.weights.empty() ? 1.0 : start_.weights[id - 1], "this machine"});
    return Ring(nodes, options_.ring);
  }

  [[nodiscard]] std::vector<std::uint32_t> holders(const std::string& key) const {
    std::vector<std::uint32_t> nodes;
    for (const NodeId id : ring().owners(key, start_.replicas))
      nodes.push_back(to_number(id));
    return nodes;
  }

  /// What each node should have.
  [[nodiscard]] Nodes expected() const {
    const Ring on = ring();
    Nodes nodes;
    for (std::uint32_t id = 1; id <= workers(); ++id)
      nodes[id];
    for (const auto& [key, entry] : entries_)
      for (const NodeId id : on.owners(key, start_.replicas))
        nodes[to_number(id)].insert({key, entry});
    return nodes;
  }

  /// What each has.
  [[nodiscard]] Nodes found() const {
    Nodes nodes;
    for (std::uint32_t id = 1; std::filesystem::exists(file(id)); ++id) {
      Entries& entries = nodes[id];
      SqliteEngineOptions options;
      options.file = file(id);
      options.node = id;
      SqliteEngine engine(options);
      ScanCursor cursor = 0;
      do {
        const auto page = engine.scan(cursor, 1000);
        REQUIRE(page.has_value());
        for (const EntryView& entry : page->entries)
          entries[std::string(entry.key)] = {std::string(entry.value), entry.version};
        cursor = page->next;
      } while (cursor != 0);
      CHECK(engine.count() == entries.size());
      CHECK(engine.newest_version() == version_);
    }
    return nodes;
  }

  /// All is there as it should be, and nothing else.
  void audit() const {
    CHECK((found() == expected()));  // not to be printed
    for (const auto& entry : std::filesystem::directory_iterator(path()))
      CHECK_THAT(entry.path().string(), !Contains(".next"));
    const auto layout = read_layout(path());
    REQUIRE(layout);
    CHECK(layout->replacing == 0);
    CHECK((layout->spread == spread_of(options_, workers())));
  }

  /// Puts these entries into a node's file, and nothing else.
  void write(std::uint32_t node, const Entries& entries) const {
    SqliteEngineOptions options;
    options.file = file(node);
    options.node = node;
    options.durability = Durability::none;
    options.discard = true;
    SqliteEngine engine(options);
    REQUIRE(engine.begin_batch());
    for (const auto& [key, entry] : entries)
      REQUIRE(engine.put(key, entry.first, entry.second));
    if (entries.empty()) {
      REQUIRE(engine.put("", "", version_));
      REQUIRE(engine.erase(""));
    }
    engine.reach(version_);
    REQUIRE(engine.end_batch());
  }

  void change_layout(const std::function<void(DataLayout&)>& change) const {
    auto layout = read_layout(path());
    REQUIRE(layout);
    change(*layout);
    write_layout(path(), *layout);
  }

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] Entries& entries() noexcept { return entries_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return folder_.path(); }
  [[nodiscard]] std::filesystem::path file(std::uint32_t node) const {
    return node_file(path(), node);
  }
  [[nodiscard]] Version next_version() noexcept { return ++version_; }

  std::string log;

 private:
  [[nodiscard]] std::size_t workers() const noexcept {
    return static_cast<std::size_t>(start_.workers);
  }
  [[nodiscard]] std::string random_text(std::size_t most_bytes) {
    std::string text(random_() % most_bytes + 1, ' ');
    std::ranges::generate(text, [this] { return static_cast<char>(random_()); });
    return text;
  }

  test::TemporaryFolder folder_;
  std::mt19937_64 random_;
  Entries entries_;
  Version version_ = 1000;
  Start start_;
  Options options_;
};

constexpr auto no_database = "this is no database, however long one reads in it";

void write_over(const std::filesystem::path& file, std::streamoff at, const std::string& text) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(at);
  stream << text;
  REQUIRE(stream.flush());
}

TEST_CASE("DataFolder: entries are where the next server looks for them", "[server][durable]") {
  const std::vector<Start> starts{
      {.workers = 1},
      {.workers = 2},
      {.workers = 4},
      {.workers = 8},
      {.workers = 6, .replicas = 2},
      {.workers = 2, .replicas = 3},
      {.workers = 4, .replicas = 3, .weights = {1, 1, 2.5, 0.1}},
      {.workers = 4, .replicas = 2, .weights = {1, 1, 2.5, 0.2}},
      {.workers = 4, .points = "7", .weights = {1, 1, 2.5, 0.2}},
      {.workers = 4, .points = "nodes", .weights = {1, 1, 1, 1}},
      {.workers = 5, .points = "nodes"},
      {.workers = 1, .replicas = 2},
      {.workers = 3},
  };
  Store store(starts.back());
  for (const Start& start : starts) {
    CAPTURE(start.workers, start.replicas, start.points, start.weights);
    store.use(start);
    store.prepare();
    store.audit();
  }
  CHECK_THAT(store.log,
             Contains("written with --workers 1, not --workers 2") &&
                 Contains("--weights 1,1,2.5,0.1 --replicas 3, not --weights 1,1,2.5,0.2") &&
                 Contains(std::to_string(store.entries().size()) + " entries were written anew"));
}

TEST_CASE("DataFolder: nothing is written anew for the same options", "[server][durable]") {
  Store store({.workers = 3, .replicas = 2, .weights = {1, 2, 1}});
  const auto before = std::filesystem::last_write_time(store.file(2));
  std::ofstream(next_file(store.path(), 2)) << "left by one that was killed";
  store.prepare();
  store.audit();
  CHECK(std::filesystem::last_write_time(store.file(2)) == before);
  CHECK(store.log.empty());
}

TEST_CASE("DataFolder: the ring stays as a server has left it, unless weights are given",
          "[server][durable]") {
  const std::size_t replicas = GENERATE(1u, 2u);
  Store store({.workers = 4, .replicas = replicas});
  store.change_ring({.workers = 4, .replicas = replicas, .weights = {1, 2.5, 3, 1}, .off = {1, 3}});
  store.prepare();
  CHECK(store.log.empty());
  CHECK((store.found() == store.expected()));
  auto layout = read_layout(store.path());
  REQUIRE(layout);
  CHECK((layout->spread.off == std::set<std::uint32_t>{1, 3}));
  CHECK(layout->spread.weight(2) == 2.5);

  // A node that holds nothing may lack its file, and need not be filled.
  std::filesystem::remove(store.file(3));
  store.prepare();
  CHECK(read_layout(store.path())->lost.empty());

  SECTION("with more replicas than nodes on the ring") {
    store.use({.workers = 4, .replicas = 3});
    store.prepare();
    store.audit();
  }
  SECTION("with weights") {
    store.use({.workers = 4, .replicas = replicas, .weights = {1, 1, 1, 1}});
    store.prepare();
    store.audit();
    CHECK_THAT(store.log, Contains("nodes 1 3 off the ring"));
  }
  SECTION("with other workers") {
    store.use({.workers = 3, .replicas = replicas});
    store.prepare();
    store.audit();
  }
}

TEST_CASE("DataFolder: what a change of the ring has left in files is not taken for entries",
          "[server][durable]") {
  const std::size_t replicas = GENERATE(1u, 2u);
  Store store({.workers = 4, .replicas = replicas});
  Store::Nodes nodes = store.expected();
  for (auto& [node, entries] : nodes)
    for (const auto& [key, entry] : store.entries())
      entries.insert({key, {"stale", 1}});
  for (const auto& [node, entries] : nodes)
    store.write(node, entries);
  const bool is_noted = GENERATE(true, false);
  store.change_layout([is_noted](DataLayout& layout) { layout.leftovers = is_noted; });
  store.use({.workers = 3, .replicas = replicas});
  if (is_noted) {
    store.prepare();
    store.audit();
  } else {
    CHECK_THAT(store.why_not(), Contains("has keys of other nodes"));
  }
}

TEST_CASE("DataFolder: a store without entries changes too", "[server][durable]") {
  Store store({.workers = 2}, 1, 0);
  store.entries().clear();
  for (std::uint32_t node = 1; node <= 2; ++node)
    store.write(node, {});
  store.use({.workers = 3});
  store.prepare();
  store.audit();
}

TEST_CASE("DataFolder: there may be more nodes than a process may usually have files open",
          "[server][durable]") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  Store store({.workers = 40}, 1, 100);
  const rlimit few{100, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
  store.use({.workers = 2});
  store.prepare();
  store.audit();
  rlimit after{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &after) == 0);
  CHECK(after.rlim_cur == few.rlim_cur);
  REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

TEST_CASE("DataFolder: killed at any step, it goes on or begins anew", "[server][durable]") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  const auto [from, to] =
      GENERATE(std::pair{Start{.workers = 2}, Start{.workers = 4}},
               std::pair{Start{.workers = 5, .replicas = 2}, Start{.workers = 2, .replicas = 2}});
  Store store(from, seed);
  int steps = 0;
  for (store.use(to); store.is_killed_after(steps); ++steps, store.use(to)) {
    CAPTURE(steps);
    // The next server may want the same, or what there was before.
    if (steps % 2 == 0) {
      store.prepare();
      store.audit();
    }
    store.use(from);
    store.prepare();
    store.audit();
  }
  store.audit();
  CHECK(steps > 8);
}

TEST_CASE("DataFolder: of copies that differ the one with all that was acknowledged is taken",
          "[server][durable]") {
  const Start start = GENERATE(Start{.workers = 4, .replicas = 2}, Start{.workers = 2});
  Store store({.workers = 4, .replicas = 3});
  Store::Nodes nodes = store.expected();
  Store::Entries& entries = store.entries();

  SECTION("after a kill the first holder's, with what was deleted there") {
    store.change_layout([](DataLayout& layout) { layout.in_use = true; });
    std::size_t number = 0;
    for (const auto& [key, entry] : Store::Entries(entries)) {
      const auto holders = store.holders(key);
      if (number++ % 3 == 0) {
        nodes[holders[0]].erase(key);
        entries.erase(key);
      } else {
        nodes[holders[1]][key].first += "newer or older, and not answered";
        nodes[holders[2]].erase(key);
      }
    }
  }
  SECTION("not that of nodes that were lost, but of the last to be lost if need be") {
    // Node 1 was the first to be lost, then node 2; where both and node 3, node 3.
    store.change_layout([](DataLayout& layout) {
      layout.in_use = true;
      layout.lost = {{1, sequence_at(4'000'000'000'000)},
                     {2, sequence_at(4'000'000'000'000) + 5},
                     {3, sequence_at(4'000'000'000'000) + 9}};
    });
    for (const std::uint32_t node : {1U, 2U})
      for (auto& [key, entry] : nodes[node])
        entry.first = "stale";
    for (auto& [key, entry] : nodes[3]) {
      const auto holders = store.holders(key);
      if (std::ranges::find(holders, 4U) != holders.end()) entry.first = "rather stale";
    }
  }
  for (const auto& [node, contents] : nodes)
    store.write(node, contents);
  store.use(start);
  store.prepare();
  store.audit();
  CHECK_FALSE(read_layout(store.path())->in_use);
  CHECK(read_layout(store.path())->lost.empty());
}

TEST_CASE("DataFolder: a node that went on alone while it was filled is read, and trusted last",
          "[server][durable]") {
  Store store({.workers = 3, .replicas = 2});
  Store::Nodes nodes = store.expected();
  for (const auto& [key, entry] : store.entries()) {
    const auto holders = store.holders(key);
    if (std::ranges::find(holders, 3U) != holders.end())
      nodes[1].erase(key);  // not filled with it yet
    else
      nodes[2][key].first = "stale";
  }
  for (const auto& [node, contents] : nodes)
    store.write(node, contents);
  const auto late = sequence_at(4'000'000'000'000);
  store.lose({{0, 1}, {1, late}}, {{0, late + 1}});
  CHECK(read_layout(store.path())->lost ==
        std::map<std::uint32_t, std::uint64_t>{{1, late + 1}, {2, late}});
  store.use({.workers = 2});
  store.prepare();
  store.audit();
}

TEST_CASE("DataFolder: a file is not emptied before its node is noted as lost",
          "[server][durable]") {
  const Store store({.workers = 3, .replicas = 2});
  std::atomic<bool> is_emptied = false;
  std::size_t count = entry_count;
  std::jthread next_process([&] {
    const auto log = [&](LogLevel, std::string_view line) {
      if (line.find("is emptied") != std::string_view::npos) is_emptied = true;
    };
    count = open_engine(store.options(), 2, wire::first_epoch + 1, log)->count();
  });
  const bool too_early = test::wait_until([&] { return is_emptied.load(); }, 50ms);
  store.change_layout([](DataLayout& layout) { layout.lost[2] = 1; });
  next_process.join();
  CHECK_FALSE(too_early);
  CHECK(is_emptied);
  CHECK(count == 0);
}

TEST_CASE("DataFolder: damaged and missing files cost nothing where there are replicas",
          "[server][durable]") {
  const Start start = GENERATE(Start{.workers = 1}, Start{.workers = 6, .replicas = 2});
  Store store({.workers = 4, .replicas = 2});
  SECTION("damaged from its beginning on") {
    std::ofstream(store.file(2)) << no_database;
  }
  SECTION("damaged in the middle") {
    write_over(store.file(2), 30'000, std::string(20'000, '\xee'));
  }
  SECTION("entries are missing") {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open(store.file(2).c_str(), &connection) == SQLITE_OK);
    REQUIRE(sqlite3_exec(connection, "DELETE FROM kv WHERE position % 3 = 0", nullptr, nullptr,
                         nullptr) == SQLITE_OK);
    sqlite3_close(connection);
  }
  SECTION("missing") {
    std::filesystem::remove(store.file(2));
  }
  const bool was_there = std::filesystem::exists(store.file(2));
  store.use(start);
  store.prepare();
  store.audit();
  CHECK(std::filesystem::exists(store.path() / "node-2.db.damaged-1") == was_there);
  CHECK(read_layout(store.path())->damaged.empty());
}

TEST_CASE("DataFolder: what cannot be written anew stays as it was", "[server][durable]") {
  const std::size_t replicas = GENERATE(1U, 2U);
  CAPTURE(replicas);
  Store store({.workers = 3, .replicas = replicas});
  const auto refused = [&](const std::string& why) {
    store.use({.workers = 4, .replicas = replicas});
    CHECK_THAT(store.why_not(), Contains(why));
    const auto layout = read_layout(store.path());
    REQUIRE(layout);
    CHECK(layout->spread.workers == 3);
    CHECK(layout->replacing == 0);
    for (std::uint32_t node = 1; node <= 4; ++node)
      CHECK_FALSE(std::filesystem::exists(next_file(store.path(), node)));
    store.use({.workers = 3, .replicas = replicas});
  };

  SECTION("the only copies are damaged") {
    for (std::uint32_t node = 1; node <= replicas; ++node)
      write_over(store.file(node), 30'000, std::string(20'000, '\xee'));
    refused(".db is damaged");
    refused("start as before, with --workers 3");
    // Of two, one has been set aside while the other one might have had it all.
    CHECK((std::filesystem::exists(store.file(1)) || std::filesystem::exists(store.file(2))));
    CHECK(std::filesystem::exists(store.path() / "node-1.db.damaged-1") +
              std::filesystem::exists(store.path() / "node-2.db.damaged-1") ==
          static_cast<int>(replicas) - 1);
  }
  SECTION("files are missing") {
    std::filesystem::remove(store.file(1));
    if (replicas == 2) std::filesystem::remove(store.file(2));
    refused(replicas == 1 ? "node-1.db is missing" : "the files of 2 nodes");
  }
  SECTION("nodes were never filled") {
    if (replicas == 1) return;
    store.change_layout([](DataLayout& layout) { layout.lost = {{1, 0}, {2, 0}}; });
    refused("the files of 2 nodes");
  }
  SECTION("a file that nobody knows of is where one is to be") {
    std::ofstream(store.file(4)) << "precious";
    refused("node-4.db is there");
    CHECK(std::filesystem::file_size(store.file(4)) == 8);
    std::filesystem::remove(store.file(4));
  }
  SECTION("keys are at nodes that are not theirs") {
    store.change_layout([](DataLayout& layout) { layout.spread.points = "5"; });
    refused("has keys of other nodes");
    store.change_layout([](DataLayout& layout) { layout.spread.points = "2048"; });
    store.prepare();
    store.audit();
  }
}

TEST_CASE("DataFolder: a disk that is full or becomes so costs nothing", "[server][durable]") {
  Store store({.workers = 2}, 1, 3'000);
  store.use({.workers = 3});
  const test::TemporaryFolder place;
  const test::SmallDisk disk(place.path(), "64m");
  if (!disk.mounted()) {
    WARN("not allowed to mount a small file system: not tested");
    return;
  }
  for (const auto& entry : std::filesystem::directory_iterator(store.path()))
    std::filesystem::copy(entry.path(), place.path());
  const auto used_kib = [&] {
    const auto space = std::filesystem::space(place.path());
    return (space.capacity - space.free) >> 10;
  };
  Options options;
  options.engine = Engine::sqlite;
  options.data_folder = place.path().string();
  const auto prepare = [&](const StepWatch& step = {}) {
    DataFolder(options, 3).prepare([](LogLevel, std::string_view) {}, step);
  };
  const auto node_files_are_as_before = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(place.path()))
      CHECK_THAT(entry.path().string(), !Contains(".next"));
    return read_layout(place.path())->spread.workers == 2 &&
           std::filesystem::exists(node_file(place.path(), 2));
  };
  SECTION("as can be foreseen") {
    REQUIRE(disk.resize(std::to_string(used_kib() * 3 / 2) + 'k'));
    CHECK_THROWS_WITH(prepare(), Contains("MiB more in") && Contains("make room") &&
                                     Contains("start as before, with --workers 2"));
  }
  SECTION("as cannot be") {
    bool filled = false;
    const auto fill = [&] {
      if (!std::exchange(filled, true))
        std::ofstream(place.path() / "filler") << std::string(64 << 20, 'x');
    };
    CHECK_THROWS_WITH(prepare(fill), Contains("no room to write"));
    std::filesystem::remove(place.path() / "filler");
  }
  CHECK(node_files_are_as_before());
  REQUIRE(disk.resize("64m"));
  prepare();
  for (std::uint32_t node = 1; node <= 3; ++node)
    std::filesystem::copy(node_file(place.path(), node), store.file(node),
                          std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy(place.path() / "pkv.layout", store.path() / "pkv.layout",
                        std::filesystem::copy_options::overwrite_existing);
  store.audit();
}

TEST_CASE("DataFolder: a server's own start does not write anew", "[server][durable]") {
  Store store({.workers = 2});
  Options options;
  options.engine = Engine::sqlite;
  options.data_folder = store.path().string();
  CHECK_THROWS_WITH(DataFolder(options, 3).settle(),
                    Contains("written with --workers 2, not --workers 3"));
  store.use({.workers = 3});
  store.prepare();
  DataFolder folder(options, 3);
  folder.settle();
  REQUIRE(folder.rewritten());
  CHECK(folder.rewritten()->entries == store.entries().size());
  CHECK_FALSE(read_layout(store.path())->rewritten);
}

TEST_CASE("DataLayout: is read as it was written", "[server][durable]") {
  const test::TemporaryFolder folder;
  DataLayout layout;
  layout.spread = {
      .workers = 3, .replicas = 2, .points = "nodes", .weights = {1, 0.1, 2.0 / 3}, .off = {1, 3}};
  layout.leftovers = true;
  layout.in_use = true;
  layout.lost = {{1, 0}, {3, 12345}};
  layout.damaged = {2};
  layout.replacing = 7;
  layout.rewritten = {1000, std::chrono::milliseconds(12)};
  layout.settled_until = 0xffff'ffff'ffff'ffff;
  layout.completed = 0;
  write_layout(folder.path(), layout);
  const auto read = read_layout(folder.path());
  REQUIRE(read);
  CHECK((read->spread == layout.spread));
  CHECK(read->in_use);
  CHECK(read->leftovers);
  CHECK((read->lost == layout.lost));
  CHECK((read->damaged == layout.damaged));
  CHECK(read->replacing == 7);
  REQUIRE(read->rewritten);
  CHECK(read->settled_until == layout.settled_until);
  CHECK(read->completed == 0U);
  CHECK(read->rewritten->entries == 1000);
  CHECK(read->rewritten->time == std::chrono::milliseconds(12));
}

TEST_CASE("DataLayout: nonsense is refused", "[server][durable]") {
  const std::string lines = GENERATE(
      "workers 0\nreplicas 1\npoints 5\n", "workers 2\nreplicas 0\npoints 5\n",
      "workers 2\nreplicas 1\n", "workers 2\nreplicas 1\npoints many\n",
      "workers 2\nreplicas 1\npoints 99999999\n", "workers 2\nweights 1\nreplicas 1\npoints 5\n",
      "workers 2\nweights 1 -1\nreplicas 1\npoints 5\n", "workers 2\noff 3\nreplicas 1\npoints 5\n",
      "workers 2\noff 0\nreplicas 1\npoints 5\n",
      "workers 2\noff 1\noff 2\nreplicas 1\npoints 5\n");
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "pkv.layout") << "format 2\n" << lines << "end\n";
  CHECK_THROWS_WITH(read_layout(folder.path()), Contains("pkv.layout is damaged"));
}

}  // namespace
}  // namespace pkv::server

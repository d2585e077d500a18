#include "pkv/sqlite_engine.hpp"

#include "base/hash.hpp"
#include "support/temporary_folder.hpp"
#include "wire/first_sequence.hpp"
#include "wire/viewing.hpp"
#include "worker/copying_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using namespace pkv::test;
using wire::CopyRequest;
using wire::Opcode;
using wire::RingRange;
using wire::scan_end;

namespace {

constexpr std::uint32_t no_limit = UINT32_MAX;
const std::vector<RingRange> whole_ring{{0, UINT64_MAX}};
const std::vector<RingRange> half_ring{{UINT64_MAX / 4, UINT64_MAX / 4 * 3}};

/// A node whose requests come at rising places in the order.
struct Node {
  explicit Node(std::unique_ptr<StorageEngine> engine, const StoreViews::Settings& settings = {})
      : store(std::move(engine)),
        dispatcher(store, pkv::test::node, epoch, std::size_t{1} << 20, settings) {}

  std::vector<Answer> run(const std::vector<Asked>& operations) {
    wire::Frame frame = request(operations, sequence);
    sequence += operations.size();
    frame.header.stable = stable;
    Replies replies;
    if (!dispatcher.run(frame, replies)) return {error(errc::malformed_frame)};
    return replies.all();
  }
  Answer run_one(const Asked& operation) { return run({operation}).front(); }

  KVStore store;
  Dispatcher dispatcher;
  std::uint64_t sequence = 1'000;
  std::uint64_t stable = 0;
};

Asked opening(std::uint32_t number, const std::vector<RingRange>& ranges) {
  ByteBuffer value;
  wire::append_ranges(value, number, ranges);
  return {Opcode::open_view, {}, std::string(value.view())};
}

Asked closing(std::uint32_t number) {
  ByteBuffer value;
  wire::append_view_number(value, number);
  return {Opcode::close_view, {}, std::string(value.view())};
}

Asked next_page(std::uint32_t number, std::uint64_t from, std::uint32_t most_bytes = no_limit,
                std::uint32_t most_entries = no_limit) {
  return asking(Opcode::view_page, {number, from, scan_end, most_bytes, most_entries});
}

Asked put(std::string key, std::string value) {
  return {Opcode::put, std::move(key), std::move(value)};
}

bool is_in(const std::vector<RingRange>& ranges, const std::string& key) {
  const std::uint64_t hash = hash_bytes(key);
  return std::any_of(ranges.begin(), ranges.end(), [&](const RingRange& range) {
    return range.first <= hash && hash <= range.last;
  });
}

Entries in_ranges(const Entries& all, const std::vector<RingRange>& ranges) {
  Entries some;
  for (const auto& [key, entry] : all)
    if (is_in(ranges, key)) some[key] = entry;
  return some;
}

/// Reads the rest of a view in one go.
Entries read_rest(Node& node, std::uint32_t number, std::uint64_t from = 0) {
  const Page page = read_page(node.run_one(next_page(number, from)));
  CHECK(page.whole);
  CHECK(page.next == scan_end);
  CHECK(page.count == page.entries.size());
  return page.entries;
}

/// The engines there are, and one in memory that cannot move entries out.
std::unique_ptr<StorageEngine> engine_of(const std::string& kind, const TemporaryFolder& folder) {
  if (kind == "sqlite")
    return std::make_unique<SqliteEngine>(SqliteEngineOptions{.file = folder.path() / "node.db",
                                                              .durability = Durability::none,
                                                              .log = {},
                                                              .on_fault = {}});
  auto engine = std::make_unique<WatchedEngine>();
  engine->moves_out = kind == "memory";
  return engine;
}

}  // namespace

TEST_CASE("StoreView: shows what was there at its opening, whatever is written later",
          "[worker][view]") {
  const std::string kind = GENERATE("memory", "unmovable", "sqlite");
  CAPTURE(kind);
  const TemporaryFolder folder;
  Node node(engine_of(kind, folder));
  node.stable = GENERATE(0U, 1U);
  node.run({put("changed", "old"), put("gone", "g"), put("kept", "k"), put("grown", "1")});
  const Entries then = entries_of(node.store);
  // One request: what comes before the opening is in it, what comes behind it is not.
  node.run({put("last", "l"),
            opening(7, whole_ring),
            put("changed", "new"),
            {Opcode::remove, "gone", {}},
            {Opcode::append, "grown", "2"},
            put("added", "a")});
  node.run({put("changed", "newer"), put("gone", "back"), {Opcode::take, "kept", {}}});
  Entries expected = then;
  expected["last"] = {"l", 1'004};

  SECTION("as it is") {}
  SECTION("all removed and some back") {
    node.run({{Opcode::clear, {}, {}}, put("changed", "after"), put("kept", "after")});
    node.run({{Opcode::clear, {}, {}}, put("changed", "later"), put("x", "y")});
  }
  CHECK(read_rest(node, 7) == expected);
  CHECK(node.run_one(closing(7)) == ok());
  CHECK(node.run_one(next_page(7, 0)) == error(errc::view_lost));
  CHECK(node.run_one(closing(7)) == ok());
}

TEST_CASE("StoreView: agrees with a copy made at its opening", "[worker][view]") {
  const std::string kind = GENERATE("memory", "unmovable", "sqlite");
  const auto seed = std::random_device{}();
  CAPTURE(kind, seed);
  std::mt19937_64 random(seed);
  const TemporaryFolder folder;
  Node node(engine_of(kind, folder));
  node.stable = random() % 2;
  Node donor(std::make_unique<WatchedEngine>());

  struct Reading {
    Entries expected;
    Entries read;
    std::uint64_t from = 0;
  };
  std::vector<std::optional<Reading>> readings(3);
  const auto key = [&] { return "key" + std::to_string(random() % 2'000); };
  const auto random_operation = [&]() -> Asked {
    switch (random() % 8) {
      case 0:
        return {Opcode::remove, key(), {}};
      case 1:
        return {Opcode::append, key(), "+"};
      case 2:
        return {Opcode::take, key(), {}};
      case 3:
        return {Opcode::exchange, key(), std::string(random() % 50, 'e')};
      default:
        return put(key(), std::string(random() % 100, 'p'));
    }
  };
  // A transfer in and one out, of a fifth of the ring.
  const std::vector<RingRange> moved{{0, UINT64_MAX / 5}};
  donor.run({define(1, moved)});
  node.run({define(1, moved)});

  const int rounds = kind == "sqlite" ? 1'500 : 4'000;
  int finished = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Asked> operations(random() % 20);
    for (Asked& operation : operations)
      operation = random_operation();
    node.run(operations);
    if (random() % 400 == 0) node.run({{Opcode::clear, {}, {}}});
    if (random() % 50 == 0) {
      donor.sequence = node.sequence - 300;
      donor.run({put(key(), "donated"), put(key(), "donated")});
      const Answer page = donor.run_one(asking(Opcode::copy_page, {1, 0, scan_end, no_limit, 100}));
      CHECK(node.run_one({Opcode::copy_in, {}, page.value}) == ok());
    }
    if (random() % 50 == 0)
      node.run({asking(Opcode::erase_page, {1, random() % scan_end, scan_end, no_limit, 50})});

    const std::size_t which = random() % readings.size();
    const auto number = static_cast<std::uint32_t>(which);
    std::optional<Reading>& reading = readings[which];
    if (!reading) {
      const auto& ranges = random() % 2 == 0 ? half_ring : whole_ring;
      reading = Reading{in_ranges(entries_of(node.store), ranges), {}, 0};
      std::vector<Asked> frame{opening(number, ranges)};
      for (int i = 0; i < 5; ++i)
        frame.push_back(random_operation());
      REQUIRE(node.run(frame).front() == ok());
      continue;
    }
    if (random() % 3 != 0) continue;
    const auto bytes = random() % 2 == 0 ? no_limit : static_cast<std::uint32_t>(random() % 20'000);
    const Asked question =
        next_page(number, reading->from, bytes, static_cast<std::uint32_t>(random() % 400));
    Page page = read_page(node.run_one(question));
    // The answer may have been lost: it is asked for again, although something was written.
    if (random() % 4 == 0) {
      node.run({random_operation(), random_operation()});
      page = read_page(node.run_one(question));
    }
    REQUIRE(page.whole);
    REQUIRE(page.next > reading->from);
    REQUIRE(page.count == page.entries.size());
    reading->read.insert(page.entries.begin(), page.entries.end());
    reading->from = page.next;
    if (page.next < scan_end) continue;
    CHECK(reading->read == reading->expected);
    reading.reset();
    node.run({closing(number)});
    ++finished;
  }
  CHECK(finished > 10);
}

TEST_CASE("StoreView: its entries come in the order of their scan positions", "[worker][view]") {
  Node node(std::make_unique<WatchedEngine>());
  for (int i = 0; i < 1'000; ++i)
    node.run({put("key" + std::to_string(i), "v")});
  node.run({opening(1, whole_ring)});
  for (int i = 0; i < 1'000; i += 3)
    node.run({i % 2 == 0 ? put("key" + std::to_string(i), "w")
                         : Asked{Opcode::remove, "key" + std::to_string(i), {}}});
  const Answer answer = node.run_one(next_page(1, 0));
  wire::PageReader reader(answer.value);
  std::uint64_t position = 0;
  std::size_t entries = 0;
  for (wire::CopiedEntry entry; reader.next(entry); ++entries) {
    CHECK(scan_position(entry.key) >= position);
    position = scan_position(entry.key);
    CHECK(entry.value == "v");
  }
  CHECK(entries == 1'000);
}

TEST_CASE("StoreView: a page of entries that are all gone is no larger than asked for",
          "[worker][view]") {
  Node node(std::make_unique<WatchedEngine>());
  for (int i = 0; i < 3'000; ++i)
    node.run({put("key" + std::to_string(i), std::string(100, 'v'))});
  node.run({opening(1, whole_ring)});
  for (int i = 0; i < 3'000; ++i)
    node.run({{Opcode::remove, "key" + std::to_string(i), {}}});
  std::size_t entries = 0;
  for (std::uint64_t from = 0; from < scan_end;) {
    const Answer answer = node.run_one(next_page(1, from, 10'000, 4'096));
    const Page page = read_page(answer);
    REQUIRE(page.whole);
    REQUIRE(answer.value.size() <= 10'000 + wire::page_head_bytes);
    REQUIRE(page.next > from);
    entries += page.count;
    from = page.next;
  }
  CHECK(entries == 3'000);
}

TEST_CASE("StoreView: is lost when writes replace more than it may save, and they go on",
          "[worker][view]") {
  const std::string kind = GENERATE("writes", "clear");
  StoreViews::Settings settings;
  settings.most_saved_bytes = 10'000;
  auto engine = std::make_unique<WatchedEngine>();
  engine->moves_out = false;
  Node node(std::move(engine), settings);
  for (int i = 0; i < 100; ++i)
    node.run({put("key" + std::to_string(i), std::string(200, 'v'))});
  node.run({opening(1, whole_ring), opening(2, {{0, 0}})});
  // What is new is not saved.
  for (int i = 1'000; i < 2'000; ++i)
    node.run({put("key" + std::to_string(i), std::string(200, 'n'))});
  CHECK(read_page(node.run_one(next_page(1, 0, no_limit, 1))).whole);

  if (kind == "clear")
    CHECK(node.run_one({Opcode::clear, {}, {}}) == ok());
  else
    for (int i = 0; i < 100; ++i)
      CHECK(node.run_one(put("key" + std::to_string(i), "w")) == ok());
  CHECK(node.run_one(next_page(1, 0)) == error(errc::view_lost));
  CHECK(read_rest(node, 2).empty());  // it had nothing to save
}

TEST_CASE("StoreView: is closed when nobody asks for a page", "[worker][view]") {
  StoreViews::Settings settings;
  settings.idle_limit = std::chrono::milliseconds(1'000);
  Node node(std::make_unique<WatchedEngine>(), settings);
  node.run({put("a", "1"), opening(1, whole_ring)});
  node.sequence += sequence_at(1'000);
  CHECK(read_rest(node, 1).size() == 1);
  node.sequence += sequence_at(1'000);
  CHECK(read_rest(node, 1).size() == 1);
  node.sequence += sequence_at(1'001);
  CHECK(node.run_one(next_page(1, 0)) == error(errc::view_lost));
}

TEST_CASE("StoreView: what expires while it is read stays in it", "[worker][view][expiry]") {
  const bool moves_out = GENERATE(true, false);
  const bool overwritten = GENERATE(true, false);
  const bool cleared = GENERATE(true, false);
  CAPTURE(moves_out, overwritten, cleared);
  auto engine = std::make_unique<WatchedEngine>();
  engine->moves_out = moves_out;
  Node node(std::move(engine));
  node.run({{Opcode::put, "k", "v", 0, 100}, {Opcode::put, "gone", "v", 0, 50}, put("a", "1")});
  node.sequence = sequence_at(50);
  CHECK(node.run_one(opening(1, whole_ring)) == ok());
  node.sequence = sequence_at(200);
  CHECK(node.run_one({Opcode::get, "k", {}}) == nil());
  node.run_one({Opcode::remove_expired, {}, {}});
  if (overwritten) node.run_one(put("k", "later"));
  if (cleared) node.run_one({Opcode::clear, {}, {}});
  CHECK(read_rest(node, 1) == Entries{{"a", {"1", 1'002}}, {"k", {"v", 1'000}}});
  CHECK(node.run_one(closing(1)) == ok());
  node.run_one({Opcode::remove_expired, {}, {}});
  CHECK(node.store.earliest_expiry() == never);
}

TEST_CASE("StoreView: only so many can be open", "[worker][view]") {
  StoreViews::Settings settings;
  settings.most_views = 2;
  Node node(std::make_unique<WatchedEngine>(), settings);
  node.run({put("a", "1")});
  CHECK(node.run({opening(1, whole_ring), opening(2, whole_ring), opening(3, whole_ring)}) ==
        std::vector{ok(), ok(), error(errc::overloaded)});
  node.run({put("a", "2")});
  CHECK(node.run_one(opening(2, whole_ring)) == ok());  // in place of the other
  CHECK(read_rest(node, 2).at("a").first == "2");
  CHECK(read_rest(node, 1).at("a").first == "1");
  CHECK(node.run({closing(1), opening(3, whole_ring)}) == std::vector{ok(), ok()});
}

TEST_CASE("StoreView: a page in front of the latest is refused", "[worker][view]") {
  Node node(std::make_unique<WatchedEngine>());
  node.run({put("a", "1"), put("b", "2"), opening(1, whole_ring)});
  CHECK(read_page(node.run_one(next_page(1, 1'000))).whole);
  CHECK(node.run_one(next_page(1, 999)) == error(errc::malformed_frame));
  CHECK(read_page(node.run_one(next_page(1, 1'000))).whole);
}

TEST_CASE("StoreView: an opening that is not committed leaves no trace in the answers",
          "[worker][view]") {
  auto engine = std::make_unique<WatchedEngine>();
  WatchedEngine& watched = *engine;
  Node node(std::move(engine));
  node.run({put("a", "1")});
  node.run({opening(1, whole_ring)});
  watched.fail_end = watched.ended + 1;
  CHECK(node.run({next_page(1, 0), opening(2, whole_ring)}) ==
        std::vector{error(errc::storage_failure), error(errc::storage_failure)});
  CHECK(read_rest(node, 1).size() == 1);  // asked again
}

TEST_CASE("StoreView: operations that say nothing sensible are refused", "[worker][view]") {
  Node node(std::make_unique<WatchedEngine>());
  node.run({opening(1, whole_ring)});
  for (const Opcode opcode : {Opcode::open_view, Opcode::view_page, Opcode::close_view}) {
    CHECK(node.run_one({opcode, {}, {}}) == error(errc::malformed_frame));
    CHECK(node.run_one({opcode, {}, "abc"}) == error(errc::malformed_frame));
    CHECK(node.run_one({opcode, {}, std::string(29, '\xff')}) == error(errc::malformed_frame));
    Asked past = closing(1);
    past.opcode = opcode;
    past.flags = wire::read_as_of;
    CHECK(node.run_one(past) == error(errc::malformed_frame));
  }
  CHECK(node.run_one(next_page(2, 0)) == error(errc::view_lost));
  CHECK(read_rest(node, 1).empty());
}

TEST_CASE("StoreView: finds the entry that a key had", "[worker][view]") {
  KVStore store;
  REQUIRE(store.put("changed", "old", 5));
  REQUIRE(store.put("gone", "g", 6));
  REQUIRE(store.put("kept", "k", 7));
  StoreViews views(store, {});
  ByteBuffer ranges;
  wire::append_ranges(ranges, 1, whole_ring);
  REQUIRE(views.open(wire::RangesView::read(ranges.view()).value(), 10, 0));
  StoreView& view = *views.find(1, 0);
  for (const char* const key : {"changed", "gone", "added"})
    views.before_write(key, 11);
  REQUIRE(store.put("changed", "new", 11));
  REQUIRE(store.put("added", "a", 11));
  REQUIRE(store.erase("gone"));
  CHECK(view.find("changed")->value == "old");
  CHECK(view.find("gone")->value == "g");
  CHECK(view.find("kept")->version == 7);
  CHECK(view.find("added").error() == errc::key_not_found);
  CHECK(view.find("never").error() == errc::key_not_found);
  CHECK(views.saved_bytes() > 0);
  REQUIRE(view.visit_page({1, scan_end, scan_end, 1, 1}, [](const EntryView&) {}));
  CHECK(view.find("kept").error() == errc::malformed_frame);  // passed
  CHECK(views.saved_bytes() == 0);
}

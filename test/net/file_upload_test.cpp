#include "net/client/file_index.hpp"
#include "net/client/file_keys.hpp"
#include "net/file_rig.hpp"

#include <string>
#include <vector>

using namespace pkv;
using namespace pkv::test;

TEST_CASE("FileClient: a file is the old one until all of the new one is there", "[files]") {
  FileRig rig;
  REQUIRE(rig.put("f", "the old content").has_value());
  SlowPut put(rig, rig.files, "f", std::string(200, 'n'), 100);
  CHECK(rig.get("f") == "the old content");
  REQUIRE(put.finish().has_value());
  CHECK(rig.get("f") == std::string(200, 'n'));
  CHECK(rig.keys() == keys_of(20));
}

TEST_CASE("FileClient: a source that fails leaves the old file and no chunks", "[files]") {
  FileRig rig;
  REQUIRE(rig.put("f", "old").has_value());
  SlowPut put(rig, rig.files, "f", std::string(200, 'n'), 150);
  put.source.fail();
  const auto outcome = put.result();
  CHECK(outcome.error().fault == FileFault::local);
  CHECK(outcome.error().text == "the source has failed");
  CHECK(rig.get("f") == "old");
  CHECK(rig.keys() == keys_of(1));
}

TEST_CASE("FileClient: of two uploads at once the last to finish wins, nothing mixed", "[files]") {
  for (const bool first_wins : {false, true}) {
    FileRig rig;
    const std::string one(300, '1');
    const std::string two(250, '2');
    SlowPut first(rig, rig.files, "f", one, 120);
    SlowPut second(rig, rig.files, "f", two, 130);
    REQUIRE((first_wins ? second : first).finish().has_value());
    CHECK(rig.get("f") == (first_wins ? two : one));
    REQUIRE((first_wins ? first : second).finish().has_value());
    CHECK(rig.get("f") == (first_wins ? one : two));
    CHECK(rig.keys() == keys_of(first_wins ? 30 : 25));
  }
}

TEST_CASE("FileClient: an interrupted upload leaves the old file, and its garbage is collected",
          "[files]") {
  FileRig rig;
  REQUIRE(rig.put("f", "old").has_value());
  interrupt_put(rig, "f", random_content(1000), 555);
  CHECK(rig.get("f") == "old");
  CHECK(rig.keys() > keys_of(1) + 50);

  const auto garbage = run(rig.io, rig.files.collect_garbage());
  REQUIRE(garbage.has_value());
  CHECK(garbage->uploads == 1);
  CHECK(garbage->chunks == 55);
  CHECK(garbage->alive == 0);
  CHECK(rig.keys() == keys_of(1));
  CHECK(rig.get("f") == "old");
}

TEST_CASE("FileClient: an upload that is going on is neither collected nor resumed", "[files]") {
  FileRig rig;
  SlowPut put(rig, rig.files, "f", std::string(200, 'n'), 150);
  const auto garbage = run(rig.io, rig.files.collect_garbage());
  REQUIRE(garbage.has_value());
  CHECK(garbage->uploads == 0);
  CHECK(garbage->alive == 1);

  PutOptions resume;
  resume.resume = true;
  CHECK(rig.put("f", "x", resume).error().fault == FileFault::under_way);
  REQUIRE(put.finish().has_value());
  CHECK(rig.get("f") == std::string(200, 'n'));
  CHECK(rig.keys() == keys_of(20));
}

TEST_CASE("FileClient: who fails to take an upload over never hides its entry", "[files]") {
  FileRig rig;
  Client other(rig.io.get_executor());
  REQUIRE(run(rig.io, other.connect("127.0.0.1", rig.server.port())).has_value());
  FileEntry entry;
  entry.name = "f";
  entry.generation = std::string(32, '7');
  entry.chunk_bytes = 10;
  entry.number = run(rig.io, add_entry(rig.client, entry)).value();
  const FileEntry former = entry;
  ++entry.beat;
  REQUIRE(run(rig.io, update_entry(rig.client, entry)).value());
  for (int round = 0; round < 100; ++round) {
    auto taken = asio::co_spawn(rig.io, take_over(other, former), asio::use_future);
    while (taken.wait_for(0s) != std::future_status::ready) {
      ++entry.beat;
      REQUIRE(run(rig.io, update_entry(rig.client, entry)).value());
    }
    const auto outcome = taken.get();
    REQUIRE(outcome.has_value());
    CHECK_FALSE(outcome->has_value());
  }
  CHECK(run(rig.io, take_over(other, entry)).value().has_value());
  ++entry.beat;
  CHECK_FALSE(run(rig.io, update_entry(rig.client, entry)).value());
}

TEST_CASE("FileClient: a resumed upload sends only what is not there", "[files]") {
  FileRig rig;
  const std::string content = random_content(500);
  interrupt_put(rig, "f", content, 405);  // 40 chunks, of which 32 are known by checksum
  const std::string entry = rig.value(file_keys::entry(1));
  const std::string generation = entry.substr(entry.find("generation ") + 11, 32);
  // What was stored is not looked at again, so that this shows which chunks were not sent.
  const std::string damaged = file_keys::chunk(generation, 31);
  const std::string mended = file_keys::chunk(generation, 32);
  rig.execute(Command("SET", damaged, "0123456789"));
  rig.execute(Command("SET", mended, "0123456789"));

  PutOptions resume;
  resume.resume = true;
  const auto stored = rig.put("f", content, resume);
  REQUIRE(stored.has_value());
  CHECK(stored->generation == generation);
  CHECK(rig.keys() == keys_of(50));
  const auto verified = run(rig.io, rig.files.verify("f"));
  REQUIRE_FALSE(verified.has_value());
  CHECK(verified.error().offset == 310);
  rig.execute(Command("SET", damaged, content.substr(310, 10)));
  CHECK((rig.get("f") == content));
}

TEST_CASE("FileClient: a resumed upload may have other content, shorter or longer", "[files]") {
  for (const std::size_t size : std::vector<std::size_t>{0, 7, 200, 333, 1500, 12000}) {
    CAPTURE(size);
    FileRig rig;
    const std::string content = random_content(12000);
    interrupt_put(rig, "f", content, 11105);
    std::string other = content.substr(0, size);
    if (size > 150) other[150] = static_cast<char>(other[150] + 1);
    PutOptions resume;
    resume.resume = true;
    REQUIRE(rig.put("f", other, resume).has_value());
    CHECK((rig.get("f") == other));
    CHECK(rig.keys() == keys_of(static_cast<std::int64_t>((size + 9) / 10)));
  }
}

TEST_CASE("FileClient: an upload resumed with other content and interrupted leaves no false trail",
          "[files]") {
  FileRig rig;
  const std::string content = random_content(500);
  interrupt_put(rig, "f", content, 405);
  std::string other = content;
  for (const std::size_t at : {std::size_t{35}, std::size_t{55}})
    other[at] = static_cast<char>(other[at] + 1);
  PutOptions resume;
  resume.resume = true;
  interrupt_put(rig, "f", other, 85, resume);
  REQUIRE(rig.put("f", content, resume).has_value());
  CHECK((rig.get("f") == content));
}

TEST_CASE("FileClient: with nothing to resume an upload begins anew", "[files]") {
  FileRig rig;
  PutOptions resume;
  resume.resume = true;
  REQUIRE(rig.put("f", "one", resume).has_value());
  REQUIRE(rig.put("f", "two", resume).has_value());
  CHECK(rig.get("f") == "two");
  CHECK(rig.keys() == keys_of(1));
}

TEST_CASE("FileClient: collecting garbage shortens the index and loses no file", "[files]") {
  FileRig rig;
  CHECK(run(rig.io, rig.files.collect_garbage()).value().uploads == 0);
  for (int turn = 0; turn < 20; ++turn)
    REQUIRE(rig.put("f", std::to_string(turn)).has_value());
  REQUIRE(rig.put("g", "g").has_value());
  CHECK(run(rig.io, rig.files.collect_garbage()).value().uploads == 0);
  const std::string first = rig.value(std::string(file_keys::first_entry));
  CHECK(rig.value("f").find("\nentry " + first + "\n") != std::string::npos);
  CHECK(run(rig.io, rig.files.list("")).value().size() == 2);
  REQUIRE(rig.put("h", "h").has_value());
  CHECK(run(rig.io, rig.files.list("")).value().size() == 3);
}

TEST_CASE("FileClient: a file whose name was overwritten or deleted by hand is garbage",
          "[files]") {
  FileRig rig;
  REQUIRE(rig.put("f", std::string(100, 'x')).has_value());
  REQUIRE(rig.put("g", std::string(100, 'x')).has_value());
  rig.execute(Command("DEL", "f"));
  rig.execute(Command("SET", "g", "value"));
  const auto garbage = run(rig.io, rig.files.collect_garbage());
  REQUIRE(garbage.has_value());
  CHECK(garbage->uploads == 2);
  CHECK(garbage->chunks == 20);
  CHECK(rig.keys() == 1 + 2);  // the value, and the index's two ends
  CHECK(rig.value("g") == "value");
}

TEST_CASE("FileClient: what somebody else is removing is not resumed", "[files]") {
  FileRig rig;
  const std::string content = random_content(500);
  interrupt_put(rig, "f", content, 405);
  std::string entry = rig.value(file_keys::entry(1));
  entry.replace(entry.find("active"), 6, "claimed");
  rig.execute(Command("SET", file_keys::entry(1), entry));
  PutOptions resume;
  resume.resume = true;
  const auto stored = rig.put("f", content, resume);
  REQUIRE(stored.has_value());
  CHECK(entry.find(stored->generation) == std::string::npos);
  CHECK(run(rig.io, rig.files.collect_garbage()).value().chunks == 40);
  CHECK((rig.get("f") == content));
}

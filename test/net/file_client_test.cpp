#include "net/client/file_keys.hpp"
#include "net/file_rig.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace pkv;
using namespace pkv::test;

TEST_CASE("FileClient: content of any size comes back", "[files]") {
  for (const std::size_t size :
       std::vector<std::size_t>{0, 1, 9, 10, 11, 39, 40, 10239, 10240, 10241, 25000}) {
    CAPTURE(size);
    FileRig rig;
    const std::string content = random_content(size);
    PutOptions options;
    options.content_type = "text/plain";
    options.modified_ns = 1'700'000'000'123'456'789;
    const auto stored = rig.put("f", content, options);
    REQUIRE(stored.has_value());
    CHECK((rig.get("f") == content));
    CHECK(rig.keys() == keys_of(static_cast<std::int64_t>((size + 9) / 10)));

    const auto file = run(rig.io, rig.files.stat("f"));
    REQUIRE(file.has_value());
    CHECK(file->name == "f");
    CHECK(file->size_bytes == size);
    CHECK(file->chunk_bytes == 10);
    CHECK(file->content_type == "text/plain");
    CHECK(file->modified_ns == 1'700'000'000'123'456'789);
    CHECK(file->checksum == stored->checksum);
    CHECK(run(rig.io, rig.files.verify("f")).has_value());
  }
}

TEST_CASE("FileClient: the checksum is XXH3 with 128 bits of the whole", "[files]") {
  FileRig rig;
  CHECK(rig.put("empty", "")->checksum == "99aa06d3014798d86001c324468d497f");  // as xxhsum -H2
}

TEST_CASE("FileClient: any range of a file can be read", "[files]") {
  FileRig rig;
  const std::string content = "0123456789abcdefghijABCDEFGHIJxyz";
  REQUIRE(rig.put("f", content).has_value());
  for (std::size_t offset = 0; offset < content.size(); ++offset) {
    for (std::size_t bytes = 0; bytes <= content.size() - offset + 1; ++bytes) {
      CAPTURE(offset, bytes);
      CHECK(rig.get("f", {offset, bytes}) == content.substr(offset, bytes));
    }
  }
  StringSink sink;
  for (const std::uint64_t offset : {content.size(), std::size_t{1} << 40}) {
    const auto read = run(rig.io, rig.files.get("f", sink, {offset, 1}));
    CHECK(read.error().fault == FileFault::bad_range);
  }
}

TEST_CASE("FileClient: a replaced or removed file leaves nothing behind", "[files]") {
  FileRig rig;
  REQUIRE(rig.put("f", random_content(25000)).has_value());
  REQUIRE(rig.put("f", "short").has_value());
  CHECK(rig.get("f") == "short");
  CHECK(rig.keys() == keys_of(1));
  REQUIRE(run(rig.io, rig.files.remove("f")).has_value());
  CHECK(rig.keys() == 1);  // the index's counter
  CHECK(rig.get("f") == "error: no such file");
  CHECK(run(rig.io, rig.files.remove("f")).error().fault == FileFault::no_such_file);
}

TEST_CASE("FileClient: damage is found, and told with its place", "[files]") {
  FileRig rig;
  const auto stored = rig.put("f", std::string(95, 'x'));
  REQUIRE(stored.has_value());
  const auto chunk = [&](std::uint64_t number) {
    return file_keys::chunk(stored->generation, number);
  };
  const std::string checksums = file_keys::checksums(stored->generation, 0);
  struct Damage {
    Command command;
    std::uint64_t offset;
    std::string text;
  };
  const std::string page = rig.value(checksums);
  const std::vector<Damage> damages{
      {Command("SET", chunk(3), "xxxxxxxxxy"), 30,
       "damaged at offset 30: chunk 3, bytes 30 to 39, is not what was stored"},
      {Command("SET", chunk(9), "xxxxxx"), 90,
       "damaged at offset 90: chunk 9, bytes 90 to 94, is not what was stored"},
      {Command("DEL", chunk(0)), 0, "damaged at offset 0: chunk 0, bytes 0 to 9, is missing"},
      {Command("DEL", checksums), 0, "damaged at offset 0: chunk 0, bytes 0 to 9, has no checksum"},
      {Command("SET", checksums, "y" + page.substr(1)), 0,
       "damaged at offset 0: chunk 0, bytes 0 to 9, has a damaged checksum"},
  };
  for (const Damage& damage : damages) {
    const std::string key = damage.command.arguments().front();
    const std::string before = rig.value(key);
    rig.execute(damage.command);
    CHECK(rig.get("f") == "error: " + damage.text);
    const auto verified = run(rig.io, rig.files.verify("f"));
    REQUIRE_FALSE(verified.has_value());
    CHECK(verified.error().fault == FileFault::damaged);
    CHECK(verified.error().offset == damage.offset);
    rig.execute(Command("SET", key, before));
    CHECK(rig.get("f") == std::string(95, 'x'));
  }
}

TEST_CASE("FileClient: a manifest without anything else is damage, and can be removed", "[files]") {
  FileRig rig;
  const auto stored = rig.put("f", std::string(95, 'x'));
  REQUIRE(stored.has_value());
  for (std::uint64_t number = 0; number < 10; ++number)
    rig.execute(Command("DEL", file_keys::chunk(stored->generation, number)));
  CHECK(rig.get("f") == "error: damaged at offset 0: chunk 0, bytes 0 to 9, is missing");
  rig.execute(Command("DEL", file_keys::checksums(stored->generation, 0)));
  rig.execute(Command("DEL", file_keys::entry(1)));
  CHECK(rig.get("f") == "error: damaged at offset 0: chunk 0, bytes 0 to 9, has no checksum");
  CHECK(run(rig.io, rig.files.stat("f")).has_value());
  CHECK(run(rig.io, rig.files.remove("f")).has_value());
  CHECK(rig.keys() == 1);  // the index's counter
}

TEST_CASE("FileClient: manifests that are none, damaged or of a later version", "[files]") {
  FileRig rig;
  REQUIRE(rig.put("f", "content").has_value());
  const std::string manifest = rig.value("f");
  const auto fault = [&] { return run(rig.io, rig.files.stat("f")).error().fault; };
  rig.execute(Command("SET", "f", "an ordinary value"));
  CHECK(fault() == FileFault::not_a_file);
  CHECK(rig.put("f", "new").error().fault == FileFault::not_a_file);
  CHECK(run(rig.io, rig.files.remove("f")).error().fault == FileFault::not_a_file);
  CHECK(rig.value("f") == "an ordinary value");

  rig.execute(Command("SET", "f", "pkv-file 2\nwhatever"));
  CHECK(fault() == FileFault::newer_format);
  CHECK(rig.put("f", "new").error().fault == FileFault::newer_format);

  for (std::size_t length = std::string("pkv-file 1\n").size(); length < manifest.size();
       ++length) {
    rig.execute(Command("SET", "f", manifest.substr(0, length)));
    CHECK(fault() == FileFault::damaged);
  }
  REQUIRE(run(rig.io, rig.files.list("")).value().size() == 1);
  REQUIRE(rig.put("f", "new").has_value());
  CHECK(rig.get("f") == "new");
  REQUIRE(run(rig.io, rig.files.collect_garbage()).has_value());
  CHECK(rig.keys() == keys_of(1) + 1);  // the index begins later now
}

namespace {

asio::awaitable<void> replace(FileClient& files, std::string content) {
  StringSource source(content);
  const auto replaced = co_await files.put("f", source);
  CHECK(replaced.has_value());
}

asio::awaitable<void> remove(FileClient& files) {
  const auto removed = co_await files.remove("f");
  CHECK(removed.has_value());
}

}  // namespace

TEST_CASE("FileClient: a reader whose file is replaced begins again with the new one", "[files]") {
  FileRig rig;
  REQUIRE(rig.put("f", std::string(1000, 'o')).has_value());
  MeddlingSink sink([&] { return replace(rig.files, std::string(500, 'n')); });
  REQUIRE(run(rig.io, rig.files.get("f", sink)).has_value());
  CHECK(sink.starts == 2);
  CHECK(sink.bytes == std::string(500, 'n'));

  MeddlingSink removing([&] { return remove(rig.files); });
  CHECK(run(rig.io, rig.files.get("f", removing)).error().fault == FileFault::replaced);
}

namespace {

/// Chunks that the server has been asked for by the time that the first one is handed over.
std::int64_t asked_ahead(FileRig& rig, FileClientOptions options) {
  options.chunk_bytes = std::size_t{512} << 10;
  FileClient files(rig.client, options);
  const std::string content(8 * options.chunk_bytes, 'x');
  StringSource source(content);
  REQUIRE(run(rig.io, files.put("f", source)).has_value());
  std::int64_t asked = 0;
  const auto count = [&]() -> asio::awaitable<void> {
    const auto info = co_await rig.client.execute(Command("INFO", "commandstats"));
    const std::string_view text = info->text();
    const std::string_view before = "cmdstat_get:calls=";
    asked = std::atoll(text.data() + text.find(before) + before.size());
  };
  rig.execute(Command("CONFIG", "RESETSTAT"));
  MeddlingSink sink(count);
  REQUIRE(run(rig.io, files.get("f", sink)).has_value());
  CHECK((sink.bytes == content));
  constexpr std::int64_t manifest_and_checksums = 2;
  return asked - manifest_and_checksums;
}

}  // namespace

TEST_CASE("FileClient: within a machine a chunk is asked for when the last one has come",
          "[files]") {
  FileRig rig;
  CHECK(asked_ahead(rig, {}) <= 2);
  FileClientOptions more;
  more.bytes_in_flight = std::size_t{2} << 20;
  CHECK(asked_ahead(rig, more) >= 4);
}

TEST_CASE("FileClient: files are listed by prefix, in order, each once", "[files]") {
  FileRig rig;
  const std::string longest(std::size_t{64} << 10, 'n');
  for (const std::string name : {"b/2", "a", "b/1", "b/1", "b", "new\nline", longest.c_str()}) {
    REQUIRE(rig.put(name, name).has_value());
    CHECK((rig.get(name) == name));
  }
  rig.execute(Command("SET", "b/value", "no file"));
  const auto names = [&](const std::string& prefix) {
    std::vector<std::string> found;
    const auto files = run(rig.io, rig.files.list(prefix));
    for (const FileInfo& file : files.value())
      found.push_back(file.name);
    return found;
  };
  CHECK((names("") == std::vector<std::string>{"a", "b", "b/1", "b/2", "new\nline", longest}));
  CHECK(names("b/") == std::vector<std::string>{"b/1", "b/2"});
  CHECK(names("c").empty());
}

TEST_CASE("FileClient: names and options that cannot be are refused at once", "[files]") {
  FileRig rig;
  CHECK(rig.put("", "x").error().fault == FileFault::bad_name);
  CHECK(rig.put("pkv:file:x", "x").error().fault == FileFault::bad_name);
  CHECK(rig.put(std::string((64 << 10) + 1, 'n'), "x").error().fault == FileFault::refused);
  PutOptions two_lines;
  two_lines.content_type = "text\nsize 7";
  CHECK(rig.put("f", "x", two_lines).error().fault == FileFault::bad_option);
  for (const std::size_t chunk_bytes : {std::size_t{0}, (std::size_t{64} << 20) + 1}) {
    FileClientOptions options;
    options.chunk_bytes = chunk_bytes;
    FileClient files(rig.client, options);
    StringSource source("x");
    CHECK(run(rig.io, files.put("f", source)).error().fault == FileFault::bad_option);
  }
  CHECK(rig.keys() == 0);
}

TEST_CASE("FileClient: without a connection every call says so", "[files]") {
  asio::io_context io;
  Client client(io.get_executor());
  FileClient files(client);
  StringSource source("x");
  CHECK(run(io, files.put("f", source)).error().fault == FileFault::connection);
  CHECK(run(io, files.stat("f")).error().fault == FileFault::connection);
  CHECK(run(io, files.list("")).error().fault == FileFault::connection);
  CHECK(run(io, files.collect_garbage()).error().fault == FileFault::connection);
}

namespace {

/// Replaces the file again and again by content of one letter, another one each time.
asio::awaitable<void> keep_replacing(FileClient& files, int turns) {
  for (int turn = 0; turn < turns; ++turn) {
    const auto bytes = static_cast<std::size_t>(200 + turn * 7 % 100);
    const std::string content(bytes, static_cast<char>('a' + turn % 26));
    co_await replace(files, content);
  }
}

}  // namespace

TEST_CASE("FileClient: who reads a file that is being replaced never gets a mixture", "[files]") {
  FileRig rig;
  Client other(rig.io.get_executor());
  REQUIRE(run(rig.io, other.connect("127.0.0.1", rig.server.port())).has_value());
  FileClient files(other, small_chunks());
  run(rig.io, keep_replacing(files, 1));
  auto writing = asio::co_spawn(rig.io, keep_replacing(files, 200), asio::use_future);
  int reads = 0;
  while (writing.wait_for(0s) != std::future_status::ready) {
    StringSink sink;
    const auto read = run(rig.io, rig.files.get("f", sink));
    if (!read) {
      CHECK(read.error().fault == FileFault::replaced);  // ten times in a row
      continue;
    }
    ++reads;
    const std::string& bytes = sink.bytes();
    REQUIRE(bytes == std::string(read->size_bytes, bytes.front()));
  }
  CHECK(reads > 0);
  writing.get();
}

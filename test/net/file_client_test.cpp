#include "pkv/file_client.hpp"

#include "pkv/server.hpp"

#include "net/client/file_keys.hpp"
#include "net/wake_up.hpp"
#include "support/run.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <random>

namespace asio = boost::asio;
using namespace pkv;
using namespace std::chrono_literals;
using test::run;

namespace {

FileClientOptions small_chunks() {
  FileClientOptions options;
  options.chunk_bytes = 10;
  options.bytes_in_flight = 40;
  options.sign_of_life = 5ms;
  options.silence = 100ms;
  return options;
}

/// A server in this process, and a client of it.
struct Rig {
  asio::io_context io;
  Server server{io, ServerOptions{}, 3};
  Client client{io.get_executor()};
  FileClient files{client, small_chunks()};

  Rig() { REQUIRE(run(io, client.connect("127.0.0.1", server.port())).has_value()); }

  FileResult<FileInfo> put(const std::string& name, std::string_view content,
                           PutOptions options = {}) {
    StringSource source(content);
    return run(io, files.put(name, source, std::move(options)));
  }

  std::string get(const std::string& name, FileRange range = {}) {
    StringSink sink;
    const auto read = run(io, files.get(name, sink, range));
    return read ? sink.bytes() : "error: " + read.error().text;
  }

  Reply execute(Command command) { return run(io, client.execute(std::move(command))).value(); }

  std::int64_t keys() { return execute(Command("DBSIZE")).integer(); }

  std::string value(const std::string& key) {
    return std::string(execute(Command("R", key)).text());
  }
};

/// What a store with this one file has: its manifest, chunks, pages of checksums, its entry of the
/// index and the index's counter.
constexpr std::int64_t keys_of(std::int64_t chunks) {
  return 1 + chunks + (chunks + 1023) / 1024 + 1 + 1;
}

std::string random_content(std::size_t bytes) {
  const auto seed = std::random_device()();
  UNSCOPED_INFO("seed " << seed);
  std::mt19937 random(seed);
  std::string content(bytes, '\0');
  for (char& byte : content)
    byte = static_cast<char>(random());
  return content;
}

/// Content of which the part behind `gate_at` does not come before open() is called.
class GatedSource final : public FileSource {
 public:
  GatedSource(asio::any_io_executor executor, std::string content, std::size_t gate_at)
      : content_(std::move(content)), gate_at_(gate_at), opened_(std::move(executor)) {}

  asio::awaitable<FileResult<std::size_t>> read(std::span<char> room) override {
    while (at_ == gate_at_ && !is_open_) {
      is_waiting_ = true;
      co_await opened_.wait();
    }
    if (fails_) co_return FileError(FileFault::local, "the source has failed");
    const std::size_t end = at_ < gate_at_ ? gate_at_ : content_.size();
    const std::size_t bytes = std::min(room.size(), end - at_);
    content_.copy(room.data(), bytes, at_);
    at_ += bytes;
    co_return bytes;
  }

  void open() {
    is_open_ = true;
    opened_.wake();
  }

  void fail() {
    fails_ = true;
    open();
  }

  [[nodiscard]] bool is_waiting() const { return is_waiting_; }

 private:
  std::string content_;
  std::size_t gate_at_;
  WakeUp opened_;
  bool is_open_ = false;
  bool is_waiting_ = false;
  bool fails_ = false;
  std::size_t at_ = 0;
};

/// A put that is under way until its gate is opened.
struct SlowPut {
  SlowPut(Rig& on, FileClient& files, const std::string& name, const std::string& content,
          std::size_t gate_at, PutOptions options = {})
      : rig(on),
        source(on.io.get_executor(), content, gate_at),
        outcome(
            asio::co_spawn(on.io, files.put(name, source, std::move(options)), asio::use_future)) {
    while (!source.is_waiting() && outcome.wait_for(0s) != std::future_status::ready)
      rig.io.run_one();
  }

  FileResult<FileInfo> finish() {
    source.open();
    return result();
  }

  FileResult<FileInfo> result() {
    while (outcome.wait_for(0s) != std::future_status::ready)
      rig.io.run_one();
    return outcome.get();
  }

  Rig& rig;
  GatedSource source;
  std::future<FileResult<FileInfo>> outcome;
};

/// Leaves what a client leaves that ends in the middle of an upload, `gate_at` bytes of it sent.
/// Returns once they are there.
void interrupt_put(Rig& rig, const std::string& name, const std::string& content,
                   std::size_t gate_at) {
  Client mortal(rig.io.get_executor());
  REQUIRE(run(rig.io, mortal.connect("127.0.0.1", rig.server.port())).has_value());
  FileClient files(mortal, small_chunks());
  SlowPut put(rig, files, name, content, gate_at);
  REQUIRE(run(rig.io, mortal.ping()).has_value());
  mortal.close();
  put.source.open();
  const auto outcome = put.result();
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().fault == FileFault::connection);
}

}  // namespace

TEST_CASE("FileClient: content of any size comes back", "[files]") {
  for (const std::size_t size :
       std::vector<std::size_t>{0, 1, 9, 10, 11, 39, 40, 10239, 10240, 10241, 25000}) {
    CAPTURE(size);
    Rig rig;
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
  Rig rig;
  CHECK(rig.put("empty", "")->checksum == "99aa06d3014798d86001c324468d497f");  // as xxhsum -H2
}

TEST_CASE("FileClient: any range of a file can be read", "[files]") {
  Rig rig;
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
  Rig rig;
  REQUIRE(rig.put("f", random_content(25000)).has_value());
  REQUIRE(rig.put("f", "short").has_value());
  CHECK(rig.get("f") == "short");
  CHECK(rig.keys() == keys_of(1));
  REQUIRE(run(rig.io, rig.files.remove("f")).has_value());
  CHECK(rig.keys() == 1);  // the index's counter
  CHECK(rig.get("f") == "error: no such file");
  CHECK(run(rig.io, rig.files.remove("f")).error().fault == FileFault::no_such_file);
}

TEST_CASE("FileClient: a file is the old one until all of the new one is there", "[files]") {
  Rig rig;
  REQUIRE(rig.put("f", "the old content").has_value());
  SlowPut put(rig, rig.files, "f", std::string(200, 'n'), 100);
  CHECK(rig.get("f") == "the old content");
  REQUIRE(put.finish().has_value());
  CHECK(rig.get("f") == std::string(200, 'n'));
  CHECK(rig.keys() == keys_of(20));
}

TEST_CASE("FileClient: a source that fails leaves the old file and no chunks", "[files]") {
  Rig rig;
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
    Rig rig;
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
  Rig rig;
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
  Rig rig;
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

TEST_CASE("FileClient: a resumed upload sends only what is not there", "[files]") {
  Rig rig;
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
    Rig rig;
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

TEST_CASE("FileClient: with nothing to resume an upload begins anew", "[files]") {
  Rig rig;
  PutOptions resume;
  resume.resume = true;
  REQUIRE(rig.put("f", "one", resume).has_value());
  REQUIRE(rig.put("f", "two", resume).has_value());
  CHECK(rig.get("f") == "two");
  CHECK(rig.keys() == keys_of(1));
}

TEST_CASE("FileClient: damage is found, and told with its place", "[files]") {
  Rig rig;
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

TEST_CASE("FileClient: manifests that are none, damaged or of a later version", "[files]") {
  Rig rig;
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

/// Calls a function when the first bytes come.
class MeddlingSink final : public FileSink {
 public:
  explicit MeddlingSink(std::function<asio::awaitable<void>()> meddle)
      : meddle_(std::move(meddle)) {}

  FileResult<void> start(const FileInfo&, std::uint64_t) override {
    ++starts;
    bytes.clear();
    return {};
  }

  asio::awaitable<FileResult<void>> write(std::string_view more) override {
    bytes += more;
    if (meddle_) {
      const auto meddle = std::exchange(meddle_, nullptr);
      co_await meddle();
    }
    co_return FileResult<void>();
  }

  int starts = 0;
  std::string bytes;

 private:
  std::function<asio::awaitable<void>()> meddle_;
};

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
  Rig rig;
  REQUIRE(rig.put("f", std::string(1000, 'o')).has_value());
  MeddlingSink sink([&] { return replace(rig.files, std::string(500, 'n')); });
  REQUIRE(run(rig.io, rig.files.get("f", sink)).has_value());
  CHECK(sink.starts == 2);
  CHECK(sink.bytes == std::string(500, 'n'));

  MeddlingSink removing([&] { return remove(rig.files); });
  CHECK(run(rig.io, rig.files.get("f", removing)).error().fault == FileFault::replaced);
}

TEST_CASE("FileClient: files are listed by prefix, in order, each once", "[files]") {
  Rig rig;
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
  Rig rig;
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

TEST_CASE("FileClient: collecting garbage shortens the index and loses no file", "[files]") {
  Rig rig;
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
  Rig rig;
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

TEST_CASE("FileClient: what somebody else is removing is not resumed", "[files]") {
  Rig rig;
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

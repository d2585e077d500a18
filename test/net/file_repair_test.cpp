#include "net/client/file_keys.hpp"
#include "net/client/file_manifest.hpp"
#include "net/file_rig.hpp"
#include "protocol/reply_writer.hpp"
#include "support/fake_server.hpp"
#include "worker/loopback_transport.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

using namespace pkv;
using namespace pkv::test;

namespace {

constexpr std::size_t node_count = 3;

std::vector<NodeId> ids() {
  return {NodeId{1}, NodeId{2}, NodeId{3}};
}

/// Stores in this process, on which a test can have something else written than was asked for.
class SpoilingTransport final : public wire::Transport {
 public:
  /// Told of every request on its way; may change bytes in place.
  using Spoil = std::function<void(std::size_t worker, std::span<char> request)>;

  void spoil_with(Spoil spoil) { spoil_ = std::move(spoil); }

  [[nodiscard]] std::size_t worker_count() const noexcept override { return node_count; }
  [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override {
    return stores_.slots_per_worker();
  }
  [[nodiscard]] std::size_t preferred_frame_bytes() const noexcept override {
    return stores_.preferred_frame_bytes();
  }
  void send(std::size_t worker, wire::Frame frame) override {
    if (spoil_) spoil_(worker, {frame.bytes().data(), frame.bytes().size()});
    stores_.send(worker, std::move(frame));
  }
  void disconnect(std::size_t worker) override { stores_.disconnect(worker); }
  void reconnect(std::size_t worker, std::uint32_t epoch, std::string address) override {
    stores_.reconnect(worker, epoch, std::move(address));
  }
  void flush() override { stores_.flush(); }
  void notify_with(std::function<void()> notify) override {
    stores_.notify_with(std::move(notify));
  }
  void collect(std::vector<wire::Arrival>& arrivals) override { stores_.collect(arrivals); }
  [[nodiscard]] ByteBuffer take_buffer() override { return stores_.take_buffer(); }
  void recycle(ByteBuffer buffer) noexcept override { stores_.recycle(std::move(buffer)); }

 private:
  LoopbackTransport stores_{ids(), Limits{}};
  Spoil spoil_;
};

ServerOptions with_replicas(std::size_t replicas) {
  ServerOptions options;
  options.replicas = replicas;
  for (const NodeId id : ids()) {
    ServerNode node;
    node.id = id;
    options.nodes.push_back(node);
  }
  return options;
}

/// A server with replicas, and what its files' damage and repairs were.
struct RepairRig {
  explicit RepairRig(std::size_t replicas) : rig(with_replicas(replicas), stores, told()) {}

  FileClientOptions told() {
    FileClientOptions options = small_chunks();
    options.on_repair = [this](const std::string& name, const FileError& damage) {
      CHECK(name == "f");
      CHECK(damage.fault == FileFault::damaged);
      repairs.push_back(damage.text);
    };
    return options;
  }

  /// From here on the worker stores something else wherever the request holds `what`.
  void spoil(std::size_t spoiled_worker, std::string_view what) {
    stores.spoil_with([this, spoiled_worker, what](std::size_t worker, std::span<char> request) {
      if (worker != spoiled_worker) return;
      const std::string_view bytes(request.data(), request.size());
      for (std::size_t at = bytes.find(what); at != std::string_view::npos;
           at = bytes.find(what, at + 1)) {
        char& last = request[at + what.size() - 1];
        last = static_cast<char>(last ^ 1);
        ++spoiled;
      }
    });
  }

  SpoilingTransport stores;
  std::vector<std::string> repairs;
  std::size_t spoiled = 0;
  FileRig rig;
};

/// A hundred chunks that end with "zz".
std::string hundred_chunks() {
  std::string content;
  for (int chunk = 100; chunk < 200; ++chunk)
    content += "chunk" + std::to_string(chunk) + "zz";
  return content;
}

}  // namespace

TEST_CASE("FileClient: chunks damaged on one node are read from another and repaired",
          "[files][replicas]") {
  RepairRig r(2);
  r.spoil(0, "zz");
  REQUIRE(r.rig.put("f", hundred_chunks()).has_value());
  r.stores.spoil_with({});
  REQUIRE(r.spoiled > 0);
  CHECK(r.rig.get("f") == hundred_chunks());
  CHECK_FALSE(r.repairs.empty());  // of those that happened to be read there

  REQUIRE(run(r.rig.io, r.rig.files.verify("f")).has_value());
  CHECK(r.repairs.size() == r.spoiled);
  CHECK(r.repairs.front().starts_with("damaged at offset "));
  CHECK(r.repairs.front().ends_with(" is not what was stored"));
  REQUIRE(run(r.rig.io, r.rig.files.verify("f")).has_value());
  CHECK(r.repairs.size() == r.spoiled);
}

TEST_CASE("FileClient: what is damaged on every node is told and left as it is",
          "[files][replicas]") {
  for (const std::size_t replicas : {std::size_t{1}, std::size_t{2}}) {
    CAPTURE(replicas);
    RepairRig r(replicas);
    REQUIRE(r.rig.put("f", hundred_chunks()).has_value());
    const auto stored = run(r.rig.io, r.rig.files.stat("f"));
    const std::string key = file_keys::chunk(stored.value().generation, 7);
    r.rig.execute(Command("SET", key, "chunk107oh"));
    const std::string damage =
        "damaged at offset 70: chunk 7, bytes 70 to 79, is not what was stored";
    CHECK(r.rig.get("f") == "error: " + damage);
    CHECK(run(r.rig.io, r.rig.files.verify("f")).error().text == damage);
    CHECK(r.rig.value(key) == "chunk107oh");
    CHECK(r.repairs.empty());
  }
}

TEST_CASE("FileClient: checksums damaged on one node are repaired", "[files][replicas]") {
  RepairRig r(3);
  r.spoil(1, "pkv:file:sums:");  // stored under another name there: missing
  REQUIRE(r.rig.put("f", hundred_chunks()).has_value());
  r.stores.spoil_with({});
  REQUIRE(r.spoiled > 0);
  CHECK(r.rig.get("f") == hundred_chunks());
  REQUIRE(r.repairs.size() == 1);
  CHECK(r.repairs.front() == "damaged at offset 0: chunk 0, bytes 0 to 9, has a damaged checksum");
  CHECK(r.rig.get("f") == hundred_chunks());
  CHECK(r.repairs.size() == 1);
}

TEST_CASE("FileClient: a manifest damaged on one node is repaired", "[files][replicas]") {
  const std::string_view what = GENERATE("pkv-", "pkv-file 1", "size", "checksum");
  CAPTURE(what);
  RepairRig r(3);
  r.spoil(1, what);
  REQUIRE(r.rig.put("f", hundred_chunks()).has_value());
  r.stores.spoil_with({});
  for (int number = 0; number < 10; ++number)  // whichever node is asked
    CHECK(r.rig.get("f") == hundred_chunks());
  REQUIRE(run(r.rig.io, r.rig.files.verify("f")).has_value());
  CHECK(r.repairs == std::vector<std::string>{"its manifest is damaged"});
  const Reply copies = r.rig.execute(Command("COPIES", "f"));
  REQUIRE(copies.elements().size() == 3);
  for (const Reply& copy : copies.elements())
    CHECK(copy == copies.elements().front());
  REQUIRE(run(r.rig.io, r.rig.files.verify("f")).has_value());
  CHECK(r.repairs.size() == 1);
}

namespace {

asio::awaitable<void> delete_name(Client& client) {
  const auto deleted = co_await client.erase("f");
  CHECK(deleted.has_value());
}

}  // namespace

TEST_CASE("FileClient: a repair brings back nothing of a file that is gone", "[files][replicas]") {
  RepairRig r(2);
  r.spoil(0, "zz");
  REQUIRE(r.rig.put("f", hundred_chunks()).has_value());
  r.stores.spoil_with({});
  const std::int64_t keys = r.rig.keys();
  MeddlingSink sink([&] { return delete_name(r.rig.client); });
  REQUIRE(run(r.rig.io, r.rig.files.get("f", sink)).has_value());
  CHECK(sink.bytes == hundred_chunks());
  const auto repairs = static_cast<std::int64_t>(r.repairs.size());
  CHECK(repairs > 0);
  CHECK(r.rig.keys() <= keys - 1 - (repairs - 1));  // one may have been repaired before
}

TEST_CASE("FileClient: the repair of a manifest takes nothing back", "[files][replicas]") {
  asio::io_context io;
  FileManifest former;
  former.info.generation = former.info.checksum = std::string(32, '1');
  former.info.content_type = "text/plain";
  former.info.chunk_bytes = 10;
  FileManifest latter = former;
  latter.info.generation = std::string(32, '2');
  // What another client has done when the repair comes.
  const Reply meanwhile = GENERATE_COPY(Reply::bulk(to_text(latter)), Reply::nil());
  Reply there = meanwhile;
  const auto answer = [&](std::span<const std::string_view> words) {
    std::string encoded;
    const Reply damaged = Reply::bulk("pkv-file 1\ndamaged");
    if (words[0] == "GET") {
      append_reply(encoded, damaged);
    } else if (words[0] == "COPIES") {
      append_reply(encoded, Reply::array({damaged, Reply::bulk(to_text(former))}));
    } else {
      append_reply(encoded, there);
      there = words[0] == "SET" ? Reply::bulk(std::string(words[2])) : Reply::nil();
    }
    return encoded;
  };
  FakeServer server(io, [&](FakeServer::Tcp::socket socket) {
    return answer_commands(std::move(socket), answer);
  });
  Client client(io.get_executor());
  REQUIRE(run(io, client.connect("127.0.0.1", server.port())).has_value());
  REQUIRE(run(io, FileClient(client).stat("f")).has_value());
  CHECK(there == meanwhile);
}

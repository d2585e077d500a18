#include "mpi/request_pool.hpp"

#include "mpi/error.hpp"
#include "wire/tags.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;

constexpr int self = 0;   // rank 0 runs the tests
constexpr int other = 1;  // and this one says nothing
constexpr int tag = wire::last_tag + 100;

Message message(Message::Role role, int peer, std::uint32_t slot, const std::string& text) {
  Message made{role, peer, slot, ByteBuffer()};
  made.bytes.append(text);
  return made;
}

/// Polls until so many have finished, or far too long.
std::vector<Finished> finish(RequestPool& pool, std::size_t count) {
  std::vector<Finished> finished;
  const auto deadline = std::chrono::steady_clock::now() + 15s;
  while (finished.size() < count && std::chrono::steady_clock::now() < deadline)
    pool.poll(finished);
  return finished;
}

TEST_CASE("RequestPool: abandoning a peer cancels its receives and leaves the others'",
          "[mpi][requests]") {
  RequestPool pool;
  for (std::uint32_t slot = 0; slot < 5; ++slot) {
    pool.receive(message(Message::Role::receive_frame, slot % 2 == 0 ? other : self, slot, "....."),
                 {0, 5}, tag + static_cast<int>(slot));
  }
  int unsent = 0;
  pool.abandon(other, [&](const Message&) { ++unsent; });
  CHECK(unsent == 0);
  CHECK_FALSE(pool.empty());

  for (std::uint32_t slot = 1; slot < 5; slot += 2)
    pool.send(message(Message::Role::send_frame, self, slot, "slot" + std::to_string(slot)), {0, 5},
              tag + static_cast<int>(slot));
  std::vector<std::string> received;
  for (Finished& done : finish(pool, 4)) {
    CHECK(done.error_code == MPI_SUCCESS);
    if (is_send(done.message.role)) continue;
    CHECK(done.received_bytes == 5);
    CHECK(done.message.bytes.view() == "slot" + std::to_string(done.message.slot));
    received.emplace_back(done.message.bytes.view());
  }
  CHECK(received.size() == 2);
  CHECK(pool.empty());
  CHECK(pool.abandoned().empty());
  CHECK(pool.abandoned().given_up() == 0);
}

TEST_CASE("RequestPool: an abandoned send is shown, finishes unseen, and keeps its bytes so long",
          "[mpi][requests]") {
  RequestPool pool;
  const std::string large(std::size_t{4} << 20, 'x');  // waits for its receiver
  pool.send(message(Message::Role::send_frame, self, 7, large), {0, large.size()}, tag);
  const char* shown = nullptr;
  pool.abandon(self, [&](const Message& unsent) {
    CHECK(unsent.slot == 7);
    CHECK((unsent.bytes.view() == large));
    shown = unsent.bytes.data();
  });
  CHECK(shown != nullptr);
  CHECK(pool.empty());
  CHECK_FALSE(pool.abandoned().empty());

  pool.receive(message(Message::Role::receive_body, self, 8, std::string(large.size(), '.')),
               {0, large.size()}, tag);
  const std::vector<Finished> finished = finish(pool, 1);
  REQUIRE(finished.size() == 1);
  CHECK(finished[0].message.slot == 8);
  CHECK((finished[0].message.bytes.view() == large));
  std::vector<Finished> more;
  const auto deadline = std::chrono::steady_clock::now() + 4s;  // less than its patience
  while (!pool.abandoned().empty() && std::chrono::steady_clock::now() < deadline)
    pool.poll(more);
  CHECK(more.empty());
  CHECK(pool.abandoned().empty());
  CHECK(pool.abandoned().given_up() == 0);
}

TEST_CASE("RequestPool: a message that cannot be sent is untouched", "[mpi][requests]") {
  RequestPool pool;
  Message sent = message(Message::Role::send_frame, 12'345, 0, "hello");
  CHECK_THROWS_AS(pool.send(std::move(sent), {0, 5}, tag), Error);
  CHECK(sent.bytes.view() == "hello");
  CHECK(pool.empty());
}

}  // namespace
}  // namespace pkv::mpi

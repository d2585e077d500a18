#include "worker/byte_fifo.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <string>

using namespace pkv;

namespace {

constexpr std::size_t chunk = ByteFifo::chunk_bytes;

/// Blocks with a content of their own, beside what is expected of them.
class Line {
 public:
  void push(std::size_t bytes) {
    char* const block = fifo_.push(bytes);
    REQUIRE(reinterpret_cast<std::uintptr_t>(block) % ByteFifo::alignment == 0);
    std::memset(block, ++last_, bytes);
    expected_.push_back(std::string(bytes, static_cast<char>(last_)));
  }

  void pop() {
    REQUIRE_FALSE(fifo_.empty());
    const std::string& oldest = expected_.front();
    REQUIRE(std::memcmp(fifo_.front(), oldest.data(), oldest.size()) == 0);
    fifo_.pop(oldest.size());
    expected_.pop_front();
    REQUIRE(fifo_.empty() == expected_.empty());
  }

  [[nodiscard]] bool empty() const { return expected_.empty(); }

 private:
  ByteFifo fifo_;
  std::deque<std::string> expected_;
  unsigned char last_ = 0;
};

}  // namespace

TEST_CASE("ByteFifo: blocks come out as they went in, at the borders of chunks too",
          "[worker][byte_fifo]") {
  for (const std::size_t bytes :
       {std::size_t{16}, chunk / 2, chunk / 2 + 16, chunk - 16, chunk, chunk + 16, 3 * chunk}) {
    CAPTURE(bytes);
    Line line;
    for (int round = 0; round < 3; ++round) {
      for (const std::size_t next : {bytes, std::size_t{16}, bytes, bytes, std::size_t{16}})
        line.push(next);
      while (!line.empty())
        line.pop();
    }
  }
}

TEST_CASE("ByteFifo: a long random history keeps every block", "[worker][byte_fifo]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  Line line;
  for (int step = 0; step < 5'000; ++step) {
    const bool growing = step / 500 % 2 == 0;
    if (line.empty() || random() % 10 < (growing ? 6U : 4U))
      line.push(16 * (1 + random() % (random() % 50 == 0 ? 30'000 : 300)));
    else
      line.pop();
  }
  while (!line.empty())
    line.pop();
}

#include "coordinator/reply_line.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <random>

using namespace pkv;

TEST_CASE("ReplyLine: tickets stay valid while it grows and wraps round", "[coordinator][line]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const std::uint32_t first : {0U, 0xffff'fff0U, 0xffff'ffffU, 0x7fff'fff9U}) {
    CAPTURE(first);
    ReplyLine line(first);
    std::deque<std::uint32_t> tickets;
    std::uint32_t expected = first;
    for (int step = 0; step < 5'000; ++step) {
      if (tickets.size() < 200 && random() % 5 < 3) {
        const std::uint32_t ticket = line.add(CommandKind::get, {});
        REQUIRE(ticket == expected++);
        line[ticket].reply.integer = ticket;
        tickets.push_back(ticket);
      } else if (!tickets.empty()) {
        REQUIRE(line.is_front(tickets.front()));
        REQUIRE(&line.front() == &line[tickets.front()]);
        line.pop_front();
        tickets.pop_front();
      }
      REQUIRE(line.size() == tickets.size());
      REQUIRE(line.empty() == tickets.empty());
      for (const std::uint32_t ticket : tickets)
        if (line[ticket].reply.integer != ticket) FAIL("entry " << ticket << " was mixed up");
    }
  }
}

TEST_CASE("ReplyLine: a used entry starts anew", "[coordinator][line]") {
  ReplyLine line;
  for (int i = 0; i < 20; ++i) {
    const std::uint32_t ticket = line.add(CommandKind::get, {});
    CHECK(line[ticket].state == ReplyLine::Entry::State::waiting);
    CHECK(line[ticket].kind == CommandKind::get);
    line[ticket].state = ReplyLine::Entry::State::reply;
    line.pop_front();
  }
}

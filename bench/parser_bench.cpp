// How fast requests and replies are parsed, in commands and bytes per second and core

#include "pkv/command.hpp"
#include "pkv/limits.hpp"
#include "pkv/reply.hpp"

#include "protocol/command_table.hpp"
#include "protocol/reply_parser.hpp"
#include "protocol/request_parser.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// How fast commands and replies are found in a stream as pipelining clients send it: 64 KiB of the
// same command over and over, about what one read from a socket gives.
namespace {

using namespace pkv;

constexpr std::size_t stream_bytes = std::size_t{64} << 10;

std::string repeat(std::string_view piece) {
  std::string stream;
  while (stream.size() < stream_bytes)
    stream += piece;
  return stream;
}

std::string encoded(const Command& command) {
  std::string bytes;
  append_command(bytes, command);
  return bytes;
}

/// `items` and `bytes_per_iteration` were worked through; the latter is left out when 0.
void report(benchmark::State& state, std::size_t items, std::size_t bytes_per_iteration) {
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
  const auto bytes = static_cast<std::int64_t>(bytes_per_iteration);
  if (bytes > 0) state.SetBytesProcessed(state.iterations() * bytes);
}

void parse_requests(benchmark::State& state, const std::string& request) {
  const std::string stream = repeat(request);
  RequestParser parser{Limits{}};
  std::size_t commands = 0;
  for (auto _ : state) {
    std::string_view unread = stream;
    for (;;) {
      const ParseResult result = parser.next(unread);
      if (result.status != ParseStatus::complete) break;
      benchmark::DoNotOptimize(parser.arguments().data());
      unread.remove_prefix(result.consumed_bytes);
      ++commands;
    }
  }
  report(state, commands, stream.size());
}

void parse_replies(benchmark::State& state, const std::string& reply) {
  const std::string stream = repeat(reply);
  ReplyParser parser;
  std::size_t replies = 0;
  for (auto _ : state) {
    std::string_view unread = stream;
    for (;;) {
      const ParseResult result = parser.next(unread);
      if (result.status != ParseStatus::complete) break;
      benchmark::DoNotOptimize(parser.take());
      unread.remove_prefix(result.consumed_bytes);
      ++replies;
    }
  }
  report(state, replies, stream.size());
}

void parse_large_value_in_pieces(benchmark::State& state) {
  const auto piece_bytes = static_cast<std::size_t>(state.range(0));
  const std::string stream = encoded(Command("SET", "key", std::string(16 << 20, 'v')));
  for (auto _ : state) {
    RequestParser parser{Limits{}};
    for (std::size_t shown = piece_bytes; shown < stream.size(); shown += piece_bytes) {
      benchmark::DoNotOptimize(parser.next(std::string_view(stream).substr(0, shown)));
    }
    benchmark::DoNotOptimize(parser.next(stream));
  }
  report(state, static_cast<std::size_t>(state.iterations()), 0);
}

BENCHMARK(parse_large_value_in_pieces)->Arg(1 << 10)->Arg(64 << 10);

void look_up_commands(benchmark::State& state) {
  const std::vector<std::string_view> names = {"GET", "SET", "incrby", "C", "R", "MGET", "nosuch"};
  std::size_t looked_up = 0;
  for (auto _ : state) {
    for (std::string_view name : names) {
      benchmark::DoNotOptimize(name);
      benchmark::DoNotOptimize(find_command(name));
    }
    looked_up += names.size();
  }
  report(state, looked_up, 0);
}

BENCHMARK(look_up_commands);

const std::string key = "key:000000123456";

BENCHMARK_CAPTURE(parse_requests, get, encoded(Command("GET", key)));
BENCHMARK_CAPTURE(parse_requests, set_64, encoded(Command("SET", key, std::string(64, 'v'))));
BENCHMARK_CAPTURE(parse_requests, set_1024, encoded(Command("SET", key, std::string(1024, 'v'))));
BENCHMARK_CAPTURE(parse_requests, inline_get, "GET " + key + "\r\n");
BENCHMARK_CAPTURE(parse_requests, inline_create, "C " + key + " some words as a value\r\n");
BENCHMARK_CAPTURE(parse_requests, inline_quoted, "SET " + key + " \"a \\\"quoted\\\" value\"\r\n");

BENCHMARK_CAPTURE(parse_replies, status, "+OK\r\n");
BENCHMARK_CAPTURE(parse_replies, integer, ":123456\r\n");
BENCHMARK_CAPTURE(parse_replies, bulk_64, "$64\r\n" + std::string(64, 'v') + "\r\n");
BENCHMARK_CAPTURE(parse_replies, bulk_1024, "$1024\r\n" + std::string(1024, 'v') + "\r\n");

}  // namespace

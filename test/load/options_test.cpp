#include "load/options.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

using namespace pkv::bench;

namespace {

std::variant<Options, ExitStatus> parse(std::vector<const char*> words) {
  ::unsetenv("PKV_HOST");
  ::unsetenv("PKV_PORT");
  words.insert(words.begin(), "pkv_bench");
  return parse_options(static_cast<int>(words.size()), words.data());
}

Options options_of(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  REQUIRE(std::holds_alternative<Options>(parsed));
  return std::get<Options>(parsed);
}

double share_of(const Options& options, Kind kind) {
  return options.mix.shares[index_of(kind)];
}

}  // namespace

TEST_CASE("Options: without any, workload B for a while", "[load]") {
  const Options options = options_of({});
  CHECK(options.host == "127.0.0.1");
  CHECK(options.port == 7379);
  CHECK(options.mix.records == 100'000);
  CHECK(share_of(options, Kind::read) == 95);
  CHECK(options.mix.distribution == Distribution::zipf);
  CHECK(options.clients == 50);
  CHECK_FALSE(options.operations);
  CHECK_FALSE(options.rate);
  CHECK(options.load);
  CHECK(options.measure);
}

TEST_CASE("Options: what is said last counts", "[load]") {
  CHECK(options_of({"-c", "3", "--clients", "4"}).clients == 4);
}

TEST_CASE("Options: the host and port of the environment, as pkv does", "[load]") {
  ::setenv("PKV_PORT", "1234", 1);
  const char* words[] = {"pkv_bench"};
  const auto parsed = parse_options(1, words);
  ::unsetenv("PKV_PORT");
  REQUIRE(std::holds_alternative<Options>(parsed));
  CHECK(std::get<Options>(parsed).port == 1234);
}

TEST_CASE("Options: workloads, mixtures and distributions", "[load]") {
  CHECK(share_of(options_of({"-w", "D"}), Kind::insert) == 5);
  CHECK(options_of({"-w", "d"}).mix.distribution == Distribution::latest);
  CHECK(options_of({"-w", "a", "--distribution", "uniform"}).mix.distribution ==
        Distribution::uniform);
  const Options mixture = options_of({"--read-ratio", "0.3"});
  CHECK(share_of(mixture, Kind::read) == Approx(30));
  CHECK(share_of(mixture, Kind::update) == Approx(70));
  CHECK(share_of(options_of({"--read-ratio", "0"}), Kind::update) == 100);
}

TEST_CASE("Options: --help is no mistake", "[load]") {
  CHECK(std::get<ExitStatus>(parse({"--help"})) == ExitStatus::success);
}

TEST_CASE("Options: mistakes are noticed", "[load]") {
  const std::vector<std::vector<const char*>> mistakes = {
      {"--nonsense"},
      {"stray"},
      {"-w", "z"},
      {"-w", ""},
      {"-w", "a", "--read-ratio", "0.5"},
      {"--read-ratio", "1.1"},
      {"--distribution", "normal"},
      {"--theta", "1"},
      {"--theta", "0"},
      {"--port", "0"},
      {"--port", "65536"},
      {"--protocol", "http"},
      {"-r", "0"},
      {"-r", "4000000001"},
      {"-d", "0"},
      {"-d", "536870913"},
      {"-d", "-1"},
      {"-c", "0"},
      {"-P", "0"},
      {"-n", "0"},
      {"-n", "10", "--duration", "5"},
      {"--rate", "0"},
      {"--poisson"},
      {"--duration", "0"},
      {"-c", "2", "-t", "3"},
      {"--no-load", "--load-only"},
      {"--prefix", "a b"},
      {"--prefix", "sixteen.bytes.xx"},                 // nothing left for the number
      {"--prefix", "", "--key-bytes", "4"},             // 10,000 keys at most
      {"--prefix", "", "--key-bytes", "9", "-w", "d"},  // inserts need more
      {"--protocol", "memcached", "--key-bytes", "251"},
      {"--protocol", "memcached", "-w", "e"},
      {"-c", "1000", "-P", "1000", "-d", "10000"},
  };
  for (const auto& words : mistakes) {
    std::string line;
    for (const char* word : words)
      line += std::string(word) + ' ';
    CAPTURE(line);
    const auto parsed = parse(words);
    REQUIRE(std::holds_alternative<ExitStatus>(parsed));
    CHECK(std::get<ExitStatus>(parsed) == ExitStatus::usage);
  }
}

TEST_CASE("Options: limits themselves are no mistakes", "[load]") {
  CHECK(options_of({"--prefix", "", "--key-bytes", "5", "-r", "100000"}).key_bytes == 5);
  CHECK(options_of({"--prefix", "", "--key-bytes", "10", "-w", "d"}).key_bytes == 10);
  CHECK(options_of({"-r", "4000000000"}).mix.records == 4'000'000'000);
  CHECK(options_of({"--protocol", "memcached", "--key-bytes", "250"}).key_bytes == 250);
  CHECK(options_of({"-c", "1", "-d", "536870912"}).value_bytes == 536'870'912);
}

#include "instructions/server.hpp"
#include "instructions/workload.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <valgrind/callgrind.h>
#include <vector>

// pkv_instructions get|set PIPELINE: sends commands through a server's code, under valgrind. Prints
// how many there were while valgrind counted.
namespace {

using namespace pkv::instructions;

constexpr std::size_t workers = 4;
constexpr std::size_t clients = 50;
constexpr std::size_t warm_up_rounds = 16;  // until every buffer has the size it needs
constexpr std::size_t counted_commands = 16'000;
constexpr std::size_t most_pipelined = 16;  // what one read brings

std::vector<std::string> input_of_all(Requests& requests, std::size_t pipeline) {
  std::vector<std::string> input;
  for (std::size_t i = 0; i < clients; ++i)
    input.push_back(requests.next(pipeline));
  return input;
}

/// Returns the number of commands that were counted.
std::size_t run(Kind kind, std::size_t pipeline) {
  Server server(workers, clients);
  server.fill();
  Requests requests(kind);
  for (std::size_t i = 0; i < warm_up_rounds; ++i)
    server.round(input_of_all(requests, pipeline));

  const std::size_t rounds = counted_commands / (clients * pipeline);
  const std::size_t commands = rounds * clients * pipeline;
  std::vector<std::vector<std::string>> input;
  for (std::size_t i = 0; i < rounds; ++i)
    input.push_back(input_of_all(requests, pipeline));
  const std::size_t sent_before = server.sent_bytes();

  CALLGRIND_START_INSTRUMENTATION;
  for (const std::vector<std::string>& round : input)
    server.round(round);
  CALLGRIND_STOP_INSTRUMENTATION;

  if (server.sent_bytes() - sent_before != commands * answer_bytes(kind))
    throw std::logic_error("the answers are not what they should be");
  return commands;
}

}  // namespace

int main(int argument_count, char** arguments) {
  const std::string_view kind = argument_count == 3 ? arguments[1] : "";
  const std::size_t pipeline =
      argument_count == 3 ? std::strtoull(arguments[2], nullptr, 10) : std::size_t{0};
  if ((kind != "get" && kind != "set") || pipeline < 1 || pipeline > most_pipelined) {
    std::fprintf(stderr, "Usage: pkv_instructions get|set PIPELINE (1 to %zu)\n", most_pipelined);
    return 2;
  }
  try {
    std::printf("%zu\n", run(kind == "get" ? Kind::get : Kind::set, pipeline));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pkv_instructions: %s\n", error.what());
    return 1;
  }
  return 0;
}

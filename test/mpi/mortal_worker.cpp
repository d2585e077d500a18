#include "mpi/mortal_worker.hpp"

#include "mpi/environment.hpp"
#include "mpi/worker_loop.hpp"
#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <unistd.h>
#include <vector>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;

std::filesystem::path birth_file(int rank, std::uint32_t epoch) {
  return birth_folder() / (std::to_string(rank) + '.' + std::to_string(epoch));
}

/// All of it or nothing is there: a file of that name comes by renaming.
void say_birth(const Environment& environment, std::uint32_t epoch) {
  const std::filesystem::path path = birth_file(environment.rank(), epoch);
  const std::filesystem::path unfinished = path.string() + ".tmp";
  {
    std::ofstream file(unfinished, std::ios::binary);
    file << getpid() << '\n' << environment.address();
  }
  std::filesystem::rename(unfinished, path);
}

void send_value(std::string_view value, bool last, ReplySink& replies) {
  wire::Frame reply(replies.take_buffer());
  wire::append_value(reply.bytes(), value);
  reply.header.count = 1;
  reply.header.last = last;
  replies.send(std::move(reply));
}

[[noreturn]] void be_killed() {
  kill(getpid(), SIGKILL);
  std::abort();
}

result<void> answer(const wire::Frame& request, ReplySink& replies) {
  wire::OperationReader reader(request.body(), request.header.count);
  std::vector<wire::Operation> operations(request.header.count);
  for (wire::Operation& operation : operations)
    if (!reader.next(operation)) return errc::malformed_frame;
  const std::string_view what = operations.front().key;
  while (what == hang)
    pause();
  if (what == die) be_killed();
  if (what == die_sending) {
    std::string much;
    for (int i = 0; i < 8; ++i)
      much += operations.front().value;
    send_value(much, true, replies);
    be_killed();
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    send_value(operations[i].value, i + 1 == operations.size(), replies);
    if (what == die_between) be_killed();
  }
  return {};
}

}  // namespace

std::filesystem::path birth_folder() {
  const char* const folder = std::getenv("PKV_BIRTH_FOLDER");
  if (folder == nullptr) throw std::runtime_error("no folder for births");
  return folder;
}

Birth await_birth(int rank, std::uint32_t epoch) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!std::filesystem::exists(birth_file(rank, epoch))) {
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("a process was not started again");
    std::this_thread::sleep_for(1ms);
  }
  std::ifstream file(birth_file(rank, epoch), std::ios::binary);
  Birth birth;
  birth.epoch = epoch;
  file >> birth.process;
  file.get();
  birth.address.assign(std::istreambuf_iterator<char>(file), {});
  return birth;
}

void live(const Environment& environment, std::uint32_t epoch) {
  say_birth(environment, epoch);
  WorkerLoop({}, answer, {}, epoch).run();
}

}  // namespace pkv::mpi

#include "mpi/environment.hpp"
#include "mpi/keeper.hpp"
#include "mpi/keeper_link.hpp"
#include "mpi/mortal_worker.hpp"
#include "mpi/rebirth_rig.hpp"

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

// Every rank that mpiexec starts is a keeper, whose child does the rank's work. Rank 0's runs the
// tests on a thread of their own, and MPI on this one, as the server does.
namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;

int keep(int argument_count, char** arguments) {
  setenv("UCX_TLS", "tcp,self", 1);
  setenv("MPIR_CVAR_NOLOCAL", "1", 1);
  prepare_for_deaths();
  // The same for all keepers of the job: they are children of one process.
  const auto folder =
      std::filesystem::temp_directory_path() / ("pkv_rebirth_" + std::to_string(getppid()));
  std::filesystem::create_directories(folder);
  setenv("PKV_BIRTH_FOLDER", folder.c_str(), 1);

  KeeperSettings settings;
  settings.command.program = std::filesystem::read_symlink("/proc/self/exe");
  settings.command.arguments.assign(arguments, arguments + argument_count);
  settings.rank = rank_from_launcher();
  settings.host = "localhost";
  settings.longest_pause = 10ms;
  settings.pmi_descriptor = std::atoi(std::getenv("PMI_FD"));
  Keeper keeper(std::move(settings));
  return keeper.run();
}

/// Runs the tests, and loses a worker for good. Returns the number of tests that failed.
int test_and_lose_one(int argument_count, char** arguments, Conversation& conversation) {
  RebirthRig the_rig(conversation);
  set_rig(&the_rig);
  const int failed = Catch::Session().run(argument_count, arguments);
  std::filesystem::remove_all(birth_folder());  // whoever is born now has nothing to do
  the_rig.signal(0, SIGKILL);
  the_rig.disconnect(0);
  return failed;
}

/// Returns the exit status.
int run_tests(int argument_count, char** arguments, const Environment& environment) {
  MpiTransport transport(static_cast<std::size_t>(environment.size()) - 1, {}, {});
  // Outlives the tests: the transport notifies it of the worker that is lost at their end.
  Conversation conversation(transport);
  int failed = 1;
  bool may_finalize = true;
  {
    const std::jthread tests([&] {
      try {
        failed = test_and_lose_one(argument_count, arguments, conversation);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "the tests failed: %s\n", error.what());
      }
      transport.stop(15s);
    });
    may_finalize = transport.run();
  }
  if (!transport.ended_in_order() || may_finalize) {
    std::fputs("the transport must end in order, but not allow MPI_Finalize\n", stderr);
    failed = 1;
  }
  return failed == 0 ? 0 : 1;
}

int work(int argument_count, char** arguments) {
  if (!std::filesystem::exists(birth_folder())) return 0;  // born when the tests were over
  const Environment environment(argument_count, arguments, Rebirth::wanted);
  if (!environment.why_not_replaceable().empty())
    throw std::runtime_error(environment.why_not_replaceable());
  if (environment.rank() == 0)
    Environment::leave(run_tests(argument_count, arguments, environment));
  live(environment, own_epoch());
  Environment::leave(0);
}

}  // namespace
}  // namespace pkv::mpi

int main(int argument_count, char** arguments) {
  using namespace pkv::mpi;
  try {
    return has_keeper() ? work(argument_count, arguments) : keep(argument_count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    Environment::leave(1);
  }
}

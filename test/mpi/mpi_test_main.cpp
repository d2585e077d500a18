#include "mpi/environment.hpp"
#include "mpi/scenario.hpp"

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdio>
#include <exception>

// Rank 0 runs the tests, the others are the workers that they need. MPI must be there before the
// first test and until after the last, hence the main of our own.
int main(int argument_count, char** arguments) {
  using namespace pkv::mpi;
  try {
    Environment environment(argument_count, arguments);
    int failed = 0;
    if (environment.rank() == 0) {
      failed = Catch::Session().run(argument_count, arguments);
      announce({.behaviour = Behaviour::leave, .settings = {}}, environment.size() - 1);
    } else {
      play_scenarios();
    }
    environment.finalize();
    return failed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    Environment::leave(1);
  }
}

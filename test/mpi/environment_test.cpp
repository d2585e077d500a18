#include "mpi/environment.hpp"

#include "mpi/conversation.hpp"
#include "mpi/error.hpp"

#include <catch2/catch.hpp>
#include <mpi.h>

#ifdef PKV_HAVE_UCX
#include "mpi/ucx_worker.hpp"
#endif

namespace pkv::mpi {
namespace {

TEST_CASE("Environment: MPI's errors are returned, with the call's name and MPI's words",
          "[mpi][environment]") {
  int byte = 0;
  const int no_such_rank = worker_ranks() + 1;
  CHECK_THROWS_WITH(
      check(MPI_Send(&byte, 1, MPI_BYTE, no_such_rank, 0, MPI_COMM_WORLD), "MPI_Send"),
      Catch::Matchers::StartsWith("MPI_Send failed: ") && Catch::Matchers::Contains("rank"));
  CHECK_NOTHROW(check(MPI_SUCCESS, "MPI_Send"));
}

TEST_CASE("Environment: this process was started by a launcher", "[mpi][environment]") {
  CHECK(started_by_launcher());
  CHECK(rank_from_launcher() == 0);
}

#ifdef PKV_HAVE_UCX
TEST_CASE("UcxWorker: sleeping is possible, so our functions stand in front of UCX's",
          "[mpi][waiting]") {
  CHECK(UcxWorker::wakeup_descriptor() >= 0);
}
#endif

}  // namespace
}  // namespace pkv::mpi

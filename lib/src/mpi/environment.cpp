#include "mpi/environment.hpp"

#include "mpi/error.hpp"
#include "mpi/ucx_worker.hpp"
#include "wire/tags.hpp"

#include <mpi.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>

namespace pkv::mpi {
namespace {

/// A Process in the fixed size that MPI_Gather wants.
struct ProcessRecord {
  std::int64_t process_id = 0;
  std::array<char, MPI_MAX_PROCESSOR_NAME> host{};
};

int largest_tag() {
  int* upper_bound = nullptr;
  int found = 0;
  check(MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &upper_bound, &found), "MPI_Comm_get_attr");
  return found == 0 ? 0 : *upper_bound;
}

void check_tags() {
  if (largest_tag() < wire::body_tag(wire::most_slots))
    throw std::runtime_error("this MPI allows too few tags");
}

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

std::string library_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> version{};
  int length = 0;
  check(MPI_Get_library_version(version.data(), &length), "MPI_Get_library_version");
  return {version.data(), static_cast<std::size_t>(length)};
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

Environment::Environment(int& argument_count, char**& arguments) {
  initialise(argument_count, arguments);
}

Environment::Environment(int& argument_count, char**& arguments, std::uint32_t epoch) {
  UcxWorker::expect_failures(rank_from_launcher(), epoch);
  initialise(argument_count, arguments);
  if (const RebirthSupport support = rebirth_support(); !support)
    throw std::runtime_error("processes that die cannot be replaced: " + support.obstacle);
}

void Environment::initialise(int& argument_count, char**& arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  // The kernel keeps this promise even when Hydra cannot keep its own: after kill -9 of the proxy
  // nobody else would end its ranks.
  prctl(PR_SET_PDEATHSIG, SIGKILL);

  int provided = MPI_THREAD_SINGLE;
  check(MPI_Init_thread(&argument_count, &arguments, MPI_THREAD_FUNNELED, &provided),
        "MPI_Init_thread");
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  if (provided < MPI_THREAD_FUNNELED)
    throw std::runtime_error("this MPI does not allow a process to have threads");
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
  check(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
  check_tags();
}

std::vector<Process> Environment::gather_processes() const {
  ProcessRecord own;
  own.process_id = getpid();
  int host_length = 0;
  check(MPI_Get_processor_name(own.host.data(), &host_length), "MPI_Get_processor_name");

  std::vector<ProcessRecord> all(rank_ == 0 ? static_cast<std::size_t>(size_) : 0);
  check(MPI_Gather(&own, sizeof own, MPI_BYTE, all.data(), sizeof own, MPI_BYTE, 0, MPI_COMM_WORLD),
        "MPI_Gather");

  std::vector<Process> processes;
  for (const ProcessRecord& record : all)
    processes.push_back(
        {static_cast<int>(processes.size()), record.process_id, std::string(record.host.data())});
  return processes;
}

std::string Environment::address() const {
  return UcxWorker::own_address();
}

void Environment::finalize() {
  check(MPI_Finalize(), "MPI_Finalize");
}

void Environment::leave(int exit_status) noexcept {
  std::fflush(nullptr);
  _exit(exit_status);
}

RebirthSupport rebirth_support() {
  const std::string version = library_version();
  if (version.find("MPICH Version:\t4.0.") != 0 || version.find("ch4:ucx") == std::string::npos)
    return {"it was tried with MPICH 4.0 on UCX only, and this is " + first_line(version)};
  // Else MPI_Init waits for processes that have left it long ago, or connects in another order.
  if (!is_set("MPIR_CVAR_NOLOCAL")) return {"MPIR_CVAR_NOLOCAL must be 1"};
  if (is_set("MPIR_CVAR_CH4_ROOTS_ONLY_PMI"))
    return {"MPIR_CVAR_CH4_ROOTS_ONLY_PMI must not be set"};
  if (largest_tag() < wire::last_tag) return {"this MPI allows too few tags"};
  return {UcxWorker::why_not_replaceable()};
}

void prepare_for_deaths() noexcept {
  constexpr int keep = 0;
  setenv("UCX_RNDV_THRESH", "inf", keep);
  setenv("UCX_ZCOPY_THRESH", "inf", keep);
  setenv("UCX_TCP_PUT_ENABLE", "n", keep);
}

bool started_by_launcher() noexcept {
  return std::getenv("PMI_FD") != nullptr || std::getenv("PMI_PORT") != nullptr ||
         std::getenv("PMI_RANK") != nullptr || std::getenv("PMIX_RANK") != nullptr;
}

int rank_from_launcher() noexcept {
  for (const char* name : {"PMI_RANK", "PMIX_RANK"})
    if (const char* rank = std::getenv(name)) return std::atoi(rank);
  return 0;
}

}  // namespace pkv::mpi

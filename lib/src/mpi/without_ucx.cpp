#include "mpi/ucx_worker.hpp"

// Where UCX's headers were not found: nothing of it is there.
namespace pkv::mpi {

int UcxWorker::wakeup_descriptor() noexcept {
  return -1;
}

bool UcxWorker::arm() noexcept {
  return false;
}

void UcxWorker::expect_failures(int) noexcept {}

bool UcxWorker::expects_failures() noexcept {
  return false;
}

std::string UcxWorker::why_not_replaceable() {
  return "pkv was built without UCX";
}

std::string UcxWorker::own_address() {
  return {};
}

std::optional<int> UcxWorker::next_failed_peer() noexcept {
  return std::nullopt;
}

void UcxWorker::close_peer(int) noexcept {}

bool UcxWorker::replace_peer(int, std::string_view) {
  return false;
}

}  // namespace pkv::mpi

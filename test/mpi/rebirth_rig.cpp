#include "mpi/rebirth_rig.hpp"

#include <csignal>

namespace pkv::mpi {
namespace {

RebirthRig* the_rig = nullptr;

int rank_of(std::size_t worker) {
  return static_cast<int>(worker) + 1;
}

}  // namespace

RebirthRig::RebirthRig(Conversation& conversation) : conversation_(conversation) {
  for (std::size_t worker = 0; worker < conversation.workers(); ++worker)
    births_.push_back(await_birth(rank_of(worker), 1));
  for (std::size_t worker = 0; worker < births_.size(); ++worker)
    connect(worker);
}

void RebirthRig::signal(std::size_t worker, int signal) const {
  kill(births_[worker].process, signal);
}

void RebirthRig::disconnect(std::size_t worker) {
  conversation_.transport().disconnect(worker);
  conversation_.transport().flush();
}

void RebirthRig::revive(std::size_t worker) {
  births_[worker] = await_birth(rank_of(worker), births_[worker].epoch + 1);
  ++deaths_;
  connect(worker);
}

void RebirthRig::revive_dying(std::size_t worker, bool dies_before) {
  births_[worker] = await_birth(rank_of(worker), births_[worker].epoch + 1);
  ++deaths_;
  if (dies_before) signal(worker, SIGKILL);
  connect(worker);
  if (!dies_before) signal(worker, SIGKILL);
}

void RebirthRig::connect(std::size_t worker) {
  conversation_.reconnect(worker, births_[worker].epoch, births_[worker].address);
}

bool RebirthRig::echoes(std::size_t worker, const std::string& value) {
  return conversation_.ask(worker, {.key = "echo", .value = value}) == value;
}

RebirthRig& rig() {
  return *the_rig;
}

void set_rig(RebirthRig* rig) noexcept {
  the_rig = rig;
}

}  // namespace pkv::mpi

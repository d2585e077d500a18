// What a keeper and rank 0 have to say to each other, and how the keeper of a worker finds rank 0.

#include "mpi/keeper.hpp"

#include <chrono>
#include <csignal>
#include <variant>

namespace pkv::mpi {
namespace {

/// For a process that was told to go, or is just going, when its keeper is told to leave.
constexpr std::chrono::milliseconds leaving_patience{200};

}  // namespace

void Keeper::find_control() {
  // Rank 0's keeper published it before rank 0 entered the first barrier.
  if (is_coordinator() || asked_for_control_ || relay_.barriers_passed() == 0) return;
  asked_for_control_ = true;
  relay_.get(control::endpoint_key, [this](const std::optional<std::string>& value) {
    const auto endpoint = value ? control::decode_endpoint(*value) : std::nullopt;
    if (endpoint)
      control_.connect_to(*endpoint);
    else
      log(LogLevel::error, "rank 0 has not said where it listens for keepers");
  });
}

std::string Keeper::introduction(const std::string& token) const {
  std::string lines = control::encode(control::Hello{token, settings_.rank, settings_.host});
  if (!child_) return lines + control::encode(control::Dead{epoch_, last_end_});
  lines += control::encode(control::Started{epoch_, child_->process_id()});
  if (address_) lines += control::encode(control::Ready{epoch_, child_->process_id(), *address_});
  return lines;
}

void Keeper::obey(const control::Order& order) {
  if (const auto* wanted = std::get_if<control::Restart>(&order)) {
    restart(wanted->epoch);
  } else if (std::holds_alternative<control::Kill>(order)) {
    if (child_) child_->send_signal(SIGKILL);
  } else {
    leaving_ = true;
    start_at_.reset();
    if (child_)
      kill_at_ = Clock::now() + leaving_patience;
    else if (!exit_status_)
      end_with(0);
  }
}

void Keeper::restart(std::uint32_t epoch) {
  if (epoch == epoch_ && child_) child_->send_signal(SIGKILL);
}

}  // namespace pkv::mpi

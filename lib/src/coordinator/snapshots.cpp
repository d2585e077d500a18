#include "coordinator/snapshots.hpp"

#include "pkv/reply.hpp"

#include "base/wall_clock.hpp"
#include "coordinator/conversation.hpp"
#include "protocol/error_text.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <utility>

namespace pkv {
namespace {

constexpr std::size_t longest_snapshot_name = 128;

/// A name and not a path, so that nothing is written anywhere else.
bool is_name(std::string_view name) noexcept {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= longest_snapshot_name && name.front() != '.' &&
         !name.ends_with(".part") && std::ranges::all_of(name, fits);
}

std::string name_by_time(std::int64_t time_ms) {
  const auto seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return std::string("snapshot-") + text;
}

}  // namespace

Snapshots::Snapshots(Coordinator& coordinator, StoreScans& scans, LogSink log)
    : coordinator_(coordinator),
      scans_(scans),
      log_(std::move(log)),
      latest_s_(wall_clock_ms() / 1000) {}

Snapshots::~Snapshots() = default;

std::optional<std::string> Snapshots::why_not(std::string_view name) const {
  if (folder_.empty())
    return "ERR there is no folder for snapshots: start pkv_server with --snapshots PATH";
  if (busy()) return "BUSY a snapshot is being made already, try again when it is there";
  if (scans_.full()) return std::string(error_text::of(errc::overloaded));
  if (!name.empty() && !is_name(name))
    return "ERR the name of a snapshot consists of up to " + std::to_string(longest_snapshot_name) +
           " letters, digits, '-', '_' and '.', does not begin with '.' and does not end with "
           "'.part': it is made in the server's folder for snapshots";
  std::error_code ignored;  // whoever makes it will say so
  if (!name.empty() && std::filesystem::exists(folder_ / name, ignored))
    return "EXISTS there is a snapshot or file of that name, choose another";
  return std::nullopt;
}

void Snapshots::begin(std::string_view name) {
  const std::int64_t time_ms = wall_clock_ms();
  target_ = folder_ / (name.empty() ? name_by_time(time_ms) : std::string(name));
  begun_ = coordinator_.now();
  try {
    // The scan takes the next place in the order.
    writer_ = std::make_unique<SnapshotWriter>(target_, coordinator_.sequence() + 1, time_ms);
    StoreScan& scan = scans_.begin(*this);
    if (writer_ != nullptr) scan_ = &scan;
  } catch (const std::exception&) {  // no memory, or no thread
    conclude("OOM there is no memory for a snapshot, or there are too many threads");
  }
}

void Snapshots::tell(Conversation& client, std::uint32_t ticket) {
  client_ = &client;
  ticket_ = ticket;
}

void Snapshots::forget(const Conversation& client) noexcept {
  if (client_ == &client) answer("-ERR the client did not wait for the snapshot\r\n");
}

bool Snapshots::has_room() const {
  return writer_->has_room();
}

void Snapshots::on_page(std::size_t worker, std::string_view page, const SharedFrame&) {
  writer_->add(to_number(coordinator_.nodes()[worker].id), std::string(page));
}

void Snapshots::on_end(std::optional<errc> failure) {
  scan_ = nullptr;
  if (failure)
    conclude(std::string(error_text::of(*failure)));
  else
    writer_->finish();
}

void Snapshots::step() {
  if (writer_ == nullptr) return;
  const auto outcome = writer_->outcome();
  if (!outcome) return;
  if (!outcome->failure.empty()) return conclude("IOERR " + outcome->failure);
  latest_s_ = wall_clock_ms() / 1000;
  const std::chrono::duration<double> took = coordinator_.now() - begun_;
  writer_.reset();
  if (log_)
    log_(LogLevel::info, target_.string() + " holds a snapshot of " +
                             std::to_string(outcome->manifest.entries()) + " keys, made in " +
                             std::to_string(static_cast<int>(took.count() * 1000)) + " ms");
  answer("+OK\r\n");
}

void Snapshots::conclude(const std::string& failure) {
  if (scan_ != nullptr) std::exchange(scan_, nullptr)->stop();
  writer_.reset();
  if (log_) log_(LogLevel::error, "no snapshot " + target_.string() + ": " + failure);
  std::string encoded;
  append_reply(encoded, Reply::error(failure));
  answer(std::move(encoded));
}

void Snapshots::answer(std::string encoded) {
  if (client_ == nullptr) return;
  std::exchange(client_, nullptr)->finish(ticket_, std::move(encoded));
}

}  // namespace pkv

#include "evaluation/workload.hpp"

#include <cassert>

namespace pkv::evaluation {
namespace {

Reply ok() {
  return Reply::status("OK");
}

}  // namespace

Workload::Workload(const Settings& settings, int client)
    : client_(client),
      value_bytes_(settings.value_bytes),
      random_(settings.seed * 1'000'003 + static_cast<std::uint64_t>(client)),
      choose_kind_(settings.shares.begin(), settings.shares.end()) {}

Request Workload::create() {
  const Entry& entry = present_.emplace_back(Entry{created_++, 1});
  return {Command("C", key_of(entry), value_of(entry)), ok()};
}

Request Workload::next() {
  const Kind kind = kinds[choose_kind_(random_)];
  if (kind == Kind::create || present_.empty()) return create();
  Entry& entry = any_entry();
  if (kind == Kind::read) return read(entry);
  if (kind == Kind::update) return update(entry);
  return erase(entry);
}

Request Workload::check() {
  assert(has_unchecked());
  return read(present_[--unchecked_]);
}

Workload::Entry& Workload::any_entry() {
  return present_[std::uniform_int_distribution<std::size_t>(0, present_.size() - 1)(random_)];
}

std::string Workload::key_of(const Entry& entry) const {
  return "client:" + std::to_string(client_) + ":key:" + std::to_string(entry.number);
}

std::string Workload::value_of(const Entry& entry) const {
  std::string value = key_of(entry) + " version " + std::to_string(entry.version) + ' ';
  while (value.size() < value_bytes_)
    value += static_cast<char>('a' + value.size() % 26);
  value.resize(value_bytes_);
  return value;
}

Request Workload::read(const Entry& entry) const {
  return {Command("R", key_of(entry)), Reply::bulk(value_of(entry))};
}

Request Workload::update(Entry& entry) const {
  ++entry.version;
  return {Command("U", key_of(entry), value_of(entry)), ok()};
}

Request Workload::erase(Entry& entry) {
  Request request{Command("D", key_of(entry)), ok()};
  entry = present_.back();
  present_.pop_back();
  return request;
}

}  // namespace pkv::evaluation

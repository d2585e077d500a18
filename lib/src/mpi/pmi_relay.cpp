#include "mpi/pmi_relay.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace pkv::mpi {
namespace {

const std::string init_line = "cmd=init pmi_version=1 pmi_subversion=1";
const std::string name_space_line = "cmd=get_my_kvsname";
const std::string finalize_line = "cmd=finalize";
constexpr std::string_view barrier_name = "barrier ";

/// The value of `name=value` in a line of such words; empty if it is not there.
std::string_view field(std::string_view line, std::string_view name) {
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    if (word.starts_with(name) && word.substr(name.size()).starts_with('='))
      return word.substr(name.size() + 1);
    line.remove_prefix(std::min(line.size(), word.size() + 1));
  }
  return {};
}

bool succeeded(std::string_view reply) {
  const std::string_view code = field(reply, "rc");
  return code.empty() || code == "0";
}

/// Whether a command may be asked again and means the same each time.
bool is_repeatable(std::string_view command) {
  constexpr std::array<std::string_view, 7> repeatable{
      "init", "get_maxes", "get_appnum", "get_my_kvsname", "get_universe_size", "get", "finalize"};
  return std::find(repeatable.begin(), repeatable.end(), command) != repeatable.end();
}

}  // namespace

void PmiRelay::begin_child() {
  child_lines_.clear();
  to_child_.clear();
  child_waits_for_.reset();
  child_aborted_ = false;
  child_barriers_ = 0;
  // What was asked will be answered; what was only going to be asked is asked by the new child, if
  // it wants: the address that the old one was about to publish is of no use to anybody.
  const auto unsent = requests_.begin() + (asking_ ? 1 : 0);
  requests_.erase(
      std::remove_if(unsent, requests_.end(), [](const Request& request) { return !request.done; }),
      requests_.end());
}

bool PmiRelay::from_child(std::string_view bytes) {
  child_lines_.append(bytes);
  while (const auto line = child_lines_.next())
    if (!child_asks(*line)) return false;
  return !child_lines_.overlong();
}

bool PmiRelay::from_upstream(std::string_view bytes) {
  upstream_lines_.append(bytes);
  while (const auto line = upstream_lines_.next()) {
    if (!asking_) return false;
    on_reply(*line);
  }
  return !upstream_lines_.overlong();
}

void PmiRelay::put(const std::string& key, const std::string& value,
                   std::function<void(bool)> done) {
  assert(value.find_first_of(" \n") == std::string::npos);
  with_name_space([this, key, value, done = std::move(done)](const std::string& name_space) {
    const std::string line = "cmd=put kvsname=" + name_space + " key=" + key + " value=" + value;
    ask(name_for(line), line, [done](const std::string& reply) { done(succeeded(reply)); });
  });
}

void PmiRelay::get(const std::string& key, std::function<void(std::optional<std::string>)> done) {
  with_name_space([this, key, done = std::move(done)](const std::string& name_space) {
    const std::string line = "cmd=get kvsname=" + name_space + " key=" + key;
    ask(name_for(line), line, [done](const std::string& reply) {
      if (succeeded(reply))
        done(std::string(field(reply, "value")));
      else
        done(std::nullopt);
    });
  });
}

void PmiRelay::finalize() {
  ask(finalize_line, finalize_line, [](const std::string&) {});
}

void PmiRelay::end_job(int exit_status) {
  to_upstream_ += "cmd=abort exitcode=" + std::to_string(exit_status) + '\n';
}

bool PmiRelay::child_asks(const std::string& line) {
  child_aborted_ = child_aborted_ || field(line, "cmd") == "abort";
  if (child_aborted_) return true;
  if (child_waits_for_) return false;
  const std::string name = name_for(line);
  if (const auto known = memory_.find(name); known != memory_.end()) {
    to_child_ += known->second + '\n';
    return true;
  }
  child_waits_for_ = name;
  ask(name, line, {});
  return true;
}

std::string PmiRelay::name_for(const std::string& line) {
  const std::string_view command = field(line, "cmd");
  if (command == "barrier_in") return std::string(barrier_name) + std::to_string(++child_barriers_);
  // Without its value: a key is published once, and what became of it later is no news for Hydra.
  if (command == "put") return "put " + std::string(field(line, "key"));
  if (is_repeatable(command)) return line;
  return "unnamed " + std::to_string(++unnamed_requests_);
}

void PmiRelay::ask(const std::string& name, const std::string& line, Done done) {
  if (const auto known = memory_.find(name); known != memory_.end()) {
    if (done) done(std::string(known->second));
    return;
  }
  const auto same = std::find_if(requests_.begin(), requests_.end(),
                                 [&](const Request& request) { return request.name == name; });
  if (same == requests_.end()) {
    requests_.push_back({name, line, std::move(done)});
    send_next();
  } else if (done) {
    same->done = [first = std::move(same->done), done = std::move(done)](const std::string& reply) {
      if (first) first(reply);
      done(reply);
    };
  }
}

void PmiRelay::with_name_space(std::function<void(const std::string&)> use) {
  ask(init_line, init_line, [this, use = std::move(use)](const std::string&) {
    ask(name_space_line, name_space_line,
        [use](const std::string& reply) { use(std::string(field(reply, "kvsname"))); });
  });
}

void PmiRelay::send_next() {
  if (asking_ || requests_.empty()) return;
  asking_ = true;
  to_upstream_ += requests_.front().line + '\n';
}

void PmiRelay::on_reply(const std::string& reply) {
  const Request request = std::move(requests_.front());
  requests_.pop_front();
  asking_ = false;
  remember(request.name, reply);
  if (child_waits_for_ == request.name) {
    child_waits_for_.reset();
    to_child_ += reply + '\n';
  }
  if (request.done) request.done(reply);
  send_next();
}

void PmiRelay::remember(const std::string& name, const std::string& reply) {
  if (name.starts_with(barrier_name)) ++barriers_passed_;
  if (name == finalize_line) finalized_ = true;
  if (succeeded(reply) && !name.starts_with("unnamed ")) memory_.emplace(name, reply);
}

}  // namespace pkv::mpi

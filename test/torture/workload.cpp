#include "torture/workload.hpp"

#include "pkv/command.hpp"

#include "torture/tagged_value.hpp"

#include <algorithm>
#include <cmath>

namespace pkv::torture {
namespace {

constexpr std::size_t keys_of_group = 5;
constexpr std::size_t least_value_bytes = 64;
constexpr std::size_t most_usual_value_bytes = 1024;

struct Chance {
  std::size_t percent;
  RequestKind kind;
};

using K = RequestKind;

std::vector<Chance> chances_of(Use use) {
  switch (use) {
    case Use::replaced:
      return {{55, K::get}, {45, K::set}};
    case Use::created_and_erased:
      return {{55, K::get}, {20, K::set}, {15, K::setnx}, {10, K::del}};
    case Use::appended_to:
      return {{55, K::get}, {25, K::set}, {20, K::append}};
    case Use::counted:
      return {{35, K::get}, {65, K::incr}};
    case Use::written_together:
      return {{45, K::mget}, {10, K::get}, {41, K::mset}, {4, K::del}};
  }
  return {};
}

Action action_of(RequestKind kind) {
  switch (kind) {
    case K::get:
    case K::mget:
      return Action::read;
    case K::set:
    case K::mset:
      return Action::put;
    case K::setnx:
      return Action::create;
    case K::del:
      return Action::erase;
    case K::append:
      return Action::append;
    case K::incr:
      return Action::increment;
  }
  return Action::read;
}

void append_request(std::string& bytes, RequestKind kind, const Subject& subject,
                    std::string_view member, std::string_view value) {
  std::vector<std::string_view> words = {request_names[static_cast<std::size_t>(kind)]};
  const bool has_value = !value.empty();
  const auto add = [&](std::string_view key) {
    words.push_back(key);
    if (has_value) words.push_back(value);
  };
  if (kind == K::mget || kind == K::mset || kind == K::del) {
    for (const std::string& key : subject.keys)
      add(key);
  } else {
    add(member);
  }
  append_command(bytes, words);
}

std::optional<Value> value_in(const Subject& subject, const Reply& reply) {
  if (reply.is_nil()) return Value{};
  if (!reply.is_bulk()) return std::nullopt;
  if (subject.use != Use::counted) return read_pieces(reply.text());
  try {
    return number(std::stoll(std::string(reply.text())));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::optional<std::string> read_group(const Subject& subject, Value& result, const Reply& reply) {
  if (!reply.is_array() || reply.elements().size() != subject.keys.size())
    return "not an array with a value for each key";
  for (std::size_t i = 0; i < subject.keys.size(); ++i) {
    const std::optional<Value> value = value_in(subject, reply.elements()[i]);
    if (!value) return "a damaged value of " + subject.keys[i];
    if (i > 0 && *value != result)
      return "torn: " + subject.keys[i] + " is of another write than " + subject.keys[0];
    result = *value;
  }
  return std::nullopt;
}

std::optional<std::string> read_number(const Subject& subject, Request& request,
                                       std::int64_t number_in_reply) {
  Value& result = request.operation.result;
  const auto count = static_cast<std::uint64_t>(number_in_reply);
  switch (request.kind) {
    case K::setnx:
      result.is_there = count == 0;
      return std::nullopt;
    case K::del:
      result.is_there = count > 0;
      if (count == 0 || count == subject.keys.size()) return std::nullopt;
      return "torn: some of the keys were there, some not";
    case K::append:
      result.length = count;
      return std::nullopt;
    default:
      result = number(number_in_reply);
      return std::nullopt;
  }
}

}  // namespace

std::vector<Subject> make_subjects(std::size_t count, const std::string& prefix) {
  constexpr Use uses[] = {Use::replaced,    Use::counted,  Use::written_together,
                          Use::appended_to, Use::replaced, Use::created_and_erased};
  std::vector<Subject> subjects(count);
  for (std::size_t i = 0; i < count; ++i) {
    subjects[i].use = uses[i % std::size(uses)];
    const std::string name = prefix + std::to_string(i);
    if (subjects[i].use != Use::written_together) subjects[i].keys.push_back(name);
    while (subjects[i].use == Use::written_together && subjects[i].keys.size() < keys_of_group)
      subjects[i].keys.push_back(name + '.' + std::to_string(subjects[i].keys.size()));
  }
  return subjects;
}

Workload::Workload(const std::vector<Subject>& subjects, std::uint64_t seed, std::uint32_t client)
    : subjects_(subjects),
      random_(seed + spread(client)),
      client_(client),
      next_tag_(std::uint64_t{client + 1} << 40) {}

std::size_t Workload::below(std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
}

RequestKind Workload::choose(Use use) {
  std::size_t left = below(100);
  for (const Chance& chance : chances_of(use)) {
    if (left < chance.percent) return chance.kind;
    left -= chance.percent;
  }
  return K::get;
}

/// Makes a value, mostly a small one.
void Workload::set_argument(Request& request, std::string& bytes_of_value) {
  const bool is_small = request.kind == K::append || below(8) != 0;
  const auto most = static_cast<double>(is_small ? most_usual_value_bytes : most_piece_bytes);
  const double share = std::uniform_real_distribution<double>()(random_);
  const auto bytes = static_cast<std::size_t>(
      least_value_bytes * std::pow(most / static_cast<double>(least_value_bytes), share));
  const std::uint64_t tag = next_tag_++;
  bytes_of_value = make_piece(tag, bytes);
  if (request.kind == K::append) {
    request.operation.argument = {true, tag, bytes, 0};
  } else {
    request.operation.argument = piece(tag, bytes);
  }
}

Request Workload::next(std::string& bytes) {
  // Half of the commands go to an eighth of the subjects, so that many meet there.
  const std::size_t popular = std::max<std::size_t>(1, subjects_.size() / 8);
  Request request;
  request.subject = below(below(2) == 0 ? popular : subjects_.size());
  const Subject& subject = subjects_[request.subject];
  request.kind = choose(subject.use);
  request.operation.action = action_of(request.kind);
  request.operation.client = client_;
  std::string value;
  const Action action = request.operation.action;
  if (action == Action::increment) request.operation.argument = number(1);
  if (action == Action::put || action == Action::create || action == Action::append)
    set_argument(request, value);
  append_request(bytes, request.kind, subject, subject.keys[below(subject.keys.size())], value);
  return request;
}

Request Workload::read(std::size_t subject, std::string& bytes) const {
  Request request;
  request.subject = subject;
  request.kind = subjects_[subject].keys.size() > 1 ? K::mget : K::get;
  request.operation.client = client_;
  append_request(bytes, request.kind, subjects_[subject], subjects_[subject].keys.front(), {});
  return request;
}

std::optional<std::string> read_answer(const Subject& subject, Request& request,
                                       const Reply& reply) {
  if (request.kind == K::mget) return read_group(subject, request.operation.result, reply);
  if (request.kind == K::get) {
    const std::optional<Value> value = value_in(subject, reply);
    if (!value) return "a damaged value of " + subject.keys.front();
    request.operation.result = *value;
    return std::nullopt;
  }
  if (request.operation.action == Action::put) {
    if (reply == Reply::status("OK")) return std::nullopt;
    return "not OK: " + to_text(reply).substr(0, 100);
  }
  if (!reply.is_integer()) return "not a number: " + to_text(reply).substr(0, 100);
  return read_number(subject, request, reply.integer());
}

}  // namespace pkv::torture

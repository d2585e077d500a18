#pragma once

#include "torture/checker/operation.hpp"

#include <chrono>
#include <cstdint>

/// Operations written by hand: read(client, from, to, result), in milliseconds.
namespace pkv::torture::made {

inline constexpr std::int64_t never = -1;

inline Operation operation(Action action, std::uint32_t client, std::int64_t invoked,
                           std::int64_t answered, Value argument, Value result) {
  Operation made{.action = action, .client = client, .argument = argument, .result = result};
  made.outcome = answered == never ? Outcome::unknown : Outcome::ok;
  made.invoked = Clock::time_point(std::chrono::milliseconds(invoked));
  made.answered = Clock::time_point(std::chrono::milliseconds(answered));
  return made;
}

inline Operation read(std::uint32_t client, std::int64_t invoked, std::int64_t answered,
                      Value result) {
  return operation(Action::read, client, invoked, answered, {}, result);
}

inline Operation put(std::uint32_t client, std::int64_t invoked, std::int64_t answered,
                     Value value) {
  return operation(Action::put, client, invoked, answered, value, {});
}

inline Operation create(std::uint32_t client, std::int64_t invoked, std::int64_t answered,
                        Value value, bool was_there) {
  return operation(Action::create, client, invoked, answered, value, {was_there, 0, 0, 0});
}

inline Operation erase(std::uint32_t client, std::int64_t invoked, std::int64_t answered,
                       bool was_there) {
  return operation(Action::erase, client, invoked, answered, {}, {was_there, 0, 0, 0});
}

inline Operation increment(std::uint32_t client, std::int64_t invoked, std::int64_t answered,
                           std::int64_t sum) {
  return operation(Action::increment, client, invoked, answered, number(1), number(sum));
}

inline Operation append(std::uint32_t client, std::int64_t invoked, std::int64_t answered,
                        std::uint64_t tag, std::uint64_t bytes, std::uint64_t sum) {
  return operation(Action::append, client, invoked, answered, {true, tag, bytes, 0},
                   {true, 0, sum, 0});
}

inline const Value nothing{};
inline const Value a = piece(1, 64);
inline const Value b = piece(2, 64);
inline const Value c = piece(3, 64);

}  // namespace pkv::torture::made

#include "torture/checker/linearizability.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace pkv::torture {
namespace {

/// Operations named besides the one in question; those closest to it in time.
constexpr std::size_t most_neighbours = 12;

// A counter's numbers are small and have no length; the rest are digests, of which a part will do.
std::string text_of(const Value& value) {
  if (!value.is_there) return "nothing";
  char text[64];
  if (value.length == 0) {
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(value.content));
  } else {
    std::snprintf(text, sizeof text, "#%08llx (%llu bytes)",
                  static_cast<unsigned long long>(value.content >> 32),
                  static_cast<unsigned long long>(value.length));
  }
  return text;
}

std::string times_of(const Operation& operation, Clock::time_point beginning) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  char text[64];
  const double invoked = Milliseconds(operation.invoked - beginning).count();
  if (operation.outcome == Outcome::ok) {
    std::snprintf(text, sizeof text, "%12.3f .. %12.3f ms", invoked,
                  Milliseconds(operation.answered - beginning).count());
  } else {
    std::snprintf(text, sizeof text, "%12.3f ..      unknown   ", invoked);
  }
  return text;
}

std::string effect_of(const Operation& operation) {
  const bool is_known = operation.outcome == Outcome::ok;
  const Value& argument = operation.argument;
  const Value& result = operation.result;
  const auto was_there = [&](const char* yes, const char* no) -> std::string {
    if (!is_known) return "";
    return result.is_there ? yes : no;
  };
  switch (operation.action) {
    case Action::read:
      return "reads " + text_of(result);
    case Action::put:
      return "puts " + text_of(argument);
    case Action::create:
      return "creates " + text_of(argument) + was_there(": exists already", ": done");
    case Action::erase:
      return "erases" + was_there(" a value", ": there was none");
    case Action::increment:
      return "increments by " + text_of(argument) + (is_known ? " to " + text_of(result) : "");
    case Action::append:
      return "appends " + text_of(piece(argument.content, argument.length)) +
             (is_known ? ", then " + std::to_string(result.length) + " bytes" : "");
  }
  return "";
}

std::string line_of(const Operation& operation, Clock::time_point beginning) {
  return times_of(operation, beginning) + "  client " + std::to_string(operation.client) + "  " +
         effect_of(operation) + '\n';
}

/// How far an operation was from `moment`; zero if it was under way.
Clock::duration distance(const Operation& operation, Clock::time_point moment) {
  if (operation.invoked > moment) return operation.invoked - moment;
  if (operation.outcome == Outcome::ok && operation.answered < moment)
    return moment - operation.answered;
  return {};
}

/// The operations nearest to the one in question, in the order of their invocations.
std::vector<std::size_t> neighbours_of(const History& history, std::size_t operation) {
  const Clock::time_point moment = history[operation].answered;
  std::vector<std::size_t> near;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (i != operation && history[i].outcome != Outcome::refused) near.push_back(i);
  const std::size_t count = std::min(near.size(), most_neighbours);
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end(),
                    [&](std::size_t left, std::size_t right) {
                      return distance(history[left], moment) < distance(history[right], moment);
                    });
  near.resize(count);
  std::sort(near.begin(), near.end(), [&](std::size_t left, std::size_t right) {
    return history[left].invoked < history[right].invoked;
  });
  return near;
}

}  // namespace

std::string explain(const History& history, const Verdict& verdict, Clock::time_point beginning) {
  if (verdict.judgement == Judgement::linearizable) return "linearizable\n";
  std::string text = verdict.judgement == Judgement::violated
                         ? "no order of the operations explains this answer:\n"
                         : "undecided: " + verdict.reason + ", at this one:\n";
  text += "  > " + line_of(history[verdict.operation], beginning);
  text +=
      "  an order that explains all answers before it leaves: " + text_of(verdict.possible_value) +
      "\n  around it:\n";
  for (const std::size_t neighbour : neighbours_of(history, verdict.operation))
    text += "    " + line_of(history[neighbour], beginning);
  return text;
}

}  // namespace pkv::torture

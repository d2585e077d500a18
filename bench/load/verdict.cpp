#include "load/verdict.hpp"

#include <fmt/format.h>

namespace pkv::bench {
namespace {

bool is_read(const Exchange& exchange) noexcept {
  const Kind kind = exchange.operation.kind;
  return kind == Kind::read || (kind == Kind::read_modify_write && !exchange.is_write_back);
}

Answer::Type expected_type(const Exchange& exchange) noexcept {
  if (exchange.operation.kind == Kind::scan) return Answer::Type::list;
  return is_read(exchange) ? Answer::Type::value : Answer::Type::done;
}

}  // namespace

Verdict judge(const Exchange& exchange, const Answer& answer, const ValuePattern& values) noexcept {
  if (answer.type == Answer::Type::error) return Verdict::error;
  if (answer.type == Answer::Type::missing && is_read(exchange)) return Verdict::missing;
  if (answer.type != expected_type(exchange)) return Verdict::mismatch;
  if (answer.type != Answer::Type::value) return Verdict::right;
  return values.matches(answer.text, exchange.operation.key) ? Verdict::right : Verdict::mismatch;
}

std::string fault_of(const Exchange& exchange, const Answer& answer, const Keys& keys,
                     const ValuePattern& values) {
  const Operation& operation = exchange.operation;
  const std::string what = operation.kind == Kind::scan ? "" : ' ' + keys.name_of(operation.key);
  std::string text = fmt::format("{}{}: ", name_of(operation.kind), what);
  if (answer.type == Answer::Type::missing && is_read(exchange)) return text + "no such key";
  if (answer.type != expected_type(exchange))
    return text + "an answer of the wrong kind, " + quoted(answer.text);
  return text + "the value " + values.fault_of(answer.text, operation.key);
}

}  // namespace pkv::bench

#include "torture/checker/operation.hpp"

namespace pkv::torture {

std::optional<Value> apply(const Operation& operation, const Value& before) noexcept {
  const Value& argument = operation.argument;
  const Value& result = operation.result;
  const bool is_known = operation.outcome == Outcome::ok;
  switch (operation.action) {
    case Action::read:
      if (is_known && result != before) return std::nullopt;
      return before;
    case Action::put:
      return argument;
    case Action::create:
      if (is_known && result.is_there != before.is_there) return std::nullopt;
      return before.is_there ? before : argument;
    case Action::erase:
      if (is_known && result.is_there != before.is_there) return std::nullopt;
      return Value{};
    case Action::increment: {
      const Value sum{true, before.content + argument.content, 0, 0};
      if (is_known && sum.content != result.content) return std::nullopt;
      return sum;
    }
    case Action::append: {
      const Value longer = extended(before, argument.content, argument.length);
      if (is_known && longer.length != result.length) return std::nullopt;
      return longer;
    }
  }
  return std::nullopt;
}

}  // namespace pkv::torture

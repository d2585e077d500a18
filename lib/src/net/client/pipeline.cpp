#include "pkv/pipeline.hpp"

namespace pkv {

Pipeline& Pipeline::add(const Command& command) {
  append_command(encoded_, command);
  ++size_;
  return *this;
}

Pipeline& Pipeline::add(std::span<const std::string_view> words) {
  append_command(encoded_, words);
  ++size_;
  return *this;
}

void Pipeline::clear() noexcept {
  encoded_.clear();
  size_ = 0;
}

}  // namespace pkv

#include "pkv/shared_value.hpp"

#include "base/value_block.hpp"

#include <utility>

namespace pkv {

SharedValue::SharedValue(ValueBlock& block, std::string_view bytes) noexcept
    : block_(&block), bytes_(bytes) {
  ++block.references;
  if (block.checksum_known) checksum_ = block.checksum;
}

SharedValue::SharedValue(const SharedValue& other) noexcept
    : block_(other.block_), bytes_(other.bytes_), checksum_(other.checksum_) {
  if (block_ != nullptr) ++block_->references;
}

SharedValue::SharedValue(SharedValue&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)),
      bytes_(std::exchange(other.bytes_, {})),
      checksum_(std::exchange(other.checksum_, std::nullopt)) {}

SharedValue& SharedValue::operator=(SharedValue other) noexcept {
  std::swap(block_, other.block_);
  std::swap(bytes_, other.bytes_);
  std::swap(checksum_, other.checksum_);
  return *this;
}

SharedValue::~SharedValue() {
  if (block_ != nullptr) block_->drop_reference();
}

}  // namespace pkv

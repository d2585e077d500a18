#pragma once

#include "wire/transport.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace pkv {

/// A received frame that several replies point into, given back to the transport after the last
/// one.
///
/// A counted reference without atomics: std::shared_ptr would pay for threads that never touch it.
///
/// Thread safety: none; lives on the coordinator's thread.
/// Lifetime: the transport must outlive every reference.
class SharedFrame {
 public:
  SharedFrame() = default;
  SharedFrame(wire::Frame frame, wire::Transport& home)
      : block_(new Block{std::move(frame), &home, 1}) {}
  SharedFrame(const SharedFrame& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) ++block_->references;
  }
  SharedFrame(SharedFrame&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedFrame& operator=(SharedFrame other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedFrame() {
    if (block_ == nullptr || --block_->references > 0) return;
    block_->home->recycle(std::move(block_->frame.bytes()));
    delete block_;
  }

  [[nodiscard]] std::string_view body() const noexcept { return block_->frame.body(); }
  [[nodiscard]] const wire::FrameHeader& header() const noexcept { return block_->frame.header; }

 private:
  struct Block {
    wire::Frame frame;
    wire::Transport* home;
    std::size_t references;
  };
  Block* block_ = nullptr;
};

}  // namespace pkv

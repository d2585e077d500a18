#include "storage/size_class.hpp"

#include <catch2/catch.hpp>

#include <cstddef>

namespace pkv {
namespace {

TEST_CASE("SizeClass: a class is the smallest that the bytes fit into", "[storage]") {
  std::size_t previous = 0;
  for (std::size_t index = 0; index < size_class_count; ++index) {
    const std::size_t capacity = capacity_of(static_cast<SizeClass>(index));
    CAPTURE(index, capacity);
    CHECK(capacity > previous);
    CHECK(capacity % 8 == 0);
    CHECK(size_class_of(capacity) == static_cast<SizeClass>(index));
    CHECK(size_class_of(previous + 1) == static_cast<SizeClass>(index));
    previous = capacity;
  }
}

TEST_CASE("SizeClass: rounding wastes less than an eighth, or 7 bytes", "[storage]") {
  for (std::size_t bytes = 1; bytes < 100'000; ++bytes) {
    const std::size_t waste = capacity_of(size_class_of(bytes)) - bytes;
    if (waste >= 8 && waste * 8 >= bytes) FAIL(bytes << " bytes waste " << waste);
  }
}

TEST_CASE("SizeClass: covers the largest record", "[storage]") {
  constexpr std::size_t largest = std::size_t{1} << 31;
  CHECK(capacity_of(size_class_of(largest)) == largest);
  CHECK(capacity_of(size_class_of(1)) == 8);
}

}  // namespace
}  // namespace pkv

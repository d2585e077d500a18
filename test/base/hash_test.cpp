#include "base/hash.hpp"

#include "base/long_hash.hpp"
#include "base/wide_hash.hpp"

#include <catch2/catch.hpp>

#include <string>

using pkv::hash_bytes;
using pkv::hash_long_bytes;

namespace {

std::string letters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += static_cast<char>('a' + i % 26);
  return text;
}

}  // namespace

// Where keys live depends on these: data of an older release must be found by a newer one, and
// every rank must agree. XXH3 has a path of its own for each range of lengths tried here.
TEST_CASE("hash: the values of XXH3 never change", "[hash]") {
  CHECK(hash_bytes("") == 0x2d06800538d394c2);
  CHECK(hash_bytes(std::string_view("\0", 1)) == 0xc44bdff4074eecdb);
  CHECK(hash_bytes("a") == 0xe6c632b61e964e1f);
  CHECK(hash_bytes("city") == 0x1d72c38f06f46834);
  CHECK(hash_bytes("pkv: a parallel key-value store") == 0x72297bbc76590bfb);
  CHECK(hash_bytes(letters(240)) == 0xea0e0f78188232ed);
  CHECK(hash_bytes(letters(241)) == 0xbb0a906af5b5c211);
  CHECK(hash_bytes(letters(1000)) == 0xe153425558d7da5d);
}

TEST_CASE("hash: where the bytes lie does not matter", "[hash]") {
  const std::string text = letters(300);
  for (std::size_t offset = 0; offset < 16; ++offset) {
    const std::string shifted = std::string(offset, '-') + text;
    CAPTURE(offset);
    CHECK(hash_bytes(std::string_view(shifted).substr(offset)) == hash_bytes(text));
  }
}

// XXH3 goes through its input in stripes of 64 bytes and blocks of 1 KiB, and ends with the
// last 64.
TEST_CASE("hash: with wide vectors the values are the same", "[hash]") {
  const std::string text = letters((1 << 20) + 7);
  const auto check = [](std::string_view bytes) {
    CAPTURE(bytes.size());
    CHECK(hash_long_bytes(bytes) == hash_bytes(bytes));
#ifdef PKV_WIDE_HASH
    if (__builtin_cpu_supports("avx2"))
      CHECK(pkv_hash_avx2(bytes.data(), bytes.size()) == hash_bytes(bytes));
#endif
  };
  for (std::size_t size = 0; size < 3000; ++size)
    check(std::string_view(text).substr(size % 64, size));
  for (std::size_t size = (64 << 10) - 65; size < (64 << 10) + 65; ++size)
    check(std::string_view(text).substr(1, size));
  check(text);
}

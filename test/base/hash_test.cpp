#include "base/hash.hpp"

#include <catch2/catch.hpp>

#include <string>

using pkv::hash_bytes;

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

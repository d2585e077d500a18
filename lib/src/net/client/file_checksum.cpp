#include "net/client/file_checksum.hpp"

#include "base/hash.hpp"

namespace pkv {
namespace {

std::string canonical(XXH128_hash_t hash) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, hash);
  return {reinterpret_cast<const char*>(bytes.digest), sizeof bytes.digest};
}

}  // namespace

std::string file_checksum(std::string_view bytes) {
  return canonical(XXH3_128bits(bytes.data(), bytes.size()));
}

struct FileChecksum::State {
  XXH3_state_t hash;
};

FileChecksum::FileChecksum() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(&state_->hash);
}

FileChecksum::~FileChecksum() = default;

void FileChecksum::add(std::string_view bytes) {
  if (!bytes.empty()) XXH3_128bits_update(&state_->hash, bytes.data(), bytes.size());
}

std::string FileChecksum::result() const {
  return canonical(XXH3_128bits_digest(&state_->hash));
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4];
    text += digits[static_cast<unsigned char>(byte) & 0x0f];
  }
  return text;
}

}  // namespace pkv

#include "base/long_hash.hpp"

#include "base/hash.hpp"
#include "base/wide_hash.hpp"

namespace pkv {
namespace {

using Hash = std::uint64_t (*)(const void* bytes, std::size_t size);

std::uint64_t hash_narrow(const void* bytes, std::size_t size) {
  return XXH3_64bits(bytes, size);
}

Hash widest_hash() noexcept {
#ifdef PKV_WIDE_HASH
  if (__builtin_cpu_supports("avx2")) return pkv_hash_avx2;
#endif
  return hash_narrow;
}

}  // namespace

std::uint64_t hash_long_bytes(std::string_view bytes) noexcept {
  static const Hash hash = widest_hash();
  return hash(bytes.data(), bytes.size());
}

}  // namespace pkv

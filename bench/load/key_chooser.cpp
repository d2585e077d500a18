#include "load/key_chooser.hpp"

#include <numeric>

namespace pkv::bench {
namespace {

// Near the golden ratio of the key space, neighbouring ranks land far apart.
std::uint64_t step_for(std::uint64_t records) noexcept {
  auto step = static_cast<std::uint64_t>(static_cast<double>(records) * 0.6180339887498949) | 1;
  while (std::gcd(step, records) != 1)
    ++step;
  return step;
}

using AnyKeys = std::variant<UniformKeys, ScatteredZipfKeys, LatestKeys>;

AnyKeys keys_for(Distribution distribution, std::uint64_t records, double theta) {
  switch (distribution) {
    case Distribution::zipf:
      return ScatteredZipfKeys(records, theta);
    case Distribution::latest:
      return LatestKeys(records, theta);
    case Distribution::uniform:
      break;
  }
  return UniformKeys{records};
}

}  // namespace

ScatteredZipfKeys::ScatteredZipfKeys(std::uint64_t records, double theta)
    : zipf_(records, theta), step_(step_for(records)) {}

KeyChooser::KeyChooser(Distribution distribution, std::uint64_t records, double theta)
    : keys_(keys_for(distribution, records, theta)) {}

std::uint64_t KeyChooser::choose(Random& random, const InsertSequence& inserts) {
  if (const auto* uniform = std::get_if<UniformKeys>(&keys_)) return uniform->choose(random);
  if (const auto* zipf = std::get_if<ScatteredZipfKeys>(&keys_)) return zipf->choose(random);
  return std::get<LatestKeys>(keys_).choose(random, inserts);
}

}  // namespace pkv::bench

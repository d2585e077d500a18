#include "load/check_options.hpp"

#include "load/keys.hpp"

#include <fmt/format.h>

namespace pkv::bench {
namespace {

constexpr std::size_t memcached_key_bytes = 250;
// No run lasts long enough to insert that many.
constexpr std::uint64_t inserted_keys = 6'000'000'000;
constexpr std::size_t most_pipelined_bytes = std::size_t{8} << 30;

bool has(const Options& options, Kind kind) {
  return options.mix.shares[index_of(kind)] > 0;
}

std::optional<std::string> fault_of_keys(const Options& options) {
  if (options.prefix.find_first_of(" \r\n\t") != std::string::npos)
    return "--prefix: keys must not contain blanks";
  if (options.prefix.size() >= options.key_bytes)
    return fmt::format("--key-bytes: with the prefix '{}' keys need {} bytes and more",
                       options.prefix, options.prefix.size() + 1);
  const std::uint64_t keys = options.mix.records + (has(options, Kind::insert) ? inserted_keys : 0);
  if (Keys(options.prefix, options.key_bytes).limit() < keys)
    return fmt::format(
        "--key-bytes: {} bytes with the prefix '{}' leave {} digits, too few to number {} keys",
        options.key_bytes, options.prefix, options.key_bytes - options.prefix.size(), keys);
  return std::nullopt;
}

std::optional<std::string> fault_of_memcached(const Options& options) {
  if (options.protocol != Protocol::memcached) return std::nullopt;
  if (options.key_bytes > memcached_key_bytes)
    return fmt::format("--key-bytes: memcached's keys have {} bytes at most", memcached_key_bytes);
  if (has(options, Kind::scan)) return "--workload: memcached cannot scan";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> fault_of(const Options& options) {
  if (auto fault = fault_of_keys(options)) return fault;
  if (auto fault = fault_of_memcached(options)) return fault;
  if (options.threads > options.clients)
    return fmt::format("--threads: {} threads cannot share {} clients", options.threads,
                       options.clients);
  if (options.value_bytes > most_pipelined_bytes / options.clients / options.pipeline)
    return "--pipeline: clients * pipeline * value-bytes is more than 8 GiB";
  return std::nullopt;
}

}  // namespace pkv::bench

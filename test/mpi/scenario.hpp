#pragma once

#include "mpi/environment.hpp"
#include "mpi/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace pkv::mpi {

/// What the worker ranks do during one test.
enum class Behaviour : std::uint32_t {
  leave,   ///< The tests are over.
  echo,    ///< Answer each operation with its value; a part closes after Scenario::part_bytes.
  store,   ///< Be a real worker with an empty store.
  refuse,  ///< Find every request malformed.
  damage,  ///< Answer one request by Scenario::damage, then be a good worker. One slot only.
};

/// How a reply, or the worker's sending of it, is wrong.
enum class Damage : std::uint32_t {
  none,
  shorter_than_header,
  cut_by_one_byte,
  one_byte_too_long,
  longer_than_any_frame,
  bit_flipped_in_header,
  bit_flipped_in_body,
  other_slot,
  large_bit_flipped_in_body,
  large_body_cut,
  old_reply_first,
};
inline constexpr auto last_damage = Damage::old_reply_first;

/// One test's script for the workers, sent to all of them at its beginning.
struct Scenario {
  Behaviour behaviour = Behaviour::echo;
  Damage damage = Damage::none;
  TransportSettings settings;
  std::size_t part_bytes = std::size_t{1} << 20;
};

/// Rank 0: tells the workers what comes.
void announce(const Scenario& scenario, int workers);

/// The other ranks: play scenario after scenario until told to leave.
void play_scenarios();

/// The body of the reply to which Behaviour::damage does its damage.
[[nodiscard]] std::string reply_to_damage(Damage damage);

}  // namespace pkv::mpi

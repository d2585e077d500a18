#include "worker/expiry.hpp"

#include "wire/wire_reply.hpp"
#include "worker/execute.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace pkv {
namespace {

constexpr std::int64_t never_expires = -1;
constexpr std::int64_t no_such_key = -2;

constexpr std::chrono::microseconds longest_removal{300};
// Between two looks at the clock.
constexpr std::size_t removed_together = 16;

/// Whether a key whose time is `present` may get the operation's.
bool may_expire(const wire::Operation& operation, Timestamp present) noexcept {
  constexpr Timestamp end_of_time = std::numeric_limits<Timestamp>::max();
  const Timestamp before = present == never ? end_of_time : present;
  const Timestamp after = operation.expires_at;
  const auto wants = [&](wire::ExpireFlag flag) { return (operation.flags & flag) != 0; };
  if (wants(wire::expire_only_if_never) && present != never) return false;
  if (wants(wire::expire_only_if_some) && present == never) return false;
  if (wants(wire::expire_only_if_later) && (present == never || after <= before)) return false;
  if (wants(wire::expire_only_if_sooner) && present != never && after >= before) return false;
  return true;
}

/// Answers 1 if it is done, 0 if there is nothing to be done.
void append_whether(ByteBuffer& to, const result<void>& done) {
  if (done)
    wire::append_integer(to, 1);
  else if (done.error() == errc::key_not_found)
    wire::append_integer(to, 0);
  else
    append_errc(to, done.error());
}

}  // namespace

void expire(KVStore& store, const wire::Operation& operation, Version version, ByteBuffer& to) {
  if (operation.expires_at == never) {
    wire::append_error(to, errc::malformed_frame);
    return;
  }
  const result<ValueView> found = store.find(operation.key);
  if (!found)
    append_whether(to, found.error());
  else if (!may_expire(operation, found->expires_at))
    wire::append_integer(to, 0);
  else
    append_whether(to, store.expire(operation.key, operation.expires_at, version));
}

void persist(KVStore& store, const wire::Operation& operation, Version version, ByteBuffer& to) {
  const result<ValueView> found = store.find(operation.key);
  if (!found)
    append_whether(to, found.error());
  else if (found->expires_at == never)
    wire::append_integer(to, 0);
  else
    append_whether(to, store.expire(operation.key, never, version));
}

void get_and_expire(KVStore& store, const wire::Operation& operation, Version version,
                    ByteBuffer& to) {
  const std::size_t reply_at = to.size();
  const result<ValueView> found = store.find(operation.key);
  append_found(to, found);
  if (!found || found->expires_at == operation.expires_at) return;
  const result<void> done = store.expire(operation.key, operation.expires_at, version);
  if (done) return;
  to.drop_back(to.size() - reply_at);
  append_errc(to, done.error());
}

void append_expiry(const wire::Operation& operation, const result<ValueView>& found, Timestamp now,
                   ByteBuffer& to) {
  if (!found) {
    if (found.error() == errc::key_not_found)
      wire::append_integer(to, no_such_key);
    else
      append_errc(to, found.error());
    return;
  }
  std::int64_t answer = found->expires_at;
  if (answer == never) {
    wire::append_integer(to, never_expires);
    return;
  }
  if ((operation.flags & wire::expiry_from_now) != 0) answer -= now;
  // Rounded as Redis does, so that what was just set to 10 seconds has 10 seconds left.
  if ((operation.flags & wire::expiry_in_seconds) != 0)
    answer = answer / 1000 + (answer % 1000 + 500) / 1000;
  wire::append_integer(to, answer);
}

void remove_expired(KVStore& store, Timestamp expired_at, ByteBuffer& to) {
  const auto end = std::chrono::steady_clock::now() + longest_removal;
  result<std::size_t> removed = std::size_t{0};
  do {
    removed = store.remove_expired(expired_at, removed_together);
  } while (removed && *removed == removed_together && std::chrono::steady_clock::now() < end);
  if (removed)
    wire::append_integer(to, store.earliest_expiry());
  else
    append_errc(to, removed.error());
}

}  // namespace pkv

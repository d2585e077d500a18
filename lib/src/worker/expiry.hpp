#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"

// The operations about times of expiry. Each appends exactly one reply, as Opcode describes it; the
// store's time must have been set.

namespace pkv {

void expire(KVStore& store, const wire::Operation& operation, Version version, ByteBuffer& to);
void persist(KVStore& store, const wire::Operation& operation, Version version, ByteBuffer& to);
void get_and_expire(KVStore& store, const wire::Operation& operation, Version version,
                    ByteBuffer& to);

/// Answers Opcode::expiry by what was found at this time.
void append_expiry(const wire::Operation& operation, const result<ValueView>& found, Timestamp now,
                   ByteBuffer& to);

/// Answers Opcode::remove_expired. Removes entries that expired at or before `expired_at`, for less
/// than half a millisecond: no client can tell how many.
void remove_expired(KVStore& store, Timestamp expired_at, ByteBuffer& to);

}  // namespace pkv

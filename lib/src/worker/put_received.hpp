#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"
#include "wire/transport.hpp"

namespace pkv {

/// Whether the request is nothing but one value to be put, whatever is there, and came in memory of
/// its own.
[[nodiscard]] bool is_received_value(const wire::Frame& request) noexcept;

/// Does what the request's only operation says and answers it, but offers the request's memory to
/// the store in place of a copy of the value. It leaves the operation without key and value. Throws
/// std::bad_alloc; then nothing has happened. Requires: is_received_value(request).
void put_received(KVStore& store, wire::Frame& request, const wire::Operation& operation,
                  Version version, ByteBuffer& to);

}  // namespace pkv

#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"

namespace pkv {

/// Runs one operation on a store and appends exactly one reply, as Opcode describes it. `version`
/// is the operation's place in the total order. Opcode::statistics is not a matter of the store
/// alone and is answered with an error.
void execute_operation(KVStore& store, const wire::Operation& operation, Version version,
                       ByteBuffer& to);

}  // namespace pkv

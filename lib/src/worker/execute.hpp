#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"

namespace pkv {

/// Runs one operation on a store and appends exactly one reply, as Opcode describes it. `version`
/// is the operation's place in the total order. Opcode::statistics and those behind it are not a
/// matter of the store alone and are answered with an error.
void execute_operation(KVStore& store, const wire::Operation& operation, Version version,
                       ByteBuffer& to);

/// Appends what get, read, exists and length answer to what was found; to any other opcode,
/// errc::malformed_frame.
void append_read_answer(wire::Opcode opcode, const result<ValueView>& found, ByteBuffer& to);

/// Appends an error as a reply; one of another category than pkv's is a storage_failure.
void append_errc(ByteBuffer& to, const boost::system::error_code& error);

}  // namespace pkv

#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"

namespace pkv {

/// Runs one operation on a store, whose time has been set, and appends exactly one reply, as Opcode
/// describes it. `version` is the operation's place in the total order. What is not a matter of the
/// store alone is answered with an error.
void execute_operation(KVStore& store, const wire::Operation& operation, Version version,
                       ByteBuffer& to);

/// Appends what get, read, exists, length and expiry answer to what was found at this time; to any
/// other opcode, errc::malformed_frame.
void append_read_answer(const wire::Operation& operation, const result<ValueView>& found,
                        Timestamp now, ByteBuffer& to);

/// Appends a value, or what stands for its absence.
void append_found(ByteBuffer& to, const result<ValueView>& found);

/// Appends ok, or the error.
void append_done(ByteBuffer& to, const result<void>& done);

/// Appends an error as a reply; one of another category than pkv's is a storage_failure.
void append_errc(ByteBuffer& to, const boost::system::error_code& error);

}  // namespace pkv

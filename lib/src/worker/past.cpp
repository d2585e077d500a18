#include "worker/past.hpp"

#include "wire/first_sequence.hpp"
#include "worker/execute.hpp"

#include <optional>
#include <utility>

namespace pkv {

namespace {

/// Takes what the store holds out of it: what remains for the clear itself is nothing.
void note_cleared(KVStore& store, Version version, UndoLog& log) {
  if (store.size_even_expired() == 0) return;
  if (std::optional<KVStore> former = store.move_out())
    log.record_clear(version, std::move(*former));
  else
    log.record_unknown(version);
}

}  // namespace

void note_past(KVStore& store, const wire::Operation& operation, Version version, UndoLog& log) {
  if (operation.opcode == wire::Opcode::clear) {
    note_cleared(store, version, log);
    return;
  }
  if (!wire::writes_one_key(operation.opcode)) return;

  // What has expired by now may be asked for as of a time when it had not.
  const result<ValueView> present = store.find_even_expired(operation.key);
  if (present)
    log.record(version, operation.key, present->value, present->expires_at);
  else if (present.error() == errc::key_not_found)
    log.record(version, operation.key, std::nullopt);
  else if (present.error() != errc::key_too_long)  // a key that cannot be written either
    log.record_unknown(version);
}

void execute_as_of(KVStore& store, UndoLog& log, const wire::Operation& operation, Version sequence,
                   ByteBuffer& to) {
  const Timestamp now = time_at(sequence);
  const Past past = log.find(operation.key, sequence);
  switch (past.kind) {
    case Past::Kind::unchanged:
      append_read_answer(operation, store.find(operation.key), now, to);
      return;
    case Past::Kind::absent:
      append_read_answer(operation, errc::key_not_found, now, to);
      return;
    case Past::Kind::value:
      if (has_expired(past.expires_at, now))
        append_read_answer(operation, errc::key_not_found, now, to);
      else
        append_read_answer(operation, ValueView{past.value, 0, past.expires_at}, now, to);
      return;
    case Past::Kind::forgotten:
      append_read_answer(operation, errc::node_down, now, to);
      return;
  }
}

}  // namespace pkv

#include "worker/past.hpp"

#include "worker/execute.hpp"

#include <optional>
#include <utility>

namespace pkv {

namespace {

/// Takes what the store holds out of it: what remains for the clear itself is nothing.
void note_cleared(KVStore& store, Version version, UndoLog& log) {
  if (store.empty()) return;
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

  const result<ValueView> present = store.find(operation.key);
  if (present)
    log.record(version, operation.key, present->value);
  else if (present.error() == errc::key_not_found)
    log.record(version, operation.key, std::nullopt);
  else if (present.error() != errc::key_too_long)  // a key that cannot be written either
    log.record_unknown(version);
}

void execute_as_of(KVStore& store, UndoLog& log, const wire::Operation& operation, Version sequence,
                   ByteBuffer& to) {
  const Past past = log.find(operation.key, sequence);
  switch (past.kind) {
    case Past::Kind::unchanged:
      append_read_answer(operation.opcode, store.find(operation.key), to);
      return;
    case Past::Kind::absent:
      append_read_answer(operation.opcode, errc::key_not_found, to);
      return;
    case Past::Kind::value:
      append_read_answer(operation.opcode, ValueView{past.value}, to);
      return;
    case Past::Kind::forgotten:
      append_read_answer(operation.opcode, errc::node_down, to);
      return;
  }
}

}  // namespace pkv

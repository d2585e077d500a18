#include "worker/past.hpp"

#include "worker/execute.hpp"

#include <memory>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

namespace pkv {

namespace {

/// Takes what the store holds out of it, if it can: what remains for the clear itself is nothing.
std::shared_ptr<KVStore> take_out(KVStore& store) noexcept {
  try {
    // First, as what has been moved out must not be dropped for want of memory.
    auto place = std::make_shared<std::optional<KVStore>>();
    *place = store.move_out();
    if (!*place) return nullptr;
    return {place, &**place};
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void note_cleared(KVStore& store, Version version, const Witnesses& witnesses) {
  if (store.empty()) return;
  std::shared_ptr<KVStore> former = take_out(store);
  if (witnesses.views.any()) witnesses.views.before_clear(former);
  if (witnesses.log == nullptr) return;
  if (former)
    witnesses.log->record_clear(version, std::move(former));
  else
    witnesses.log->record_unknown(version);
}

void note_in_log(KVStore& store, std::string_view key, Version version, UndoLog& log) {
  const result<ValueView> present = store.find(key);
  if (present)
    log.record(version, key, present->value);
  else if (present.error() == errc::key_not_found)
    log.record(version, key, std::nullopt);
  else if (present.error() != errc::key_too_long)  // a key that cannot be written either
    log.record_unknown(version);
}

}  // namespace

void note_past(KVStore& store, const wire::Operation& operation, Version version,
               const Witnesses& witnesses) {
  if (operation.opcode == wire::Opcode::clear) {
    note_cleared(store, version, witnesses);
    return;
  }
  if (!wire::writes_one_key(operation.opcode)) return;
  if (witnesses.log != nullptr) note_in_log(store, operation.key, version, *witnesses.log);
  if (witnesses.views.any()) witnesses.views.before_write(operation.key, version);
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

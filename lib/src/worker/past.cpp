#include "worker/past.hpp"

#include "wire/first_sequence.hpp"
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
  if (store.size_even_expired() == 0) return;
  std::shared_ptr<KVStore> former = take_out(store);
  if (witnesses.views.any()) witnesses.views.before_clear(former);
  if (witnesses.log == nullptr) return;
  if (former)
    witnesses.log->record_clear(version, std::move(former));
  else
    witnesses.log->record_unknown(version);
}

void note_in_log(KVStore& store, std::string_view key, Version version, UndoLog& log) {
  // What has expired by now may be asked for as of a time when it had not.
  const result<ValueView> present = store.find_even_expired(key);
  if (present)
    log.record(version, key, present->value, present->expires_at);
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

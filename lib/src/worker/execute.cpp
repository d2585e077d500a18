#include "worker/execute.hpp"

#include "base/endian.hpp"
#include "wire/wire_reply.hpp"
#include "worker/expiry.hpp"

#include <string_view>

namespace pkv {

// Failures are apart from the rest, and never inlined, lest they make the usual way longer.
[[gnu::noinline]] void append_errc(ByteBuffer& to, const boost::system::error_code& error) {
  const bool own = error.category() == category();
  wire::append_error(to, own ? static_cast<errc>(error.value()) : errc::storage_failure);
}

namespace {

[[gnu::noinline]] void append_not_found(ByteBuffer& to, const boost::system::error_code& error) {
  if (error == errc::key_not_found)
    wire::append_nil(to);
  else
    append_errc(to, error);
}

}  // namespace

void append_found(ByteBuffer& to, const result<ValueView>& found) {
  if (found)
    wire::append_value(to, found->value);
  else
    append_not_found(to, found.error());
}

void append_done(ByteBuffer& to, const result<void>& done) {
  if (done)
    wire::append_ok(to);
  else
    append_errc(to, done.error());
}

namespace {

template <class Number>
void append_number(ByteBuffer& to, const result<Number>& number) {
  if (number)
    wire::append_integer(to, static_cast<std::int64_t>(*number));
  else
    append_errc(to, number.error());
}

// Answers with the value there was, then changes it. When the change fails, so does the answer.
template <class Change>
void append_old_then(ByteBuffer& to, const result<ValueView>& old, Change change) {
  const std::size_t before = to.size();
  append_found(to, old);
  const result<void> changed = change();
  if (changed) return;
  to.drop_back(to.size() - before);
  append_errc(to, changed.error());
}

Condition condition_of(const wire::Operation& operation) noexcept {
  if ((operation.flags & wire::put_only_if_absent) != 0) return Condition::if_absent;
  if ((operation.flags & wire::put_only_if_present) != 0) return Condition::if_present;
  return Condition::always;
}

void put(KVStore& store, const wire::Operation& operation, Version version, ByteBuffer& to) {
  const Condition condition = condition_of(operation);
  Timestamp expires_at = operation.expires_at;
  if ((operation.flags & wire::put_keep_expiry) != 0) {
    const result<ValueView> found = store.find(operation.key);
    if (found) expires_at = found->expires_at;
    // Where it cannot be found, it cannot be put either.
  }
  if ((operation.flags & wire::put_return_old) != 0) {
    append_old_then(to, store.find(operation.key), [&]() -> result<void> {
      const auto stored =
          store.put_if(condition, operation.key, operation.value, version, expires_at);
      if (!stored) return stored.error();
      return {};
    });
    return;
  }
  if (condition == Condition::always) {
    append_done(to, store.put(operation.key, operation.value, version, expires_at));
    return;
  }
  const auto stored = store.put_if(condition, operation.key, operation.value, version, expires_at);
  if (!stored)
    append_errc(to, stored.error());
  else if (*stored)
    wire::append_ok(to);
  else
    wire::append_nil(to);
}

void take(KVStore& store, const wire::Operation& operation, ByteBuffer& to) {
  const result<ValueView> old = store.find(operation.key);
  if (!old) {
    append_found(to, old);
    return;
  }
  append_old_then(to, old, [&] { return store.erase(operation.key); });
}

void remove(KVStore& store, const wire::Operation& operation, ByteBuffer& to) {
  const result<void> erased = store.erase(operation.key);
  if (erased || erased.error() == errc::key_not_found)
    wire::append_integer(to, erased ? 1 : 0);
  else
    append_errc(to, erased.error());
}

void remove_if_equal(KVStore& store, const wire::Operation& operation, ByteBuffer& to) {
  const result<ValueView> found = store.find(operation.key);
  if (found && found->value == operation.value)
    remove(store, operation, to);
  else if (found || found.error() == errc::key_not_found)
    wire::append_integer(to, 0);
  else
    append_errc(to, found.error());
}

void length(KVStore& store, const wire::Operation& operation, ByteBuffer& to) {
  const auto bytes = store.length(operation.key);
  if (!bytes && bytes.error() == errc::key_not_found)
    wire::append_integer(to, 0);
  else
    append_number(to, bytes);
}

void increment(KVStore& store, const wire::Operation& operation, Version version, ByteBuffer& to) {
  if (operation.value.size() != sizeof(std::int64_t)) {
    wire::append_error(to, errc::malformed_frame);
    return;
  }
  const auto addend = load<std::int64_t>(operation.value.data());
  append_number(to, store.increment(operation.key, addend, version));
}

void append_read(ByteBuffer& to, const result<ValueView>& found) {
  if (found)
    wire::append_value(to, found->value);
  else
    append_errc(to, found.error());
}

}  // namespace

void append_read_answer(const wire::Operation& operation, const result<ValueView>& found,
                        Timestamp now, ByteBuffer& to) {
  const bool known = found || found.error() == errc::key_not_found;
  switch (operation.opcode) {
    case wire::Opcode::get:
      append_found(to, found);
      return;
    case wire::Opcode::read:
      append_read(to, found);
      return;
    case wire::Opcode::exists:
      known ? wire::append_integer(to, found ? 1 : 0) : append_errc(to, found.error());
      return;
    case wire::Opcode::length:
      known ? wire::append_integer(to, found ? static_cast<std::int64_t>(found->value.size()) : 0)
            : append_errc(to, found.error());
      return;
    case wire::Opcode::expiry:
      append_expiry(operation, found, now, to);
      return;
    default:
      wire::append_error(to, errc::malformed_frame);
  }
}

void execute_operation(KVStore& store, const wire::Operation& operation, Version version,
                       ByteBuffer& to) {
  const std::string_view key = operation.key;
  const std::string_view value = operation.value;
  switch (operation.opcode) {
    case wire::Opcode::get:
      append_found(to, store.find(key));
      return;
    case wire::Opcode::read:
      append_read(to, store.find(key));
      return;
    case wire::Opcode::create:
      append_done(to, store.create(key, value, version));
      return;
    case wire::Opcode::update:
      append_done(to, store.update(key, value, version));
      return;
    case wire::Opcode::erase:
      append_done(to, store.erase(key));
      return;
    case wire::Opcode::put:
      put(store, operation, version, to);
      return;
    case wire::Opcode::put_if_new:
      append_number(to, store.put_if(Condition::if_absent, key, value, version));
      return;
    case wire::Opcode::remove:
      remove(store, operation, to);
      return;
    case wire::Opcode::exists:
      append_number(to, store.exists(key));
      return;
    case wire::Opcode::length:
      length(store, operation, to);
      return;
    case wire::Opcode::append:
      append_number(to, store.append(key, value, version));
      return;
    case wire::Opcode::increment:
      increment(store, operation, version, to);
      return;
    case wire::Opcode::exchange:
      append_old_then(to, store.find(key), [&] { return store.put(key, value, version); });
      return;
    case wire::Opcode::take:
      take(store, operation, to);
      return;
    case wire::Opcode::remove_if_equal:
      remove_if_equal(store, operation, to);
      return;
    case wire::Opcode::expire:
      expire(store, operation, version, to);
      return;
    case wire::Opcode::persist:
      persist(store, operation, version, to);
      return;
    case wire::Opcode::expiry:
      append_expiry(operation, store.find(key), store.time(), to);
      return;
    case wire::Opcode::get_expire:
      get_and_expire(store, operation, version, to);
      return;
    case wire::Opcode::count:
      wire::append_integer(to, static_cast<std::int64_t>(store.size()));
      return;
    case wire::Opcode::clear:
      append_done(to, store.clear());
      return;
    case wire::Opcode::statistics:
    case wire::Opcode::define_ranges:
    case wire::Opcode::copy_page:
    case wire::Opcode::copy_in:
    case wire::Opcode::erase_page:
    case wire::Opcode::count_page:
    case wire::Opcode::sync:
    case wire::Opcode::open_view:
    case wire::Opcode::view_page:
    case wire::Opcode::close_view:
    case wire::Opcode::begin_query:
    case wire::Opcode::next_rows:
    case wire::Opcode::end_query:
    case wire::Opcode::remove_expired:
    case wire::Opcode::record:
    case wire::Opcode::list_keys:
      break;
  }
  wire::append_error(to, errc::malformed_frame);
}

}  // namespace pkv

#include "pkv/kv_store.hpp"
#include "pkv/storage_engine.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace pkv {
namespace {

/// A small engine whose reads or writes can be made to fail. Overrides only what an engine must.
class BrittleEngine final : public StorageEngine {
 public:
  bool reads_fail = false;
  bool writes_fail = false;

  result<ValueView> find(std::string_view key) override {
    if (reads_fail) return errc::storage_failure;
    const auto found = entries_.find(std::string(key));
    if (found == entries_.end()) return errc::key_not_found;
    return ValueView{found->second.first, found->second.second};
  }

  result<void> put(std::string_view key, std::string_view value, Version version,
                   Timestamp) override {
    if (writes_fail) return errc::storage_failure;
    entries_[std::string(key)] = {std::string(value), version};
    return {};
  }

  result<bool> erase(std::string_view key, Timestamp) override {
    if (writes_fail) return errc::storage_failure;
    return entries_.erase(std::string(key)) == 1;
  }

  result<void> clear() override {
    if (writes_fail) return errc::storage_failure;
    entries_.clear();
    return {};
  }

  result<ScanPage> scan(ScanCursor, std::size_t) override { return errc::storage_failure; }

  result<std::size_t> remove_expired(Timestamp, std::size_t) override { return std::size_t{0}; }

  std::size_t count() const noexcept override { return entries_.size(); }

  std::size_t count_expired(Timestamp) const noexcept override { return 0; }

  Timestamp earliest_expiry() const noexcept override { return never; }

  std::size_t count_expiring() const noexcept override { return 0; }

  std::size_t bytes() const noexcept override { return 0; }

 private:
  std::map<std::string, std::pair<std::string, Version>> entries_;
};

TEST_CASE("KVStore: an engine that cannot read is not an absent key", "[storage][kv_store]") {
  auto owned = std::make_unique<BrittleEngine>();
  BrittleEngine& engine = *owned;
  KVStore store(std::move(owned));
  REQUIRE(store.put("k", "1"));
  engine.reads_fail = true;
  CHECK(store.read("k").error() == errc::storage_failure);
  CHECK(store.exists("k").error() == errc::storage_failure);
  CHECK(store.length("k").error() == errc::storage_failure);
  CHECK(store.create("k", "2").error() == errc::storage_failure);
  CHECK(store.update("k", "2").error() == errc::storage_failure);
  CHECK(store.put_if(Condition::if_absent, "k", "2").error() == errc::storage_failure);
  CHECK(store.exchange("k", "2").error() == errc::storage_failure);
  CHECK(store.take("k").error() == errc::storage_failure);
  CHECK(store.append("k", "2").error() == errc::storage_failure);
  CHECK(store.increment("k", 1).error() == errc::storage_failure);
  CHECK(store.scan(0, 10).error() == errc::storage_failure);
  engine.reads_fail = false;
  CHECK(store.read("k").value() == "1");
}

TEST_CASE("KVStore: a write that fails is reported", "[storage][kv_store]") {
  auto owned = std::make_unique<BrittleEngine>();
  BrittleEngine& engine = *owned;
  KVStore store(std::move(owned));
  REQUIRE(store.put("k", "1"));
  engine.writes_fail = true;
  CHECK(store.create("new", "2").error() == errc::storage_failure);
  CHECK(store.update("k", "2").error() == errc::storage_failure);
  CHECK(store.put("k", "2").error() == errc::storage_failure);
  CHECK(store.exchange("k", "2").error() == errc::storage_failure);
  CHECK(store.erase("k").error() == errc::storage_failure);
  CHECK(store.take("k").error() == errc::storage_failure);
  CHECK(store.append("k", "2").error() == errc::storage_failure);
  CHECK(store.increment("k", 1).error() == errc::storage_failure);
  CHECK(store.clear().error() == errc::storage_failure);
  CHECK(store.read("k").value() == "1");
}

TEST_CASE("StorageEngine: what an engine need not write works by what it must", "[storage]") {
  BrittleEngine engine;
  CHECK(engine.append("k", "ab", 1).value() == 2);
  CHECK(engine.append("k", "c", 2).value() == 3);
  CHECK(engine.find("k")->value == "abc");
  CHECK(engine.find("k")->version == 2);
  engine.prefetch({});
  CHECK(engine.begin_batch());
  CHECK(engine.end_batch());
  CHECK(engine.flush());
}

}  // namespace
}  // namespace pkv

#pragma once

#include "pkv/memory_engine.hpp"
#include "pkv/sqlite_engine.hpp"
#include "pkv/storage_engine.hpp"

#include "support/temporary_folder.hpp"

#include <filesystem>
#include <memory>

namespace pkv::test {

enum class EngineKind { memory, sqlite };

/// An empty engine of either kind, for what must be true of both:
///
///     AnyEngine engine(GENERATE(EngineKind::memory, EngineKind::sqlite));
class AnyEngine {
 public:
  explicit AnyEngine(EngineKind kind, MemoryEngineOptions::Hash hash = nullptr) {
    if (kind == EngineKind::memory) {
      engine_ = std::make_unique<MemoryEngine>(MemoryEngineOptions{.hash = hash});
      return;
    }
    SqliteEngineOptions options;
    options.file = folder_.path() / "node-1.db";
    options.durability = Durability::none;
    engine_ = std::make_unique<SqliteEngine>(options);
  }

  StorageEngine& operator*() noexcept { return *engine_; }
  StorageEngine* operator->() noexcept { return engine_.get(); }

 private:
  TemporaryFolder folder_;  // before the engine: goes after it
  std::unique_ptr<StorageEngine> engine_;
};

}  // namespace pkv::test

#include "pkv_server/data_rewriting.hpp"

#include "base/sync_file.hpp"
#include "pkv_server/key_authority.hpp"
#include "pkv_server/rewriting_progress.hpp"
#include "storage/sqlite_builder.hpp"
#include "storage/sqlite_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <span>
#include <stdexcept>
#include <sys/resource.h>

namespace pkv::server {
namespace {

constexpr std::size_t most_copies = 3;
constexpr std::uint64_t entries_per_step = 256;

/// While it lives, the process may have as many files open as the system lets it: all nodes' files
/// are open at once here, each with what belongs to it.
class ManyFiles {
 public:
  ManyFiles() noexcept {
    if (getrlimit(RLIMIT_NOFILE, &before_) != 0) return;
    const rlimit most{before_.rlim_max, before_.rlim_max};
    raised_ = setrlimit(RLIMIT_NOFILE, &most) == 0;
  }
  ManyFiles(const ManyFiles&) = delete;
  ManyFiles& operator=(const ManyFiles&) = delete;
  ~ManyFiles() {
    if (raised_) setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  bool raised_ = false;
};

/// Of a node's file, the entries that it has the last word on.
class Source {
 public:
  Source(const DataRewriting& what, const KeyAuthority& authority, std::uint32_t node)
      : reader_(node_file(what.folder, node), node),
        authority_(authority),
        node_(node),
        may_have_leftovers_(what.has_leftovers) {}

  [[nodiscard]] bool next() try {
    while (reader_.next()) {
      ++read_;
      if (authority_.of(reader_.key_hash()) == node_) return true;
      check_place();
    }
    return false;
  } catch (const DamagedFile& damage) {
    throw DamagedSource(node_, damage.what());
  }

  [[nodiscard]] const SqliteReader& reader() const noexcept { return reader_; }
  [[nodiscard]] std::size_t used_bytes() noexcept { return reader_.used_bytes(); }
  [[nodiscard]] std::uint64_t read() const noexcept { return read_; }

 private:
  /// What the node holds by the layout may be left out, as another has it. Anything else was put
  /// there in a way that the layout does not know of, and might be nowhere else.
  void check_place() const {
    if (may_have_leftovers_ || authority_.is_holder(node_, reader_.key_hash())) return;
    throw std::runtime_error("node-" + std::to_string(node_) +
                             ".db has keys of other nodes: it was not written as pkv.layout says, "
                             "so the entries cannot be spread in another way");
  }

  SqliteReader reader_;
  const KeyAuthority& authority_;
  std::uint32_t node_;
  bool may_have_leftovers_;
  std::uint64_t read_ = 0;
};

/// Whether `left` comes after `right`: with this, the front of a heap is the next of all.
bool is_behind(const std::unique_ptr<Source>& left, const std::unique_ptr<Source>& right) {
  const SqliteReader& one = left->reader();
  const SqliteReader& other = right->reader();
  if (one.position() != other.position()) return one.position() > other.position();
  return one.key() > other.key();
}

class Rewriter {
 public:
  explicit Rewriter(const DataRewriting& what)
      : what_(what),
        authority_(what.from, what.emptied, what.least_trusted_first),
        ring_(ring_of(what.to)),
        copies_(std::min(what.to.copies(), most_copies)) {}

  std::uint64_t run() {
    open_sources();
    check_room();
    for (std::uint32_t node = 1; node <= what_.to.workers; ++node)
      builders_.push_back(std::make_unique<SqliteBuilder>(next_file(what_.folder, node), node));
    merge();
    for (const auto& builder : builders_) {
      builder->finish(newest_version_);
      step();
    }
    sync_folder(what_.folder);
    return written_;
  }

 private:
  void open_sources() {
    for (std::uint32_t node = 1; node <= what_.from.workers; ++node) {
      if (std::ranges::find(what_.emptied, node) != what_.emptied.end()) continue;
      auto source = std::make_unique<Source>(what_, authority_, node);
      const SqliteFileNotes& notes = source->reader().notes();
      newest_version_ = std::max(newest_version_, notes.newest_version);
      to_read_ += notes.entries;
      bytes_ += source->used_bytes();
      sources_.push_back(std::move(source));
    }
    if (const double share = authority_.unheld_share(); share > 0)
      what_.log(LogLevel::error, "nobody has " + std::to_string(std::lround(100 * share)) +
                                     " % of all keys any more: they are lost");
  }

  void check_room() const {
    const double holders = static_cast<double>(sources_.size() * what_.from.copies()) /
                           static_cast<double>(what_.from.workers);
    const double needed =
        static_cast<double>(bytes_) / std::max(holders, 1.0) * static_cast<double>(copies_);
    const auto free = std::filesystem::space(what_.folder).available;
    constexpr double mib = 1 << 20;
    if (needed > static_cast<double>(free))
      throw std::runtime_error("to write the entries anew takes about " +
                               std::to_string(std::lround(std::ceil(needed / mib))) +
                               " MiB more in " + what_.folder.string() + ", where " +
                               std::to_string(std::lround(static_cast<double>(free) / mib)) +
                               " are free: make room, or start as before, with " +
                               differing_options(what_.from, what_.to));
  }

  void merge() {
    RewritingProgress progress(to_read_, what_.log);
    std::erase_if(sources_, [&](const auto& source) { return !source->next(); });
    std::ranges::make_heap(sources_, is_behind);
    while (!sources_.empty()) {
      std::ranges::pop_heap(sources_, is_behind);
      Source& source = *sources_.back();
      write(source.reader());
      const std::uint64_t before = source.read();
      const bool more = source.next();
      progress.advance(source.read() - before);
      if (more)
        std::ranges::push_heap(sources_, is_behind);
      else
        sources_.pop_back();
    }
  }

  void write(const SqliteReader& entry) {
    std::array<std::size_t, most_copies> found;
    for (const std::size_t index :
         ring_.owner_indices(entry.key_hash(), std::span(found).first(copies_)))
      builders_[to_number(ring_.nodes()[index].id) - 1]->append(entry);
    if (++written_ % entries_per_step == 0) step();
  }

  void step() const {
    if (what_.step) what_.step();
  }

  const DataRewriting& what_;
  KeyAuthority authority_;
  Ring ring_;
  std::size_t copies_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::unique_ptr<SqliteBuilder>> builders_;  // of nodes 1, 2, ...
  std::uint64_t to_read_ = 0;
  std::size_t bytes_ = 0;
  Version newest_version_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace

std::uint64_t rewrite(const DataRewriting& what) {
  const ManyFiles many_files;
  return Rewriter(what).run();
}

}  // namespace pkv::server

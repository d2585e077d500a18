#pragma once

#include <string>

namespace pkv::cli {

/// A file that is being written and gets its name when it is whole.
///
/// Until then it has none (O_TMPFILE), so that nothing stays if this process is killed; on file
/// systems that know no such files it has a temporary name in the same folder, which the destructor
/// removes.
///
/// Errors: the functions return 0 or the system's number.
class UnfinishedFile {
 public:
  /// `path` is the name it will have.
  explicit UnfinishedFile(std::string path) : path_(std::move(path)) {}
  UnfinishedFile(const UnfinishedFile&) = delete;
  UnfinishedFile& operator=(const UnfinishedFile&) = delete;
  ~UnfinishedFile();

  [[nodiscard]] int open();
  /// Of the open file; belongs to this.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

  /// Gives it its name and closes it. Without `replace`: EEXIST, if there is something of that name
  /// by now. Requires: open() has returned 0.
  [[nodiscard]] int finish(bool replace);

 private:
  [[nodiscard]] std::string folder() const;
  [[nodiscard]] int name_it(const std::string& path) const;
  [[nodiscard]] int take_name(bool replace);

  std::string path_;
  int descriptor_ = -1;
  std::string temporary_path_;  // empty: it has no name
};

}  // namespace pkv::cli

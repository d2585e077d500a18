#include "net/client/file_manifest.hpp"

#include "net/client/file_text.hpp"

namespace pkv {
namespace {

constexpr std::string_view family = "pkv-file ";
constexpr std::string_view manifest_title = "pkv-file 1";

}  // namespace

std::string to_text(const FileManifest& manifest) {
  const FileInfo& info = manifest.info;
  std::string text(manifest_title);
  text += "\nsize " + std::to_string(info.size_bytes);
  text += "\nchunk-size " + std::to_string(info.chunk_bytes);
  text += "\ngeneration " + info.generation;
  text += "\nchecksum " + info.checksum;
  text += "\ncontent-type " + info.content_type;
  text += "\nmodified " + std::to_string(info.modified_ns);
  text += "\nentry " + std::to_string(manifest.entry);
  return text + "\n\n";
}

FileResult<FileManifest> parse_manifest(std::string_view name, std::string_view text) {
  if (!text.starts_with(family)) {
    return FileError(FileFault::not_a_file, "the key holds a value that is not a file");
  }
  if (!text.starts_with(manifest_title) || text.substr(manifest_title.size(), 1) != "\n") {
    return FileError(FileFault::newer_format,
                     "it was stored by a later version of pkv, in a format unknown to this one");
  }
  const auto parsed = FileText::parse(text, manifest_title);
  const FileError damaged(FileFault::damaged, "its manifest is damaged");
  if (!parsed) return damaged;
  const auto size = parsed->number("size");
  const auto chunk_size = parsed->number("chunk-size");
  const auto modified = parsed->number("modified");
  const auto entry = parsed->number("entry");
  if (!size || !chunk_size || !modified || !entry) return damaged;
  const auto largest_chunk = static_cast<std::int64_t>(largest_chunk_bytes);
  if (*size < 0 || *chunk_size < 1 || *chunk_size > largest_chunk) return damaged;

  FileManifest manifest;
  manifest.info.name = name;
  manifest.info.size_bytes = static_cast<std::uint64_t>(*size);
  manifest.info.chunk_bytes = static_cast<std::uint64_t>(*chunk_size);
  manifest.info.generation = parsed->word("generation");
  manifest.info.checksum = parsed->word("checksum");
  manifest.info.content_type = parsed->word("content-type");
  manifest.info.modified_ns = *modified;
  manifest.entry = static_cast<std::uint64_t>(*entry);
  if (!is_128_bits(manifest.info.generation) || !is_128_bits(manifest.info.checksum)) {
    return damaged;
  }
  return manifest;
}

}  // namespace pkv

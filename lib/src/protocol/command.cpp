#include "pkv/command.hpp"

#include "protocol/reply_writer.hpp"

namespace pkv {
namespace {

template <class Word>
void append_words(std::string& to, std::span<const Word> words) {
  assert(!words.empty() && "an empty command would get no reply");
  using namespace reply_writer;

  // Made large enough once, then filled: appending piece by piece costs twice as much.
  const std::size_t begin = to.size();
  std::size_t room = max_number_bytes;
  for (const auto& word : words)
    room += word.size() + max_bulk_overhead_bytes;
  to.resize(begin + room);

  char* out = write_array_header(to.data() + begin, words.size());
  for (const auto& word : words)
    out = write_bulk(out, word);
  to.resize(static_cast<std::size_t>(out - to.data()));
}

}  // namespace

void append_command(std::string& to, const Command& command) {
  append_words(to, command.words());
}

void append_command(std::string& to, std::span<const std::string_view> words) {
  append_words(to, words);
}

}  // namespace pkv

#include "line_editor.hpp"

#include <histedit.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace pkv::cli {
namespace {

constexpr int most_history_lines = 1000;

std::size_t common_prefix(const std::vector<std::string>& words) {
  std::size_t length = words.front().size();
  for (const std::string& word : words) {
    const auto differ =
        std::mismatch(word.begin(), word.end(), words.front().begin(), words.front().end());
    length = std::min(length, static_cast<std::size_t>(differ.first - word.begin()));
  }
  return length;
}

/// Commands hold keys and values, so that the file is nobody else's business.
void make_private_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
}

/// While it lives Ctrl-C is a key like others and not a signal.
class WithoutInterrupt {
 public:
  WithoutInterrupt() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios changed = before_;
    changed.c_cc[VINTR] = _POSIX_VDISABLE;
    changed_ = ::tcsetattr(STDIN_FILENO, TCSANOW, &changed) == 0;
  }
  WithoutInterrupt(const WithoutInterrupt&) = delete;
  WithoutInterrupt& operator=(const WithoutInterrupt&) = delete;

  ~WithoutInterrupt() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

 private:
  termios before_{};
  bool changed_ = false;
};

}  // namespace

struct LineEditor::Terminal {
  std::string prompt;
  std::string history_file;
  Complete complete;
  EditLine* editor = nullptr;
  History* history = nullptr;
  HistEvent event{};

  static Terminal& of(EditLine* editor) {
    void* terminal = nullptr;
    ::el_get(editor, EL_CLIENTDATA, &terminal);
    return *static_cast<Terminal*>(terminal);
  }

  static const char* show_prompt(EditLine* editor) { return of(editor).prompt.c_str(); }

  static unsigned char on_tab(EditLine* editor, int) { return of(editor).complete_word(); }

  unsigned char complete_word() const {
    const LineInfo* line = ::el_line(editor);
    const std::string_view begun(line->buffer,
                                 static_cast<std::size_t>(line->cursor - line->buffer));
    if (begun.find(' ') != std::string_view::npos) return CC_ERROR;  // not the first word
    const std::vector<std::string> ways = complete(begun);
    if (ways.empty()) return CC_ERROR;
    std::string rest = ways.front().substr(0, common_prefix(ways));
    if (ways.size() == 1) rest += ' ';
    if (rest.size() > begun.size()) {
      // The word is put in as the table has it, whichever case it was begun in.
      ::el_deletestr(editor, static_cast<int>(begun.size()));
      return ::el_insertstr(editor, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    }
    std::fputc('\n', stdout);
    for (const std::string& way : ways)
      std::printf("%s  ", way.c_str());
    std::fputc('\n', stdout);
    return CC_REDISPLAY;
  }

  void set_up_history() {
    history = ::history_init();
    ::history(history, &event, H_SETSIZE, most_history_lines);
    ::history(history, &event, H_SETUNIQUE, 1);
    if (!history_file.empty()) ::history(history, &event, H_LOAD, history_file.c_str());
    ::el_set(editor, EL_HIST, ::history, history);
  }

  void set_up_keys() const {
    ::el_set(editor, EL_EDITOR, "emacs");
    ::el_set(editor, EL_ADDFN, "pkv-complete", "Complete the command", &on_tab);
    ::el_set(editor, EL_BIND, "^I", "pkv-complete", nullptr);
    ::el_set(editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    ::el_set(editor, EL_BIND, "^C", "ed-start-over", nullptr);
  }
};

LineEditor::LineEditor(std::string prompt, std::string history_file, Complete complete)
    : terminal_(std::make_unique<Terminal>()) {
  terminal_->prompt = std::move(prompt);
  terminal_->history_file = std::move(history_file);
  terminal_->complete = std::move(complete);
  terminal_->editor = ::el_init("pkv", stdin, stdout, stderr);
  ::el_set(terminal_->editor, EL_CLIENTDATA, terminal_.get());
  ::el_set(terminal_->editor, EL_PROMPT, &Terminal::show_prompt);
  terminal_->set_up_history();
  terminal_->set_up_keys();
}

LineEditor::~LineEditor() {
  if (!terminal_->history_file.empty()) {
    make_private_file(terminal_->history_file);
    ::history(terminal_->history, &terminal_->event, H_SAVE, terminal_->history_file.c_str());
  }
  ::el_end(terminal_->editor);
  ::history_end(terminal_->history);
}

std::optional<std::string> LineEditor::read_line() {
  const WithoutInterrupt without_interrupt;
  // Before the prompt is shown: what is typed as soon as it is there would be echoed twice.
  ::el_set(terminal_->editor, EL_PREP_TERM, 1);
  int bytes = 0;
  const char* read = ::el_gets(terminal_->editor, &bytes);
  if (read == nullptr || bytes <= 0) return std::nullopt;
  std::string line(read, static_cast<std::size_t>(bytes));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
    line.pop_back();
  if (line.find_first_not_of(' ') != std::string::npos) {
    ::history(terminal_->history, &terminal_->event, H_ENTER, line.c_str());
  }
  return line;
}

}  // namespace pkv::cli

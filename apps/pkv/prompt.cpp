#include "prompt.hpp"

#include "line_batch.hpp"
#include "line_editor.hpp"
#include "plain_text.hpp"
#include "protocol/command_table.hpp"
#include "protocol/inline_command.hpp"
#include "table.hpp"

#include <clocale>
#include <cstddef>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::cli {
namespace {

// Those of the prompt itself, and the server's own.
constexpr std::string_view own_commands[] = {"help", "exit", "quit", "done"};

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& letter : text) {
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - ('a' - 'A'));
  }
  return text;
}

bool begins_with(std::string_view word, std::string_view begun) {
  return word.size() >= begun.size() && same_word(word.substr(0, begun.size()), begun);
}

std::vector<std::string> complete(std::string_view begun) {
  std::vector<std::string> ways;
  for (const CommandInfo& command : command_table()) {
    if (begins_with(command.name, begun)) ways.push_back(upper(command.name));
  }
  for (const std::string_view own : own_commands) {
    if (begins_with(own, begun) && find_command(own) == nullptr) ways.emplace_back(own);
  }
  return ways;
}

std::string history_file() {
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? std::string() : std::string(home) + "/.pkv_history";
}

std::string usage_of(const CommandInfo& command) {
  std::string usage = upper(command.name);
  if (!command.syntax.empty()) usage.append(" ").append(command.syntax);
  return usage;
}

void print_command_list() {
  std::cout << "C KEY VALUE creates, R KEY reads, U KEY VALUE updates, D KEY deletes.\n"
               "The value of C and U is the rest of the line; elsewhere quote what has blanks.\n\n";
  constexpr std::size_t column = 28;
  for (const CommandInfo& command : command_table()) {
    const std::string usage = usage_of(command);
    std::cout << "  " << std::left << std::setw(column) << usage;
    if (usage.size() >= column) std::cout << '\n' << std::string(2 + column, ' ');
    std::cout << command.summary << '\n';
  }
  std::cout << "\nhelp COMMAND shows one of them; exit or Ctrl-D leaves, Ctrl-C clears the line.\n";
}

void print_help(const std::vector<std::string_view>& words) {
  if (words.size() < 2) {
    print_command_list();
  } else if (const CommandInfo* command = find_command(words[1]); command != nullptr) {
    std::cout << usage_of(*command) << "\n  " << command->summary << '\n';
  } else {
    std::cout << "no such command: " << words[1] << "; help alone lists them all\n";
  }
}

// Reports are made for reading: tables and text; any other answer is shown as redis-cli does.
std::string for_people(std::string_view verb, const Reply& reply) {
  if (same_word(verb, "nodes")) return table_of(reply);
  if (same_word(verb, "ring")) return fields_of(reply);
  if (same_word(verb, "info")) return report_of(reply);
  return to_text(reply) + '\n';
}

class Prompt {
 public:
  Prompt(BlockingClient& client, const Options& options) : client_(client), options_(options) {}

  ExitStatus run() {
    LineEditor editor("pkv> ", history_file(), complete);
    for (;;) {
      const auto line = editor.read_line();
      if (!line) {
        std::cout << '\n';  // the shell's prompt shall not stand behind ours
        break;
      }
      if (!obey(*line)) break;
      std::cout.flush();
    }
    return ExitStatus::success;
  }

 private:
  /// Returns false if the person wants to leave.
  bool obey(std::string_view line) {
    if (line.starts_with('#')) return true;
    std::vector<std::string_view> words;
    std::string unquoted;
    if (!split_inline_command(line, words, unquoted)) {
      std::cout << "error: " << unbalanced_quotes << '\n';
      return true;
    }
    if (words.empty()) return true;
    const std::string_view verb = words.front();
    if (same_word(verb, "done") || same_word(verb, "exit") || same_word(verb, "quit")) return false;
    if (same_word(verb, "help")) {
      print_help(words);
    } else {
      execute(words);
    }
    return true;
  }

  void execute(const std::vector<std::string_view>& words) {
    if (!client_.client().is_connected() && !reconnect()) return;
    const result<Reply> reply = client_.execute(Command({words.begin(), words.end()}));
    if (!reply) {
      std::cout << "error: " << plain_error(reply.error())
                << "; the command may have been executed or not\n";
    } else if (reply->is_error()) {
      std::cout << "error: "
                << plain_error(*reply, words.size() > 1 ? words[1] : std::string_view()) << '\n';
    } else {
      std::cout << for_people(words.front(), *reply);
    }
  }

  bool reconnect() {
    const result<void> connected = client_.connect();
    if (!connected) report_no_connection(options_, connected.error());
    return connected.has_value();
  }

  BlockingClient& client_;
  const Options& options_;
};

}  // namespace

ExitStatus run_prompt(BlockingClient& client, const Options& options) {
  std::setlocale(LC_CTYPE, "");  // the editor has to know how wide characters are
  return Prompt(client, options).run();
}

}  // namespace pkv::cli

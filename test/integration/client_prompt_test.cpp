#include "integration/client_program.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/stat.h>

using namespace pkv::test;

namespace {

/// The program at a terminal, with a home directory of its own.
class PromptFixture {
 public:
  PromptFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "pkv_prompt_XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    home_ = name;
    start();
  }

  PromptFixture(const PromptFixture&) = delete;
  PromptFixture& operator=(const PromptFixture&) = delete;
  ~PromptFixture() { std::filesystem::remove_all(home_); }

  void start() {
    // libedit never frees the names of the functions it is given; everything else here is covered
    // by the other programs' leak checks.
    std::vector<std::string> words{"/usr/bin/env", "HOME=" + home_.string(), "TERM=xterm",
                                   "ASAN_OPTIONS=detect_leaks=0"};
    for (const std::string& word : pkv_.words())
      words.push_back(word);
    terminal_.emplace(words);
    terminal_->wait_for("pkv> ");
  }

  /// Types a line; returns what is shown until the next prompt.
  std::string answer_to(const std::string& line) {
    terminal_->type(line + "\r");
    terminal_->wait_for("\n");
    return terminal_->wait_for("pkv> ");
  }

  [[nodiscard]] TerminalProgram& terminal() { return *terminal_; }

  [[nodiscard]] std::filesystem::path history() const { return home_ / ".pkv_history"; }

 private:
  ClientProgram pkv_;
  std::filesystem::path home_;
  std::optional<TerminalProgram> terminal_;
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* control_c = "\x03";
constexpr const char* control_d = "\x04";

}  // namespace

TEST_CASE("pkv prompt: commands are answered as redis-cli shows them", "[pkv][prompt]") {
  PromptFixture f;
  CHECK(f.answer_to("C city Paris").starts_with("OK\r\n"));
  CHECK(f.answer_to("R city").starts_with("\"Paris\"\r\n"));
  CHECK(f.answer_to("INCR n").starts_with("(integer) 1\r\n"));
  CHECK(f.answer_to("GET none").starts_with("(nil)\r\n"));
  CHECK(f.answer_to("MGET city none").starts_with("1) \"Paris\"\r\n2) (nil)\r\n"));
  f.terminal().type(control_d);
  CHECK(f.terminal().wait_for_exit() == 0);
}

TEST_CASE("pkv prompt: reports are tables and text", "[pkv][prompt]") {
  PromptFixture f;
  const std::string nodes = f.answer_to("nodes");
  CHECK(nodes.starts_with("id "));
  CHECK(contains(nodes, "resident_bytes"));
  CHECK(contains(f.answer_to("RING"), "points_per_node  2048\r\n"));
  CHECK(f.answer_to("info server").starts_with("# Server\r\n"));
}

TEST_CASE("pkv prompt: errors are plain words", "[pkv][prompt]") {
  PromptFixture f;
  CHECK(f.answer_to("R city").starts_with("error: no such key: city\r\n"));
  CHECK(f.answer_to("frob").starts_with("error: unknown command 'frob'"));
  CHECK(f.answer_to("GET \"a").starts_with("error: a quote is not closed"));
  CHECK(f.answer_to("PING").starts_with("PONG\r\n"));
}

TEST_CASE("pkv prompt: help lists the commands, or explains one", "[pkv][prompt]") {
  PromptFixture f;
  CHECK(contains(f.answer_to("help"), "MSET"));
  CHECK(contains(f.answer_to("help mget"), "MGET key..."));
  CHECK(contains(f.answer_to("help frob"), "no such command: frob"));
}

TEST_CASE("pkv prompt: exit, quit, done and Ctrl-D leave", "[pkv][prompt]") {
  for (const std::string keys : {"exit\r", "QUIT\r", "DONE\r", control_d}) {
    PromptFixture f;
    f.terminal().type(keys);
    CHECK(f.terminal().wait_for_exit() == 0);
  }
}

TEST_CASE("pkv prompt: Ctrl-C clears the line and stays", "[pkv][prompt]") {
  PromptFixture f;
  f.terminal().type("SET a 1");
  f.terminal().wait_for("SET a 1");
  f.terminal().type(control_c);
  CHECK(contains(f.answer_to("GET a"), "(nil)"));
}

TEST_CASE("pkv prompt: the tabulator completes commands", "[pkv][prompt]") {
  PromptFixture f;
  f.terminal().type("incrb\t");
  f.terminal().wait_for("INCRBY ");
  CHECK(contains(f.answer_to("n 5"), "(integer) 5"));
}

TEST_CASE("pkv prompt: the history is kept between sessions, for its owner alone",
          "[pkv][prompt]") {
  PromptFixture f;
  CHECK(f.answer_to("INCR n").starts_with("(integer) 1\r\n"));
  f.terminal().type(control_d);
  REQUIRE(f.terminal().wait_for_exit() == 0);

  struct stat status {};
  REQUIRE(::stat(f.history().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);

  f.start();
  f.terminal().type("\x10");  // Ctrl-P: the line before
  f.terminal().wait_for("INCR n");
  CHECK(contains(f.answer_to(""), "(integer) 2"));
}

#include "integration/client_program.hpp"
#include "support/temporary_folder.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sys/stat.h>

using namespace pkv::test;

namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// A file of zeros that takes no room.
void make_zeros(const std::filesystem::path& path, std::uintmax_t mebibytes) {
  write_file(path, "");
  std::filesystem::resize_file(path, mebibytes << 20);
}

std::string random_content(std::size_t bytes) {
  std::mt19937_64 random(20'26);
  std::string content(bytes, '\0');
  for (char& byte : content)
    byte = static_cast<char>(random());
  return content;
}

/// A server, the program, and a folder for its files.
struct Files {
  ClientProgram pkv;
  TemporaryFolder folder;

  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder.path() / name).string();
  }

  [[nodiscard]] Outcome run(std::vector<std::string> arguments, std::string_view input = {}) const {
    return pkv.run(std::move(arguments), input);
  }

  /// Nothing but what is expected is in the folder: no temporary file was left.
  [[nodiscard]] std::size_t files_in_folder() const {
    return static_cast<std::size_t>(std::distance(
        std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator()));
  }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("pkv put-file, get-file: a file goes up and comes back", "[pkv][files]") {
  Files f;
  const std::string content = random_content((std::size_t{5} << 20) + 123);
  write_file(f.path("up"), content);
  const Outcome put = f.run({"put-file", "name", f.path("up"), "--type", "image/png"});
  CHECK(put.exit_status == 0);
  CHECK(put.output.empty());
  CHECK(put.errors.empty());  // no progress where there is no terminal
  const Outcome get = f.run({"get-file", "name", f.path("down")});
  CHECK(get.exit_status == 0);
  CHECK(get.errors.empty());
  CHECK((content_of(f.path("down")) == content));
  CHECK(f.files_in_folder() == 2);
  const auto time = std::filesystem::last_write_time(f.path("up"));
  CHECK(std::filesystem::last_write_time(f.path("down")) == time);

  const Outcome stat = f.run({"stat-file", "name"});
  CHECK(contains(stat.output, "size          5243003\n"));
  CHECK(contains(stat.output, "content_type  image/png\n"));
}

TEST_CASE("pkv put-file, get-file: 64 MiB", "[pkv][files]") {
  Files f;
  const std::string content = random_content(std::size_t{64} << 20);
  write_file(f.path("up"), content);
  REQUIRE(f.run({"put-file", "name", f.path("up")}).exit_status == 0);
  REQUIRE(f.run({"get-file", "name", f.path("down")}).exit_status == 0);
  CHECK((content_of(f.path("down")) == content));
}

TEST_CASE("pkv put-file, get-file: standard input and output", "[pkv][files]") {
  Files f;
  const std::string content = random_content((std::size_t{3} << 20) + 1);
  REQUIRE(f.run({"put-file", "name", "-"}, content).exit_status == 0);
  const Outcome get = f.run({"get-file", "name", "-"});
  CHECK(get.exit_status == 0);
  CHECK((get.output == content));
  CHECK(f.pkv.shell("$PKV get-file name - | head -c 5 | wc -c").output == "5\n");
}

TEST_CASE("pkv put-file: input that pauses for longer than a request may take", "[pkv][files]") {
  Files f;
  const Outcome outcome = f.pkv.shell(
      "{ head -c 3000000 /dev/zero; sleep 3; echo end; } | $PKV --timeout 2 put-file n - && "
      "$PKV get-file n - | tail -c 4");
  CHECK(outcome.output == "end\n");
  CHECK(outcome.errors.empty());
}

TEST_CASE("pkv get-file: ranges", "[pkv][files]") {
  Files f;
  REQUIRE(
      f.run({"put-file", "n", "-", "--chunk-size", "4096"}, random_content(20000)).exit_status ==
      0);
  const std::string content = random_content(20000);
  CHECK((f.run({"get-file", "n", "-", "--range", "0-0"}).output == content.substr(0, 1)));
  CHECK((f.run({"get-file", "n", "-", "--range", "4095-4096"}).output == content.substr(4095, 2)));
  CHECK((f.run({"get-file", "n", "-", "--range", "5000-"}).output == content.substr(5000)));
  CHECK((f.run({"get-file", "n", "-", "--range", "19999-99999"}).output == content.substr(19999)));
  const Outcome behind = f.run({"get-file", "n", "-", "--range", "20000-"});
  CHECK(behind.exit_status == 1);
  CHECK(behind.errors == "error: n: the range begins behind the file's end, at 20000 bytes\n");
  for (const std::string wrong : {"5", "5-4", "a-b", "1-2-3", "-", "1-18446744073709551615"}) {
    CAPTURE(wrong);
    CHECK(f.run({"get-file", "n", "-", "--range=" + wrong}).exit_status == 2);
  }
}

TEST_CASE("pkv get-file: a file that is there is not replaced without --force", "[pkv][files]") {
  Files f;
  REQUIRE(f.run({"put-file", "n", "-"}, "new").exit_status == 0);
  write_file(f.path("there"), "old");
  const Outcome refused = f.run({"get-file", "n", f.path("there")});
  CHECK(refused.exit_status == 1);
  CHECK(contains(refused.errors, "is there already; --force replaces it"));
  CHECK(content_of(f.path("there")) == "old");
  CHECK(f.run({"get-file", "none", f.path("there"), "--force"}).errors ==
        "error: none: no such file\n");
  CHECK(content_of(f.path("there")) == "old");
  CHECK(f.run({"get-file", "n", f.path("there"), "--force"}).exit_status == 0);
  CHECK(content_of(f.path("there")) == "new");
  CHECK(f.run({"get-file", "n", "/dev/null"}).exit_status == 0);
  CHECK(f.files_in_folder() == 1);
}

TEST_CASE("pkv get-file: a file that appears meanwhile is not replaced", "[pkv][files]") {
  Files f;
  make_zeros(f.path("zeros"), 200);
  REQUIRE(f.run({"put-file", "n", f.path("zeros")}).exit_status == 0);
  const Outcome outcome =
      f.pkv.shell("cd " + f.path("") + "; $PKV get-file n there & get=$!; " +
                  "until ls -l /proc/$get/fd | grep -q '(deleted)'; do :; done; "
                  "printf mine > there; wait $get");
  CHECK(outcome.exit_status == 1);
  CHECK(contains(outcome.errors, "there is there already; --force replaces it"));
  CHECK(content_of(f.path("there")) == "mine");
  CHECK(f.files_in_folder() == 2);
}

TEST_CASE("pkv get-file: one that is killed leaves nothing", "[pkv][files]") {
  Files f;
  make_zeros(f.path("zeros"), 200);
  REQUIRE(f.run({"put-file", "n", f.path("zeros")}).exit_status == 0);
  const Outcome outcome = f.pkv.shell("cd " + f.path("") +
                                      "; $PKV get-file n there & get=$!; "
                                      "until ls -l /proc/$get/fd | grep -q '(deleted)'; do :; "
                                      "done; kill -9 $get; wait $get");
  CHECK(outcome.exit_status == 128 + 9);
  CHECK(f.files_in_folder() == 1);
}

TEST_CASE("pkv get-file: what has been written to a pipe cannot be replaced", "[pkv][files]") {
  Files f;
  make_zeros(f.path("zeros"), 60);
  REQUIRE(f.run({"put-file", "n", f.path("zeros")}).exit_status == 0);
  const Outcome outcome = f.pkv.shell(
      "$PKV get-file n - | { head -c 1 >/dev/null; echo new | $PKV put-file n -; cat >/dev/null; "
      "}");
  CHECK(outcome.errors ==
        "error: n: it was replaced while it was read, after some of it had been written\n");
  CHECK(f.run({"get-file", "n", "-"}).output == "new\n");
}

TEST_CASE("pkv get-file: no room, no folder, a folder", "[pkv][files]") {
  Files f;
  REQUIRE(f.run({"put-file", "n", "-"}, random_content(100'000)).exit_status == 0);
  const Outcome full = f.run({"get-file", "n", "/dev/full"});
  CHECK(full.exit_status == 1);
  CHECK(full.errors == "error: n: cannot write /dev/full: No space left on device\n");
  // As where a file system is full: the writes that are too much fail.
  const Outcome limited = f.pkv.shell("trap '' XFSZ; ulimit -f 16; $PKV get-file n " + f.path("x"));
  CHECK(limited.exit_status == 1);
  CHECK(contains(limited.errors, "File too large"));
  CHECK(contains(f.run({"get-file", "n", f.path("none/x")}).errors, "No such file or directory"));
  CHECK(contains(f.run({"get-file", "n", f.path("")}).errors, "Is a directory"));
  CHECK(f.files_in_folder() == 0);
}

TEST_CASE("pkv put-file: what cannot be read is refused, and nothing stored", "[pkv][files]") {
  Files f;
  CHECK(contains(f.run({"put-file", "n", f.path("none")}).errors, "No such file or directory"));
  CHECK(contains(f.run({"put-file", "n", f.path("")}).errors, "Is a directory"));
  // Reading this one fails: address 0 of a process is not mapped.
  CHECK(f.run({"put-file", "n", "/proc/self/mem"}).errors ==
        "error: n: cannot read /proc/self/mem: Input/output error\n");
  CHECK(f.run({"exec", "DBSIZE"}).output == "1\n");  // the index's counter
  write_file(f.path("secret"), "x");
  ::chmod(f.path("secret").c_str(), 0);
  if (std::ifstream(f.path("secret")).fail()) {  // not for the superuser
    CHECK(contains(f.run({"put-file", "n", f.path("secret")}).errors, "Permission denied"));
  }
  CHECK(f.run({"put-file", "", f.path("secret")}).exit_status == 1);
}

TEST_CASE("pkv put-file: a file that shrinks while it is read is not stored", "[pkv][files]") {
  Files f;
  make_zeros(f.path("f"), 400);
  // Cut as soon as the first chunk is in the store.
  const Outcome outcome = f.pkv.shell("$PKV put-file n " + f.path("f") +
                                      " & until [ $($PKV exec DBSIZE) -gt 3 ]; do :; done; "
                                      "truncate -s 5M " +
                                      f.path("f") + "; wait $!");
  CHECK(outcome.exit_status == 1);
  CHECK(contains(outcome.errors, "became shorter while it was read"));
  CHECK(f.run({"stat-file", "n"}).errors == "error: n: no such file\n");
  CHECK(f.run({"exec", "DBSIZE"}).output == "1\n");
}

TEST_CASE("pkv put-file: a file that loses its name while it is read is stored whole",
          "[pkv][files]") {
  Files f;
  make_zeros(f.path("f"), 100);
  const Outcome outcome = f.pkv.shell("$PKV put-file n " + f.path("f") +
                                      " & until [ $($PKV exec DBSIZE) -gt 3 ]; do :; done; rm " +
                                      f.path("f") + "; wait $! && $PKV get-file n - | wc -c");
  CHECK(outcome.output == "104857600\n");
}

TEST_CASE("pkv put-file, get-file: empty and sparse files", "[pkv][files]") {
  Files f;
  REQUIRE(f.run({"put-file", "empty", "/dev/null"}).exit_status == 0);
  REQUIRE(f.run({"get-file", "empty", f.path("empty")}).exit_status == 0);
  CHECK(std::filesystem::file_size(f.path("empty")) == 0);

  write_file(f.path("sparse"), "begin");
  std::filesystem::resize_file(f.path("sparse"), 20 << 20);
  std::ofstream(f.path("sparse"), std::ios::app) << "end";
  REQUIRE(f.run({"put-file", "sparse", f.path("sparse")}).exit_status == 0);
  REQUIRE(f.run({"get-file", "sparse", f.path("copy")}).exit_status == 0);
  CHECK((content_of(f.path("copy")) == content_of(f.path("sparse"))));
  struct stat status {};
  REQUIRE(::stat(f.path("copy").c_str(), &status) == 0);
  CHECK(status.st_blocks * 512 < 1 << 20);

  make_zeros(f.path("zeros"), 3);
  REQUIRE(f.run({"put-file", "zeros", f.path("zeros")}).exit_status == 0);
  REQUIRE(f.run({"get-file", "zeros", f.path("zeros2")}).exit_status == 0);
  CHECK(std::filesystem::file_size(f.path("zeros2")) == 3 << 20);
}

TEST_CASE("pkv ls-files, rm-file: names of all kinds", "[pkv][files]") {
  Files f;
  const std::string longest(std::size_t{64} << 10, 'n');
  for (const std::string& name : {std::string("b"), std::string("a\nb"), longest}) {
    REQUIRE(f.run({"put-file", name, "-", "--type", "text/plain"}, "12345").exit_status == 0);
  }
  const Outcome all = f.run({"ls-files"});
  CHECK(contains(all.output, "\ttext/plain\ta\\nb\n5\t"));
  CHECK(std::count(all.output.begin(), all.output.end(), '\n') == 3);
  CHECK(contains(f.run({"ls-files", "nn"}).output, longest + "\n"));
  const Outcome too_long = f.run({"put-file", longest + "n", "-"}, "x");
  CHECK(too_long.exit_status == 1);
  CHECK(too_long.errors == "error: " + std::string(200, 'n') +
                               "... (65537 bytes): the server refused it: ERR key is longer than "
                               "the limit\n");
  for (const std::string& name : {std::string("b"), std::string("a\nb"), longest}) {
    CHECK(f.run({"rm-file", name}).exit_status == 0);
  }
  CHECK(f.run({"ls-files"}).output.empty());
  CHECK(f.run({"rm-file", "b"}).errors == "error: b: no such file\n");
  REQUIRE(f.run({"put", "value", "x"}).exit_status == 0);
  CHECK(f.run({"put-file", "value", "-"}, "x").errors ==
        "error: value: the key holds a value that is not a file\n");
}

TEST_CASE("pkv ls-files, verify-files: a name may begin with - behind --", "[pkv][files]") {
  Files f;
  REQUIRE(f.run({"put-file", "--", "-x", "-"}, "12345").exit_status == 0);
  CHECK(f.run({"get-file", "--", "-x", "-"}).output == "12345");
  CHECK(contains(f.run({"ls-files", "--", "-x"}).output, "\t-x\n"));
  CHECK(f.run({"ls-files", "--", "-y"}).output.empty());
  CHECK(f.run({"verify-files", "--", "-x"}).exit_status == 0);
  CHECK(f.run({"verify-files", "--", "-x"}).errors.empty());
  CHECK(f.run({"stat-file", "--", "-x"}).exit_status == 0);
  CHECK(f.run({"rm-file", "--", "-x"}).exit_status == 0);
  CHECK(f.run({"ls-files"}).exit_status == 0);
  CHECK(f.run({"ls-files", "a", "b"}).exit_status == 2);
  CHECK(f.run({"ls-files", "-x"}).exit_status == 2);
}

TEST_CASE("pkv put-file --resume, gc-files: after a client was killed", "[pkv][files]") {
  Files f;
  const std::string content = random_content(std::size_t{30} << 20);
  write_file(f.path("f"), content);
  REQUIRE(f.run({"put-file", "n", "-"}, "old").exit_status == 0);
  // Sends 38 chunks, waits for more from a pipe that stays open, and is killed when the store has
  // so many keys.
  const auto interrupt_at = [&](int keys) {
    const std::string pipe = f.path("pipe");
    const std::string key_count = std::to_string(keys);
    return f.pkv
        .shell("rm -f " + pipe + "; mkfifo " + pipe + "; $PKV put-file n - < " + pipe +
               " & put=$!; exec 9> " + pipe + "; head -c 20000000 " + f.path("f") +
               " >&9; until [ $($PKV exec DBSIZE) -ge " + key_count +
               " ]; do :; done; kill -9 $put; wait $put; true")
        .exit_status;
  };
  REQUIRE(interrupt_at(45) == 0);
  CHECK(f.run({"get-file", "n", "-"}).output == "old");
  const std::string silent = "--silence=2";
  const Outcome resumed = f.run({"put-file", "n", f.path("f"), "--resume", silent});
  CHECK(resumed.errors.empty());
  CHECK((f.run({"get-file", "n", "-"}).output == content));

  REQUIRE(interrupt_at(104) == 0);
  const Outcome collected = f.run({"gc-files", silent});
  CHECK(collected.exit_status == 0);
  CHECK(contains(collected.output, "removed 1 interrupted uploads"));
  CHECK((f.run({"get-file", "n", "-"}).output == content));
  // The manifest, its 60 chunks, their checksums, its entry of the index, and the index's two ends.
  CHECK(f.run({"exec", "DBSIZE"}).output == "65\n");
}

TEST_CASE("pkv verify-files: a chunk changed by hand is named with its place", "[pkv][files]") {
  Files f;
  REQUIRE(f.run({"put-file", "good", "-"}, "good").exit_status == 0);
  REQUIRE(f.run({"put-file", "bad\nname", "-"}, random_content(3 << 20)).exit_status == 0);
  CHECK(f.run({"verify-files"}).output == "2 files are sound, 0 damaged\n");
  const Outcome changed = f.pkv.shell(
      "g=$($PKV stat-file 'bad\nname' | sed -n 's/^generation *//p'); "
      "$PKV exec APPEND pkv:file:chunk:$g:2 x");
  REQUIRE(changed.exit_status == 0);
  const std::string damage =
      "damaged at offset 1048576: chunk 2, bytes 1048576 to 1572863, is not what was stored\n";
  const Outcome verified = f.run({"verify-files"});
  CHECK(verified.exit_status == 1);
  CHECK(verified.output == "bad\\nname: " + damage + "1 files are sound, 1 damaged\n");
  const Outcome get = f.run({"get-file", "bad\nname", f.path("x")});
  CHECK(get.exit_status == 1);
  CHECK(get.errors == "error: bad\\nname: " + damage);
  CHECK(f.files_in_folder() == 0);
  CHECK(f.run({"get-file", "bad\nname", "-", "--range", "0-1048575"}).exit_status == 0);
}

TEST_CASE("pkv put-file: on a terminal it shows how far it is", "[pkv][files]") {
  Files f;
  make_zeros(f.path("f"), 20);
  TerminalProgram pkv(f.pkv.words({"put-file", "name", f.path("f")}));
  pkv.wait_for(" % ");
  CHECK(contains(pkv.wait_for(" left"), " of 20.0 MiB  "));
  CHECK(pkv.wait_for_exit() == 0);
}

TEST_CASE("the README's program for files does what it says", "[pkv][files]") {
  Files f;
  const Outcome outcome = run_program({PKV_EXAMPLE_FILE_CLIENT, "127.0.0.1", f.pkv.words()[2]});
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.output == "tiger of 29 bytes\n");
}

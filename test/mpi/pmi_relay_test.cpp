#include "mpi/pmi_relay.hpp"

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pkv::mpi {
namespace {

const std::string init = "cmd=init pmi_version=1 pmi_subversion=1\n";
const std::string init_reply = "cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=0\n";
const std::string name = "cmd=get_my_kvsname\n";
const std::string name_reply = "cmd=my_kvsname kvsname=kvs_7_0\n";
const std::string barrier = "cmd=barrier_in\n";
const std::string barrier_reply = "cmd=barrier_out\n";
const std::string put_reply = "cmd=put_result rc=0 msg=success\n";

std::string put_line(const std::string& value) {
  return "cmd=put kvsname=kvs_7_0 key=-allgather-shm-1-1 value=" + value + "\n";
}

/// What the relay has written since the last look.
std::string written(std::string& output) {
  return std::exchange(output, {});
}

/// A relay whose child and manager are played by the test.
struct Played {
  PmiRelay relay;

  Played() { relay.begin_child(); }

  /// The child says `line`; what goes upstream because of that.
  std::string child(const std::string& line) {
    CHECK(relay.from_child(line));
    return written(relay.to_upstream());
  }
  /// The manager says `line`; what the child hears because of that.
  std::string manager(const std::string& line) {
    CHECK(relay.from_upstream(line));
    return written(relay.to_child());
  }
  /// A request that must be answered without the manager.
  std::string child_answered(const std::string& line) {
    CHECK(child(line).empty());
    return written(relay.to_child());
  }
};

/// Everything that a rank asks in MPI_Init, and the answers.
std::vector<std::pair<std::string, std::string>> start_up(const std::string& own_address) {
  return {{init, init_reply},
          {"cmd=get_maxes\n", "cmd=maxes kvsname_max=256 keylen_max=64 vallen_max=1024\n"},
          {"cmd=get_appnum\n", "cmd=appnum appnum=0\n"},
          {name, name_reply},
          {barrier, barrier_reply},
          {put_line(own_address), put_reply},
          {barrier, barrier_reply},
          {"cmd=get kvsname=kvs_7_0 key=-allgather-shm-1-0\n",
           "cmd=get_result rc=0 msg=success value=A0\n"}};
}

TEST_CASE("PmiRelay: passes the first process's requests and replies on as they are",
          "[mpi][relay]") {
  Played played;
  for (const auto& [request, reply] : start_up("A1")) {
    CHECK(played.child(request) == request);
    CHECK(played.manager(reply) == reply);
  }
  CHECK(played.relay.barriers_passed() == 2);
}

TEST_CASE("PmiRelay: answers later processes from memory, whatever address they put",
          "[mpi][relay]") {
  Played played;
  for (const auto& [request, reply] : start_up("A1")) {
    played.child(request);
    played.manager(reply);
  }
  for (int epoch = 2; epoch < 5; ++epoch) {
    played.relay.begin_child();
    for (const auto& [request, reply] : start_up("A1." + std::to_string(epoch)))
      CHECK(played.child_answered(request) == reply);
  }
  CHECK(played.relay.barriers_passed() == 2);
}

TEST_CASE("PmiRelay: a process may die at any point of its start, its request answered or not",
          "[mpi][relay]") {
  const auto conversation = start_up("A1");
  for (std::size_t died_at = 0; died_at < conversation.size(); ++died_at) {
    const bool answered_before_rebirth = GENERATE(false, true);
    CAPTURE(died_at, answered_before_rebirth);
    Played played;
    for (std::size_t i = 0; i < died_at; ++i) {
      played.child(conversation[i].first);
      played.manager(conversation[i].second);
    }
    CHECK(played.child(conversation[died_at].first) == conversation[died_at].first);
    const std::string& late_reply = conversation[died_at].second;
    if (answered_before_rebirth) CHECK(played.relay.from_upstream(late_reply));
    played.relay.begin_child();
    CHECK(played.relay.to_child().empty());

    for (std::size_t i = 0; i < died_at; ++i)
      CHECK(played.child_answered(conversation[i].first) == conversation[i].second);
    // The one that was under way: it is not asked twice.
    if (answered_before_rebirth) {
      CHECK(played.child_answered(conversation[died_at].first) == late_reply);
    } else {
      CHECK(played.child_answered(conversation[died_at].first).empty());
      CHECK(played.manager(late_reply) == late_reply);
    }
    for (std::size_t i = died_at + 1; i < conversation.size(); ++i) {
      CHECK(played.child(conversation[i].first) == conversation[i].first);
      CHECK(played.manager(conversation[i].second) == conversation[i].second);
    }
  }
}

TEST_CASE("PmiRelay: a late reply is not taken for the answer to another question",
          "[mpi][relay]") {
  Played played;
  played.child(init);
  played.manager(init_reply);
  CHECK(played.child(name) == name);
  played.relay.begin_child();
  CHECK(played.child("cmd=get_maxes\n").empty());  // it waits for its turn
  CHECK(played.manager(name_reply).empty());
  CHECK(written(played.relay.to_upstream()) == "cmd=get_maxes\n");
  CHECK(played.manager("cmd=maxes vallen_max=1024\n") == "cmd=maxes vallen_max=1024\n");
}

TEST_CASE("PmiRelay: lines may come in pieces, cut anywhere", "[mpi][relay]") {
  const std::string request = put_line("A1");
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    Played played;
    CHECK(played.child(request.substr(0, cut)).empty());
    CHECK(played.child(request.substr(cut)) == request);
    const std::size_t reply_cut = cut % put_reply.size();
    CHECK(played.manager(put_reply.substr(0, reply_cut)).empty());
    CHECK(played.manager(put_reply.substr(reply_cut)) == put_reply);
  }
}

TEST_CASE("PmiRelay: half a line of a dead process does not spoil the next one's", "[mpi][relay]") {
  Played played;
  CHECK(played.child("cmd=ini").empty());
  played.relay.begin_child();
  CHECK(played.child(init) == init);
}

TEST_CASE("PmiRelay: what a dead process has not read is not read by the next one",
          "[mpi][relay]") {
  Played played;
  CHECK(played.child(init) == init);
  CHECK(played.relay.from_upstream(init_reply));
  CHECK_FALSE(played.relay.to_child().empty());
  played.relay.begin_child();
  CHECK(played.relay.to_child().empty());
}

TEST_CASE("PmiRelay: failures are passed on and not remembered", "[mpi][relay]") {
  Played played;
  const std::string get = "cmd=get kvsname=kvs_7_0 key=later\n";
  const std::string no = "cmd=get_result rc=-1 msg=key_not_found value=unknown\n";
  CHECK(played.child(get) == get);
  CHECK(played.manager(no) == no);
  CHECK(played.child(get) == get);
}

TEST_CASE("PmiRelay: the keeper's own values go in between, and its hand-shake serves the rank too",
          "[mpi][relay]") {
  Played played;
  bool published = false;
  played.relay.put("control", "4711/secret", [&published](bool worked) { published = worked; });
  CHECK(written(played.relay.to_upstream()) == init);
  CHECK(played.child(init).empty());
  CHECK(played.manager(init_reply) == init_reply);
  CHECK(written(played.relay.to_upstream()) == name);
  CHECK(played.manager(name_reply).empty());
  CHECK(written(played.relay.to_upstream()) ==
        "cmd=put kvsname=kvs_7_0 key=control value=4711/secret\n");
  CHECK_FALSE(published);
  CHECK(played.manager(put_reply).empty());
  CHECK(published);
  CHECK(played.child_answered(name) == name_reply);

  std::optional<std::string> found;
  played.relay.get("control", [&found](std::optional<std::string> value) { found = value; });
  CHECK(written(played.relay.to_upstream()) == "cmd=get kvsname=kvs_7_0 key=control\n");
  CHECK(played.manager("cmd=get_result rc=0 msg=success value=4711/secret\n").empty());
  CHECK(found == "4711/secret");
}

TEST_CASE("PmiRelay: a value that cannot be published or found is reported", "[mpi][relay]") {
  Played played;
  played.child(init);
  played.manager(init_reply);
  played.child(name);
  played.manager(name_reply);
  std::optional<bool> published;
  played.relay.put("k", "v", [&published](bool worked) { published = worked; });
  played.manager("cmd=put_result rc=-1 msg=duplicate_key\n");
  CHECK(published == false);
  bool asked = false;
  played.relay.get("k", [&asked](const std::optional<std::string>& value) {
    asked = true;
    CHECK_FALSE(value);
  });
  played.manager("cmd=get_result rc=-1 msg=key_not_found value=unknown\n");
  CHECK(asked);
}

TEST_CASE("PmiRelay: the unsent request of a dead process is dropped, the keeper's own is not",
          "[mpi][relay]") {
  Played played;
  played.child(init);
  played.manager(init_reply);
  played.child(name);
  played.manager(name_reply);
  bool published = false;
  played.relay.put("k", "v", [&published](bool worked) { published = worked; });
  CHECK(played.child(put_line("old")) == "cmd=put kvsname=kvs_7_0 key=k value=v\n");
  played.relay.begin_child();
  CHECK(played.child(put_line("new")).empty());
  CHECK(played.manager(put_reply).empty());
  CHECK(published);
  CHECK(written(played.relay.to_upstream()) == put_line("new"));
}

TEST_CASE("PmiRelay: an abort of the rank ends nobody else", "[mpi][relay]") {
  Played played;
  CHECK(played.child(init) == init);
  CHECK_FALSE(played.relay.child_aborted());
  CHECK(played.child("cmd=abort exitcode=1\n").empty());
  CHECK(played.relay.to_child().empty());
  CHECK(played.relay.child_aborted());
  played.relay.begin_child();
  CHECK_FALSE(played.relay.child_aborted());
}

TEST_CASE("PmiRelay: says once that the rank ends in good order", "[mpi][relay]") {
  const bool by_child = GENERATE(false, true);
  Played played;
  const std::string finalize = "cmd=finalize\n";
  if (by_child) {
    CHECK(played.child(finalize) == finalize);
    played.relay.finalize();
  } else {
    played.relay.finalize();
    CHECK(written(played.relay.to_upstream()) == finalize);
  }
  CHECK(played.relay.to_upstream().empty());
  CHECK_FALSE(played.relay.finalized());
  played.manager("cmd=finalize_ack\n");
  CHECK(played.relay.finalized());
  played.relay.finalize();
  CHECK(played.relay.to_upstream().empty());
}

TEST_CASE("PmiRelay: peers that break the protocol are found out", "[mpi][relay]") {
  PmiRelay relay;
  relay.begin_child();
  SECTION("a line at the limit is passed on, a longer one is not") {
    CHECK(relay.from_child(std::string(PmiRelay::longest_line_bytes, 'x')));
    CHECK(relay.from_child("\n"));
    CHECK_FALSE(relay.from_upstream(std::string(PmiRelay::longest_line_bytes + 1, 'x')));
  }
  SECTION("a longer line with its end") {
    CHECK_FALSE(relay.from_child(std::string(PmiRelay::longest_line_bytes + 1, 'x') + "\n"));
  }
  SECTION("a second request before the reply to the first") {
    CHECK(relay.from_child(init));
    CHECK_FALSE(relay.from_child(name));
  }
  SECTION("a reply to nothing") {
    CHECK_FALSE(relay.from_upstream(barrier_reply));
  }
}

}  // namespace
}  // namespace pkv::mpi

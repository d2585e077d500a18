#include "coordinator/placement.hpp"

#include "coordinator/placement_support.hpp"
#include "ring/ring_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <stdexcept>
#include <vector>

namespace pkv {
namespace {

using Catch::Matchers::Contains;
using test::covers;
using test::goal_of;
using test::holders_at;
using test::numbered_nodes;
using test::targets_at;

PlacementGoal goal_of_nodes(std::uint32_t nodes, std::size_t replicas, std::size_t points = 100) {
  return goal_of(Ring(numbered_nodes(nodes), test::with_points(points)), replicas);
}

double total_share(const std::vector<PlannedTransfer>& transfers) {
  double share = 0.0;
  for (const PlannedTransfer& transfer : transfers)
    share += share_of(transfer.ranges);
  return share;
}

/// Carries out everything that an event asks for, and what follows from that.
void carry_out(Placement& placement, const PlacementChange& change) {
  for (const PlannedTransfer& transfer : change.transfers)
    carry_out(placement, placement.complete(transfer.id));
  for (const Drop& drop : change.drops)
    carry_out(placement, placement.erased(drop.id));
}

TEST_CASE("Placement: at first the owners on the ring hold every key", "[placement]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (std::size_t replicas = 1; replicas <= max_replicas; ++replicas) {
    for (std::uint32_t nodes = 1; nodes <= 5; ++nodes) {
      CAPTURE(replicas, nodes);
      const PlacementGoal goal = goal_of_nodes(nodes, replicas, 20);
      const Placement placement(goal, nodes);
      std::vector<std::uint64_t> positions{0, ~std::uint64_t{0}};
      for (const RingPoint& point : goal.ring.points()) {
        positions.push_back(point.position());
        positions.push_back(point.position() + 1);
      }
      for (int i = 0; i < 100; ++i)
        positions.push_back(random());
      for (const std::uint64_t position : positions) {
        REQUIRE(holders_at(placement, position) == targets_at(goal, position));
        REQUIRE_FALSE(placement.route(position).filling());
      }
      CHECK(placement.degree() == std::min<std::size_t>(replicas, nodes));
      CHECK(placement.unheld_share() == 0.0);
    }
  }
}

TEST_CASE("Placement: equal routes are kept once", "[placement]") {
  CHECK(Placement(goal_of_nodes(4, 1), 4).routes().size() == 4);
  CHECK(Placement(goal_of_nodes(4, 2), 4).routes().size() == 4 * 3);
}

TEST_CASE("Placement: a lost worker's only copies have no holder until it is back", "[placement]") {
  const PlacementGoal goal = goal_of_nodes(3, 1);
  Placement placement(goal, 3);
  const double share = goal.ring.share(NodeId{2});

  const PlacementChange lost = placement.lose(1);
  CHECK(lost.transfers.empty());
  CHECK(lost.losses.empty());
  CHECK(placement.unheld_share() == share);
  CHECK(placement.held_share(1) == 0.0);
  CHECK(placement.degree() == 0);
  CHECK_FALSE(placement.lives(1));

  const PlacementChange back = placement.revive(1);
  CHECK(back.transfers.empty());
  REQUIRE(back.losses.size() == 1);
  CHECK(back.losses[0].worker == 1);
  CHECK(back.losses[0].salvaged_from == 0);
  CHECK(back.losses[0].share == share);
  CHECK(placement.held_share(1) == share);
  CHECK(placement.degree() == 1);
}

TEST_CASE("Placement: a lost worker's arcs can be given to others for good", "[placement]") {
  const PlacementGoal goal = goal_of_nodes(3, 1);
  Placement placement(goal, 3);
  (void)placement.lose(1);
  const PlacementGoal without = goal_of(goal.ring.without_node(NodeId{2}), 1);
  const PlacementChange change = placement.retarget(without);
  CHECK(change.transfers.empty());
  double lost = 0.0;
  for (const Loss& loss : change.losses)
    lost += loss.share;
  CHECK(lost == goal.ring.share(NodeId{2}));
  CHECK(placement.degree() == 1);
}

TEST_CASE("Placement: a worker that is back is filled with all it ought to hold", "[placement]") {
  const PlacementGoal goal = goal_of_nodes(5, 2);
  Placement placement(goal, 5);
  const double share = placement.held_share(3);

  CHECK(placement.lose(3).transfers.empty());
  CHECK(placement.degree() == 0);
  CHECK(placement.unheld_share() == 0.0);

  const PlacementChange change = placement.revive(3);
  CHECK(total_share(change.transfers) == Approx(share));
  CHECK(change.transfers.size() == 4);  // a worker for each source
  for (const PlannedTransfer& transfer : change.transfers) {
    CHECK(transfer.destination == 3);
    CHECK(transfer.continues == 0);
    CHECK(test::are_sorted_and_apart(transfer.ranges));
    CHECK(placement.degree() == 0);
    for (const RingRange& range : transfer.ranges) {
      for (const std::uint64_t position : {range.first, range.last}) {
        REQUIRE(std::ranges::count(targets_at(goal, position), 3) == 1);
        REQUIRE(placement.route(position).holders().contains(transfer.source));
      }
    }
    CHECK(placement.complete(transfer.id).drops.empty());
  }
  CHECK(placement.held_share(3) == Approx(share));
  CHECK(placement.degree() == 2);
}

TEST_CASE("Placement: what is already true changes nothing", "[placement]") {
  const PlacementGoal goal = goal_of_nodes(3, 2);
  Placement placement(goal, 3);
  const auto is_nothing = [](const PlacementChange& change) {
    return change.ended.empty() && change.transfers.empty() && change.drops.empty() &&
           change.losses.empty();
  };
  CHECK(is_nothing(placement.revive(1)));
  CHECK(is_nothing(placement.complete(99)));
  CHECK(is_nothing(placement.erased(99)));
  CHECK(is_nothing(placement.retarget(goal)));
  CHECK(placement.degree() == 2);
  (void)placement.lose(1);
  CHECK(is_nothing(placement.lose(1)));
  CHECK(is_nothing(placement.retarget(goal)));
}

TEST_CASE("Placement: a change of ring leaves transfers alone that it does not touch",
          "[placement]") {
  const PlacementGoal goal = goal_of_nodes(4, 2);
  Placement placement(goal, 6);
  (void)placement.lose(0);
  const std::size_t under_way = placement.revive(0).transfers.size();
  REQUIRE(under_way == 3);
  const PlacementChange same = placement.retarget(goal);
  CHECK(same.ended.empty());
  CHECK(same.transfers.empty());

  // The newcomer takes over some of what is being copied: those transfers go on with the rest.
  const PlacementChange joined = placement.retarget(goal_of(goal.ring.with_node({NodeId{5}}), 2));
  CHECK(joined.ended.size() == under_way);
  std::map<std::uint32_t, int> continued;
  for (const PlannedTransfer& transfer : joined.transfers) {
    if (transfer.continues == 0) continue;
    CHECK(transfer.destination == 0);
    ++continued[transfer.continues];
  }
  CHECK(continued.size() == under_way);
}

TEST_CASE("Placement: sources share the work of filling, whatever their weights", "[placement]") {
  const std::vector<RingNode> nodes{{NodeId{1}, 1.0}, {NodeId{2}, 9.0}, {NodeId{3}, 1.0}};
  Placement placement(goal_of(Ring(nodes), 3), 3);
  (void)placement.lose(0);
  const PlacementChange change = placement.revive(0);
  REQUIRE(change.transfers.size() == 2);
  for (const PlannedTransfer& transfer : change.transfers)
    CHECK(share_of(transfer.ranges) == Approx(0.5).margin(0.2));
}

TEST_CASE("Placement: others continue the transfers of a source that dies", "[placement]") {
  const PlacementGoal goal = goal_of_nodes(5, 3);
  Placement placement(goal, 5);
  (void)placement.lose(0);
  const PlacementChange back = placement.revive(0);
  const auto of_1 = std::ranges::find(back.transfers, WorkerIndex{1}, &PlannedTransfer::source);
  REQUIRE(of_1 != back.transfers.end());

  const PlacementChange change = placement.lose(1);
  CHECK(change.ended == std::vector{of_1->id});
  CHECK(change.transfers.size() > 1);  // it is split
  CHECK(total_share(change.transfers) == Approx(share_of(of_1->ranges)));
  for (const PlannedTransfer& transfer : change.transfers) {
    CHECK(transfer.continues == of_1->id);
    CHECK(transfer.source != 1);
    CHECK(transfer.destination == 0);
    for (const RingRange& range : transfer.ranges) {
      REQUIRE(covers(of_1->ranges, range.first));
      REQUIRE(covers(of_1->ranges, range.last));
      REQUIRE(placement.route(range.first).holders().contains(transfer.source));
    }
  }
  CHECK(change.losses.empty());
}

TEST_CASE("Placement: a destination that dies ends its transfers and has nothing to erase",
          "[placement]") {
  Placement placement(goal_of_nodes(4, 2), 4);
  (void)placement.lose(2);
  const PlacementChange back = placement.revive(2);
  const PlacementChange change = placement.lose(2);
  CHECK(change.ended.size() == back.transfers.size());
  CHECK(change.transfers.empty());
  CHECK(change.drops.empty());
  CHECK(placement.complete(back.transfers[0].id).drops.empty());
  CHECK(placement.held_share(2) == 0.0);
}

TEST_CASE("Placement: when the last holder dies a half filled worker keeps what it has",
          "[placement]") {
  Placement placement(goal_of_nodes(2, 2), 2);
  (void)placement.lose(0);
  const PlacementChange back = placement.revive(0);
  REQUIRE(back.transfers.size() == 1);

  const PlacementChange change = placement.lose(1);
  CHECK(change.ended == std::vector{back.transfers[0].id});
  CHECK(change.drops.empty());
  REQUIRE(change.losses.size() == 1);
  CHECK(change.losses[0].worker == 0);
  CHECK(change.losses[0].salvaged_from == back.transfers[0].id);
  CHECK(change.losses[0].share == 1.0);
  CHECK(holders_at(placement, 0) == std::vector<WorkerIndex>{0});
}

TEST_CASE(
    "Placement: of two half filled workers the older keeps what it has, the other starts again",
    "[placement]") {
  const auto older = GENERATE(WorkerIndex{0}, WorkerIndex{1});
  const auto later = static_cast<WorkerIndex>(1 - older);
  Placement placement(goal_of_nodes(3, 3), 3);
  (void)placement.lose(0);
  (void)placement.lose(1);
  (void)placement.revive(older);
  (void)placement.revive(later);
  const PlacementChange change = placement.lose(2);
  CHECK(change.ended.size() == 2);
  CHECK(change.transfers.empty());  // not before the other half has been erased
  REQUIRE(change.drops.size() == 1);
  const Drop& drop = change.drops[0];
  CHECK(drop.worker == later);
  CHECK(share_of(drop.ranges) == Approx(1.0));
  CHECK(placement.unheld_share() == 0.0);

  const PlacementChange erased = placement.erased(drop.id);
  REQUIRE(erased.transfers.size() == 1);
  CHECK(erased.transfers[0].destination == later);
  CHECK(erased.transfers[0].continues == 0);
  CHECK(erased.transfers[0].ranges == drop.ranges);
}

TEST_CASE("Placement: empty workers hold together what all others have lost", "[placement]") {
  Placement placement(goal_of_nodes(2, 2), 2);
  (void)placement.lose(0);
  (void)placement.lose(1);
  CHECK(placement.unheld_share() == 1.0);
  CHECK(placement.revive(1).losses.size() == 1);
  CHECK(placement.unheld_share() == 0.0);
  // The first one back may have been given new entries meanwhile.
  const PlacementChange change = placement.revive(0);
  CHECK(change.losses.empty());
  REQUIRE(change.transfers.size() == 1);
  CHECK(change.transfers[0].source == 1);
}

TEST_CASE("Placement: a join copies the newcomer's share and no more", "[placement]") {
  for (const std::uint32_t nodes : {1U, 3U, 7U}) {
    CAPTURE(nodes);
    const PlacementGoal goal = goal_of_nodes(nodes, 1, RingOptions::balanced_points_per_node);
    const PlacementGoal joined = goal_of(goal.ring.with_node({NodeId{nodes + 1}}), 1);
    Placement placement(goal, nodes + 1);
    const PlacementChange change = placement.retarget(joined);
    CHECK(total_share(change.transfers) == goal.ring.moved(joined.ring).fraction);
    CHECK(total_share(change.transfers) <= 1.1 / (nodes + 1));
    CHECK(change.drops.empty());

    // The old owner serves the keys until the new one has them all, and then forgets them.
    for (const PlannedTransfer& transfer : change.transfers) {
      CHECK(transfer.destination == nodes);
      const std::uint64_t position = transfer.ranges.front().first;
      CHECK(holders_at(placement, position) == std::vector{transfer.source});
      const PlacementChange completed = placement.complete(transfer.id);
      CHECK(holders_at(placement, position) == std::vector{transfer.destination});
      REQUIRE(completed.drops.size() == 1);
      CHECK(completed.drops[0].worker == transfer.source);
      CHECK(completed.drops[0].ranges == transfer.ranges);
      CHECK(placement.degree() == 0);
      CHECK(placement.erased(completed.drops[0].id).transfers.empty());
    }
    CHECK(placement.degree() == 1);
  }
}

TEST_CASE("Placement: a node that leaves the ring gives its share to the others", "[placement]") {
  for (const std::size_t replicas : {1U, 2U, 3U}) {
    CAPTURE(replicas);
    const PlacementGoal goal = goal_of_nodes(6, replicas, RingOptions::balanced_points_per_node);
    const PlacementGoal left = goal_of(goal.ring.without_node(NodeId{4}), replicas);
    Placement placement(goal, 6);
    const double share = placement.held_share(3);
    const PlacementChange change = placement.retarget(left);
    CHECK(total_share(change.transfers) == Approx(share));
    CHECK(total_share(change.transfers) <= 1.1 * static_cast<double>(replicas) / 6);
    carry_out(placement, change);
    CHECK(placement.held_share(3) == 0.0);
    CHECK(placement.degree() == replicas);
    CHECK(holders_at(placement, 0) == targets_at(left, 0));
  }
}

TEST_CASE("Placement: a change that is taken back ends its transfers and erases their traces",
          "[placement]") {
  const PlacementGoal goal = goal_of_nodes(3, 2);
  const PlacementGoal joined = goal_of(goal.ring.with_node({NodeId{4}}), 2);
  Placement placement(goal, 4);
  const PlacementChange there = placement.retarget(joined);
  const PlacementChange back = placement.retarget(goal);
  CHECK(back.ended.size() == there.transfers.size());
  CHECK(back.transfers.empty());
  REQUIRE(back.drops.size() == 1);
  CHECK(back.drops[0].worker == 3);
  CHECK(share_of(back.drops[0].ranges) == Approx(total_share(there.transfers)));

  // What is being erased there would take what is copied there along.
  CHECK(placement.retarget(joined).transfers.empty());
  const PlacementChange again = placement.erased(back.drops[0].id);
  CHECK(total_share(again.transfers) == Approx(total_share(there.transfers)));
}

TEST_CASE("Placement: the number of replicas can change", "[placement]") {
  const Ring ring(numbered_nodes(4));
  Placement placement(goal_of(ring, 1), 4);
  const PlacementChange more = placement.retarget(goal_of(ring, 3));
  CHECK(total_share(more.transfers) == Approx(2.0));
  CHECK(placement.degree() == 0);
  carry_out(placement, more);
  CHECK(placement.degree() == 3);

  const PlacementChange fewer = placement.retarget(goal_of(ring, 2));
  CHECK(fewer.transfers.empty());
  CHECK(placement.degree() == 0);
  double dropped = 0.0;
  for (const Drop& drop : fewer.drops)
    dropped += share_of(drop.ranges);
  CHECK(dropped == Approx(1.0));
  carry_out(placement, fewer);
  CHECK(placement.degree() == 2);
}

TEST_CASE("Placement: of holders too many the one that reads prefer remains", "[placement]") {
  const PlacementGoal goal = goal_of_nodes(3, 2);
  Placement placement(goal, 4);
  const PlacementChange change = placement.retarget(goal_of(Ring({{NodeId{4}}}), 1));
  CHECK(total_share(change.transfers) == 1.0);
  for (const RingPoint& point : goal.ring.points()) {
    const WorkerIndex preferred = targets_at(goal, point.position()).front();
    REQUIRE(holders_at(placement, point.position()) == std::vector{preferred});
  }
}

TEST_CASE("Placement: a drained worker keeps its copies while there are too few others",
          "[placement]") {
  const PlacementGoal goal = goal_of_nodes(3, 2);
  Placement placement(goal, 3);
  (void)placement.lose(0);
  const PlacementGoal drained = goal_of(goal.ring.without_node(NodeId{3}), 2);
  carry_out(placement, placement.retarget(drained));
  CHECK(placement.held_share(1) == 1.0);
  CHECK(placement.held_share(2) > 0.0);
  carry_out(placement, placement.revive(0));
  CHECK(placement.held_share(0) == 1.0);
  CHECK(placement.held_share(2) == 0.0);
  CHECK(placement.degree() == 2);
}

TEST_CASE("Placement: shares of fit holders have every held position once", "[placement]") {
  Placement placement(goal_of_nodes(5, 2), 5);
  (void)placement.lose(2);
  (void)placement.revive(2);  // being filled, so no holder
  (void)placement.lose(4);    // except where that was the last one
  const Placement::Shares shares = placement.shares([](WorkerIndex) { return true; });
  CHECK(shares.complete);
  std::vector<RingRange> all;
  for (WorkerIndex worker = 0; worker < 5; ++worker) {
    const std::vector<RingRange>& ranges = shares.of_worker[worker];
    for (const RingRange& range : ranges)
      REQUIRE(holders_at(placement, range.last).front() == worker);
    all.insert(all.end(), ranges.begin(), ranges.end());
  }
  std::ranges::sort(all, {}, &RingRange::first);
  for (std::size_t i = 1; i < all.size(); ++i)
    REQUIRE(all[i - 1].last + 1 == all[i].first);
  CHECK(share_of(all) == 1.0);
  CHECK(shares.of_worker[4].empty());
}

TEST_CASE("Placement: arcs without a fit holder are missing from the shares", "[placement]") {
  const Placement placement(goal_of_nodes(4, 2), 4);
  const auto without_first = placement.shares([](WorkerIndex worker) { return worker != 0; });
  CHECK(without_first.complete);  // all its arcs have a second holder
  CHECK(without_first.of_worker[0].empty());
  const auto only_first = placement.shares([](WorkerIndex worker) { return worker == 0; });
  CHECK_FALSE(only_first.complete);
  CHECK(share_of(only_first.of_worker[0]) == placement.held_share(0));
}

TEST_CASE("Placement: a forecast says what a change would copy, and changes nothing",
          "[placement]") {
  const PlacementGoal goal = goal_of_nodes(3, 1, RingOptions::balanced_points_per_node);
  const PlacementGoal joined = goal_of(goal.ring.with_node({NodeId{4}}), 1);
  const Placement placement(goal, 4);
  const PlacementForecast forecast = placement.forecast(joined);

  CHECK(forecast.moved_share == Approx(goal.ring.moved(joined.ring).fraction));
  CHECK(forecast.peak_to_mean == Approx(joined.ring.peak_to_mean()));
  REQUIRE(forecast.moves.size() == 3);
  for (WorkerIndex source = 0; source < 3; ++source) {
    CHECK(forecast.moves[source].source == source);
    CHECK(forecast.moves[source].destination == 3);
    CHECK(forecast.moves[source].share == Approx(0.25 / 3).margin(0.01));
  }
  CHECK(placement.degree() == 1);
  CHECK(placement.held_share(3) == 0.0);
  CHECK(placement.forecast(goal).moves.empty());
}

TEST_CASE("Placement: impossible goals are refused by name and leave the placement alone",
          "[placement]") {
  const Ring ring(numbered_nodes(2));
  Placement placement(goal_of(ring, 2), 2);
  CHECK_THROWS_WITH(placement.retarget(goal_of(ring, 0)), Contains("0 replicas"));
  CHECK_THROWS_WITH(placement.retarget(goal_of(ring, 4)), Contains("must be 1 to 3"));
  CHECK_THROWS_WITH(placement.retarget({ring, 1, {0}}), Contains("one worker for each node"));
  CHECK_THROWS_WITH(placement.retarget({ring, 1, {0, 2}}), Contains("no worker 2"));
  CHECK_THROWS_WITH(placement.retarget({ring, 1, {1, 1}}), Contains("worker 1 serves two"));
  CHECK_THROWS_AS(Placement(goal_of(ring, 1), 1), std::invalid_argument);
  CHECK(placement.degree() == 2);
}

}  // namespace
}  // namespace pkv

#include "coordinator/placement.hpp"
#include "coordinator/placement_support.hpp"
#include "ring/ring_support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace pkv {
namespace {

using test::covers;
using test::goal_of;

/// What a worker has of the entries at a position.
struct Stock {
  enum class State { nothing, partly, all, being_erased };
  State state = State::nothing;
  std::uint32_t id = 0;  ///< Of the transfer or the drop.

  friend bool operator==(const Stock&, const Stock&) = default;
};

using State = Stock::State;

/// Workers that do what a Placement tells, looked at in some positions: at each it is known what
/// every worker has, so that a wrong order to any of them shows.
class ModelCluster {
 public:
  ModelCluster(const PlacementGoal& goal, std::size_t worker_count, std::mt19937_64& random)
      : goal_(goal), held_goal_(goal), random_(random), placement_(goal, worker_count) {
    live_.resize(worker_count, true);
    watch(goal.ring);
    for (int i = 0; i < 40; ++i)
      watch_position(random_());
    check();
  }

  [[nodiscard]] std::size_t worker_count() const { return live_.size(); }
  [[nodiscard]] bool lives(WorkerIndex worker) const { return live_[worker]; }
  /// Something is to be copied or erased.
  [[nodiscard]] bool is_busy() const { return copying_count() > 0 || !drops_.empty(); }

  void lose(WorkerIndex worker) {
    live_[worker] = false;
    for (auto& [position, stocks] : stocks_)
      stocks[worker] = {};
    std::erase_if(drops_, [&](const auto& drop) { return drop.second.worker == worker; });
    carry_out(placement_.lose(worker));
  }

  void revive(WorkerIndex worker) {
    live_[worker] = true;
    carry_out(placement_.revive(worker));
  }

  /// From here on holders are kept, unless they die, and nobody becomes one, until release() is
  /// possible or it is given up.
  void hold() {
    if (!holding_) held_goal_ = goal_;
    holding_ = true;
    placement_.hold();
  }
  [[nodiscard]] bool holds() const { return holding_; }
  [[nodiscard]] bool can_release() const { return placement_.can_release(); }

  void release() {
    for (auto transfer = transfers_.begin(); transfer != transfers_.end();) {
      REQUIRE(placement_.waits(transfer->first));
      take_in(transfer->second);
      transfer = transfers_.erase(transfer);
    }
    holding_ = false;
    const PlacementChange change = placement_.release();
    REQUIRE(change.ended.empty());
    REQUIRE(change.transfers.empty());
    REQUIRE(change.losses.empty());
    REQUIRE(placement_.waiting().empty());
    carry_out(change);
    for (const auto& [position, stocks] : stocks_)
      REQUIRE(test::holders_at(placement_, position) == test::targets_at(goal_, position));
  }

  void stop_holding() {
    holding_ = false;
    placement_.stop_holding();
    retarget(held_goal_);
  }

  void retarget(const PlacementGoal& goal) {
    goal_ = goal;
    watch(goal.ring);
    const PlacementForecast forecast = placement_.forecast(goal);
    const PlacementChange change = placement_.retarget(goal);
    double moved = 0.0;
    for (const PlannedTransfer& transfer : change.transfers)
      moved += transfer.continues == 0 ? share_of(transfer.ranges) : 0.0;
    REQUIRE(forecast.moved_share == Approx(moved));
    carry_out(change);
  }

  /// Finishes a random transfer or drop. Requires: is_busy().
  void make_progress() {
    const std::size_t copying = copying_count();
    const std::size_t choice = random_() % (copying + drops_.size());
    if (choice < copying) {
      auto transfer = transfers_.begin();
      for (std::size_t left = choice; placement_.waits(transfer->first) || left-- > 0;)
        ++transfer;
      complete(transfer->second);
    } else {
      const std::size_t index = choice - copying;
      erase(std::next(drops_.begin(), static_cast<std::ptrdiff_t>(index))->second);
    }
  }

  /// Requires: all workers live, and !is_busy().
  void check_goal_is_reached() const {
    for (const auto& [position, stocks] : stocks_) {
      CAPTURE(position);
      REQUIRE(test::holders_at(placement_, position) == test::targets_at(goal_, position));
    }
    REQUIRE(placement_.degree() == std::min(goal_.replicas, goal_.ring.nodes().size()));
    REQUIRE(placement_.unheld_share() == 0.0);
  }

 private:
  using Stocks = std::vector<Stock>;

  void watch(const Ring& ring) {
    for (const RingPoint& point : ring.points()) {
      watch_position(point.position());
      watch_position(point.position() + 1);
    }
  }

  void watch_position(std::uint64_t position) {
    // What is there already is as on any position that has just the same neighbours: take it from
    // the placement, whose routes have been checked at all borders.
    Stocks stocks(live_.size());
    const Route& route = placement_.route(position);
    for (const WorkerIndex holder : route.holders())
      stocks[holder] = {State::all, 0};
    for (const Fill& fill : route.fills())
      stocks[fill.destination] = {State::partly, fill.transfer};
    for (const auto& [id, drop] : drops_) {
      if (covers(drop.ranges, position)) stocks[drop.worker] = {State::being_erased, id};
    }
    stocks_.try_emplace(position, stocks);
  }

  [[nodiscard]] std::size_t copying_count() const {
    return transfers_.size() - placement_.waiting().size();
  }

  /// The destination holds what it has been given, where the placement says so.
  void take_in(const PlannedTransfer& transfer) {
    for (auto& [position, stocks] : stocks_) {
      if (!covers(transfer.ranges, position)) continue;
      const Stock copied{State::partly, transfer.id};
      Stock& stock = stocks[transfer.destination];
      if (stock == copied) stock = {State::all, 0};
    }
  }

  void complete(PlannedTransfer transfer) {
    const PlacementChange change = placement_.complete(transfer.id);
    if (!placement_.waits(transfer.id)) transfers_.erase(transfer.id);
    for (auto& [position, stocks] : stocks_) {
      if (!covers(transfer.ranges, position)) continue;
      Stock& stock = stocks[transfer.destination];
      REQUIRE(placement_.route(position).fills_worker(transfer.destination) == holding_);
      const Stock copied{State::partly, transfer.id};
      REQUIRE(stock == copied);
      if (!holding_) stock = {State::all, 0};
    }
    REQUIRE(change.ended.empty());  // a source is not dropped while others need it
    REQUIRE(change.transfers.empty());
    carry_out(change);
  }

  void erase(Drop drop) {
    drops_.erase(drop.id);
    for (auto& [position, stocks] : stocks_) {
      if (covers(drop.ranges, position)) stocks[drop.worker] = {};
    }
    carry_out(placement_.erased(drop.id));
  }

  void carry_out(const PlacementChange& change) {
    const std::map<std::uint64_t, Stocks> before = stocks_;
    for (const std::uint32_t id : change.ended)
      REQUIRE(transfers_.erase(id) == 1);
    for (const PlannedTransfer& transfer : change.transfers)
      start(transfer);
    for (const Drop& drop : change.drops)
      start(drop);
    for (auto& [position, stocks] : stocks_) {
      CAPTURE(position);
      take_losses(position, stocks, change.losses);
      check_nothing_is_given_away(before.at(position), stocks);
    }
    check();
  }

  void start(const PlannedTransfer& transfer) {
    CAPTURE(transfer.id, transfer.continues, transfer.source, transfer.destination);
    REQUIRE(test::are_sorted_and_apart(transfer.ranges));
    REQUIRE(is_fresh(transfer.id));
    REQUIRE(live_[transfer.destination]);
    const Stock expected =
        transfer.continues == 0 ? Stock{} : Stock{State::partly, transfer.continues};
    for (auto& [position, stocks] : stocks_) {
      if (!covers(transfer.ranges, position)) continue;
      CAPTURE(position);
      REQUIRE(stocks[transfer.source].state == State::all);
      REQUIRE(stocks[transfer.destination] == expected);
      stocks[transfer.destination] = {State::partly, transfer.id};
    }
    transfers_.emplace(transfer.id, transfer);
  }

  void start(const Drop& drop) {
    CAPTURE(drop.id, drop.worker);
    REQUIRE(test::are_sorted_and_apart(drop.ranges));
    REQUIRE(is_fresh(drop.id));
    REQUIRE(live_[drop.worker]);
    for (auto& [position, stocks] : stocks_) {
      if (!covers(drop.ranges, position)) continue;
      CAPTURE(position);
      const Stock& stock = stocks[drop.worker];
      REQUIRE((stock.state == State::all || stock.state == State::partly));
      stocks[drop.worker] = {State::being_erased, drop.id};
    }
    drops_.emplace(drop.id, drop);
  }

  /// A worker may become a holder without a copy only where nobody has one, and not in silence.
  void take_losses(std::uint64_t position, Stocks& stocks, const std::vector<Loss>& losses) {
    const bool somebody_has_all =
        std::ranges::any_of(stocks, [](const Stock& stock) { return stock.state == State::all; });
    for (const WorkerIndex holder : placement_.route(position).holders()) {
      Stock& stock = stocks[holder];
      if (stock.state == State::all) continue;
      CAPTURE(holder);
      REQUIRE_FALSE(somebody_has_all);
      REQUIRE(stock.state != State::being_erased);
      REQUIRE(std::ranges::any_of(losses, [&](const Loss& loss) {
        return loss.worker == holder && loss.salvaged_from == stock.id && loss.share > 0.0;
      }));
      stock = {State::all, 0};
    }
  }

  /// Copies are dropped only if as many as wanted remain.
  void check_nothing_is_given_away(const Stocks& before, const Stocks& after) const {
    const auto has_all = [](const Stock& stock) { return stock.state == State::all; };
    const auto wanted = std::min(goal_.replicas, goal_.ring.nodes().size());
    const auto had = static_cast<std::size_t>(std::ranges::count_if(before, has_all));
    const auto has = static_cast<std::size_t>(std::ranges::count_if(after, has_all));
    if (!holding_) {
      REQUIRE(has >= std::min(wanted, had));
      REQUIRE(has <= wanted);
      return;
    }
    // Neither may anybody become a holder: whoever is told of the former ones does not know it.
    for (std::size_t worker = 0; worker < live_.size(); ++worker)
      if (live_[worker]) REQUIRE(has_all(before[worker]) == has_all(after[worker]));
  }

  [[nodiscard]] bool is_fresh(std::uint32_t id) {
    const bool is_higher = id > 0 && std::ranges::find(used_ids_, id) == used_ids_.end();
    used_ids_.push_back(id);
    return is_higher;
  }

  [[nodiscard]] bool is_erasing(WorkerIndex worker) const {
    return std::ranges::any_of(drops_,
                               [&](const auto& drop) { return drop.second.worker == worker; });
  }

  void check() const {
    bool is_even = drops_.empty();
    const std::size_t copies = placement_.route(0).holders().size();
    for (const auto& [position, stocks] : stocks_) {
      CAPTURE(position);
      check_position(position, stocks);
      const Route& route = placement_.route(position);
      is_even = is_even && !route.filling() && route.holders().size() == copies;
    }
    // Every border is watched, so no arc can differ unseen.
    REQUIRE(placement_.degree() == (is_even ? copies : 0));
  }

  void check_position(std::uint64_t position, const Stocks& stocks) const {
    const Route& route = placement_.route(position);
    for (std::size_t index = 0; index < stocks.size(); ++index) {
      const auto worker = static_cast<WorkerIndex>(index);
      CAPTURE(worker);
      REQUIRE(route.holders().contains(worker) == (stocks[worker].state == State::all));
      REQUIRE(route.fills_worker(worker) == (stocks[worker].state == State::partly));
      if (!live_[worker]) REQUIRE(stocks[worker] == Stock{});
    }
    for (const Fill& fill : route.fills())
      check_fill(position, route, fill, stocks);
    for (const WorkerIndex target : test::targets_at(goal_, position)) {
      CAPTURE(target);
      const bool cannot_yet =
          !live_[target] || is_erasing(target) || (holding_ && route.holders().empty());
      REQUIRE((route.holders().contains(target) || route.fills_worker(target) || cannot_yet));
    }
  }

  void check_fill(std::uint64_t position, const Route& route, const Fill& fill,
                  const Stocks& stocks) const {
    const Stock expected{State::partly, fill.transfer};
    REQUIRE(stocks[fill.destination] == expected);
    REQUIRE(route.holders().contains(fill.source));
    REQUIRE(std::ranges::count(test::targets_at(goal_, position), fill.destination) == 1);
    const PlannedTransfer& transfer = transfers_.at(fill.transfer);
    REQUIRE(transfer.source == fill.source);
    REQUIRE(transfer.destination == fill.destination);
    REQUIRE(covers(transfer.ranges, position));
  }

  PlacementGoal goal_;
  PlacementGoal held_goal_;  ///< When hold() began.
  std::mt19937_64& random_;
  Placement placement_;
  bool holding_ = false;
  std::vector<bool> live_;
  std::map<std::uint64_t, Stocks> stocks_;  ///< By position.
  std::map<std::uint32_t, PlannedTransfer> transfers_;
  std::map<std::uint32_t, Drop> drops_;
  std::vector<std::uint32_t> used_ids_;
};

/// Some of the workers, with weights and hosts.
PlacementGoal random_goal(std::mt19937_64& random, std::size_t worker_count, std::size_t points) {
  std::vector<RingNode> nodes;
  while (nodes.empty()) {
    for (std::uint32_t id = 1; id <= worker_count; ++id) {
      if (random() % 4 == 0) continue;
      const double weight = 0.5 + static_cast<double>(random() % 4) / 2.0;
      const std::string host = random() % 2 == 0 ? "" : "host" + std::to_string(random() % 4);
      nodes.push_back({NodeId{id}, weight, host});
    }
  }
  return goal_of(Ring(nodes, test::with_points(points)), 1 + random() % max_replicas);
}

void take_random_step(ModelCluster& cluster, std::mt19937_64& random, std::size_t points,
                      bool may_hold) {
  const auto worker = static_cast<WorkerIndex>(random() % cluster.worker_count());
  const auto dice = random() % 100;
  if (cluster.holds() && cluster.can_release() && dice % 2 == 0) {
    cluster.release();
  } else if (cluster.holds() && dice % 16 == 1) {
    cluster.stop_holding();
  } else if (dice < 50 && cluster.is_busy()) {
    cluster.make_progress();
  } else if (dice < 65 && cluster.lives(worker)) {
    cluster.lose(worker);
  } else if (dice < 90 && !cluster.lives(worker)) {
    cluster.revive(worker);
  } else if (dice >= 90) {
    if (may_hold && random() % 2 == 0) cluster.hold();
    cluster.retarget(random_goal(random, cluster.worker_count(), points));
  }
}

TEST_CASE("Placement: whatever happens, workers have just what the routes say", "[placement]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  const bool may_hold = GENERATE(false, true);
  CAPTURE(may_hold);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const std::size_t worker_count = 1 + random() % 12;
    const std::size_t points = 1 + random() % 4;
    ModelCluster cluster(random_goal(random, worker_count, points), worker_count, random);
    for (int step = 0; step < 60; ++step) {
      CAPTURE(step);
      take_random_step(cluster, random, points, may_hold);
    }
    for (std::size_t worker = 0; worker < worker_count; ++worker) {
      if (!cluster.lives(static_cast<WorkerIndex>(worker)))
        cluster.revive(static_cast<WorkerIndex>(worker));
    }
    while (cluster.is_busy())
      cluster.make_progress();
    if (cluster.holds()) cluster.can_release() ? cluster.release() : cluster.stop_holding();
    while (cluster.is_busy())
      cluster.make_progress();
    cluster.check_goal_is_reached();
  }
}

}  // namespace
}  // namespace pkv

// What passing work between rank 0's two threads costs: the queue, and waking who sleeps

#include "mpi/doorbell.hpp"
#include "mpi/hand_off.hpp"
#include "wire/transport.hpp"

#include <benchmark/benchmark.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <poll.h>
#include <thread>
#include <utility>
#include <vector>

// The items are arrivals, frames without a body: what the MPI thread hands to the I/O thread. A
// batch is what one give() carries.
namespace {

using namespace pkv;
using mpi::Doorbell;
using mpi::HandOff;

using Queue = HandOff<wire::Arrival>;

std::size_t batch_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void report_items(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// One thread gives and takes: the price of the two calls when nobody is in the way. A batch moves
/// as a whole, so its size should make no difference.
void give_and_take(benchmark::State& state) {
  Queue queue;
  std::vector<wire::Arrival> given(batch_of(state));
  std::vector<wire::Arrival> taken;
  for (auto _ : state) {
    benchmark::DoNotOptimize(queue.give(given));
    queue.take(taken);
    given.swap(taken);
  }
}

/// What a look into an empty queue costs, which both threads do often.
void take_nothing(benchmark::State& state) {
  Queue queue;
  std::vector<wire::Arrival> taken;
  for (auto _ : state) {
    queue.take(taken);
    benchmark::DoNotOptimize(taken.data());
  }
}

/// Moves `count` items from one vector to another.
void move_some(std::vector<wire::Arrival>& from, std::size_t count,
               std::vector<wire::Arrival>& to) {
  const auto first = from.end() - static_cast<std::ptrdiff_t>(count);
  to.insert(to.end(), std::make_move_iterator(first), std::make_move_iterator(from.end()));
  from.erase(first, from.end());
}

/// One thread gives batches, another takes what there is and hands it back for further use: a
/// bounded number of items is under way, as slots bound it in the server. Items per second are
/// counted in one direction.
void between_threads(benchmark::State& state) {
  constexpr std::size_t batches_under_way = 16;
  const std::size_t batch = batch_of(state);
  Queue there;
  Queue back;
  std::atomic<bool> stopping{false};
  std::thread taker([&] {
    std::vector<wire::Arrival> taken;
    while (!stopping.load(std::memory_order_relaxed)) {
      there.take(taken);
      if (taken.empty())
        std::this_thread::yield();
      else
        back.give(taken);
    }
  });

  std::vector<wire::Arrival> idle(batches_under_way * batch);
  std::vector<wire::Arrival> given;
  for (auto _ : state) {
    for (back.take(idle); idle.size() < batch; back.take(idle))
      std::this_thread::yield();
    move_some(idle, batch, given);
    there.give(given);
  }
  report_items(state);
  stopping.store(true);
  taker.join();
}

void ring_awake(benchmark::State& state) {
  Doorbell doorbell;
  for (auto _ : state)
    doorbell.ring();
}

/// The sleeper's own part when nobody rings.
void lie_down_and_get_up(benchmark::State& state) {
  Doorbell doorbell;
  for (auto _ : state) {
    doorbell.lie_down();
    doorbell.get_up();
  }
}

/// As before with a ring in between, which now is a system call.
void lie_down_ring_and_get_up(benchmark::State& state) {
  Doorbell doorbell;
  for (auto _ : state) {
    doorbell.lie_down();
    doorbell.ring();
    doorbell.get_up();
  }
}

/// Sleeps until `done()`; whoever makes it true rings afterwards.
template <class Done>
void sleep_until(Doorbell& doorbell, Done done) {
  while (!done()) {
    doorbell.lie_down();
    pollfd bell{doorbell.descriptor(), POLLIN, 0};
    if (!done()) poll(&bell, 1, -1);
    doorbell.get_up();
  }
}

/// Two threads that wake each other in turn. One iteration is there and back: two wake-ups.
void wake_there_and_back(benchmark::State& state) {
  Doorbell there;
  Doorbell back;
  std::atomic<std::int64_t> asked{0};
  std::atomic<std::int64_t> answered{0};
  constexpr std::int64_t stop = -1;
  std::thread sleeper([&] {
    for (std::int64_t seen = 0; seen != stop;) {
      sleep_until(there, [&] { return asked.load() != seen; });
      seen = asked.load();
      answered.store(seen);
      back.ring();
    }
  });

  std::int64_t turn = 0;
  for (auto _ : state) {
    asked.store(++turn);
    there.ring();
    sleep_until(back, [&] { return answered.load() == turn; });
  }
  asked.store(stop);
  there.ring();
  sleeper.join();
}

void batch_sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("batch")->Arg(1)->Arg(16)->Arg(256);
}

BENCHMARK(give_and_take)->Apply(batch_sizes);
BENCHMARK(take_nothing);
BENCHMARK(between_threads)->Apply(batch_sizes)->UseRealTime();
BENCHMARK(ring_awake);
BENCHMARK(lie_down_and_get_up);
BENCHMARK(lie_down_ring_and_get_up);
BENCHMARK(wake_there_and_back)->UseRealTime();

}  // namespace

#include "evaluation/measure.hpp"

#include "evaluation/client_run.hpp"
#include "evaluation/server_figures.hpp"
#include "support/server_process.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace pkv::evaluation {
namespace {

namespace asio = boost::asio;
using Clients = std::vector<std::unique_ptr<ClientRun>>;

/// How many of `total` fall to one of `parts`: as even as whole numbers can be.
std::size_t part_of(std::size_t total, std::size_t parts, std::size_t part) {
  return total / parts + (part < total % parts ? 1 : 0);
}

/// Waits for the outcome of something that runs on `io`.
template <class T>
T finish(asio::io_context& io, std::future<T>& outcome) {
  while (outcome.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    if (io.stopped()) io.restart();
    io.run_one();
  }
  return outcome.get();
}

template <class T>
T run(asio::io_context& io, asio::awaitable<T> work) {
  std::future<T> outcome = co_spawn(io, std::move(work), asio::use_future);
  return finish(io, outcome);
}

/// Runs one coroutine for each client, all at the same time.
template <class Work>
void run_all(asio::io_context& io, const Clients& clients, Work work) {
  std::vector<std::future<void>> outcomes;
  for (std::size_t i = 0; i < clients.size(); ++i)
    outcomes.push_back(co_spawn(io, work(*clients[i], i), asio::use_future));
  for (std::future<void>& outcome : outcomes)
    finish(io, outcome);
}

void check_number_of_keys(asio::io_context& io, const Clients& clients) {
  std::size_t expected = 0;
  for (const auto& client : clients)
    expected += client->size();
  const Reply keys = run(io, ask(clients.front()->client(), Command("DBSIZE")));
  if (keys != Reply::integer(static_cast<std::int64_t>(expected)))
    throw Failure("the server holds " + to_text(keys) + " keys instead of " +
                  std::to_string(expected));
}

void check_counts(const Measurement& measurement) {
  std::size_t operations = 0;
  for (const OperationTimes& times : measurement.times)
    operations += times.count;
  std::size_t requests = 0;
  for (const NodeLoad& node : measurement.nodes)
    requests += node.requests;
  if (operations != measurement.operations || requests != measurement.operations)
    throw Failure("of " + std::to_string(measurement.operations) + " operations rank 0 timed " +
                  std::to_string(operations) + " and counted " + std::to_string(requests));
}

Measurement measure_with(asio::io_context& io, const Settings& settings, const Clients& clients) {
  Client& first = clients.front()->client();
  run_all(io, clients, [&](ClientRun& client, std::size_t i) {
    return client.load(part_of(settings.keys, clients.size(), i));
  });
  run(io, reset_figures(first));

  Measurement measurement;
  measurement.operations = settings.operations;
  measurement.clients = static_cast<int>(clients.size());
  const auto begin = std::chrono::steady_clock::now();
  run_all(io, clients, [&](ClientRun& client, std::size_t i) {
    return client.operate(part_of(settings.operations, clients.size(), i));
  });
  const std::chrono::duration<double> duration = std::chrono::steady_clock::now() - begin;
  measurement.seconds = duration.count();
  measurement.nodes = run(io, fetch_loads(first));
  measurement.times = run(io, fetch_times(first));

  check_counts(measurement);
  run_all(io, clients, [](ClientRun& client, std::size_t) { return client.check_all(); });
  check_number_of_keys(io, clients);
  return measurement;
}

}  // namespace

Measurement measure(const Settings& settings, int workers) {
  test::ServerSettings server_settings;
  server_settings.workers = workers;
  test::ServerProcess server(server_settings);
  Measurement measurement;
  {
    asio::io_context io(1);
    Clients clients;
    for (int number = 0; number < workers; ++number) {
      clients.push_back(std::make_unique<ClientRun>(io.get_executor(), settings, number));
      run(io, clients.back()->connect(server.port()));
    }
    measurement = measure_with(io, settings, clients);
  }
  measurement.workers = workers;
  if (const int status = server.stop(); status != 0)
    throw Failure("the server ended with status " + std::to_string(status) + ":\n" +
                  server.child().errors());
  return measurement;
}

}  // namespace pkv::evaluation

#include "pkv_server/control_server.hpp"

#include "pkv_server/machine.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace pkv::server {
namespace {

namespace asio = boost::asio;
namespace control = mpi::control;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto accept_retry = 100ms;
/// Connections that may be open beside the keepers' own.
constexpr std::size_t most_strangers = 64;

/// Of both families if there are several machines, as it is not known which one reaches us.
tcp::endpoint listening_address(bool one_host) {
  if (one_host) return {asio::ip::address_v4::loopback(), 0};
  return {asio::ip::address_v6::any(), 0};
}

tcp::acceptor listen(asio::io_context& io, bool one_host) {
  try {
    return {io, listening_address(one_host)};
  } catch (const boost::system::system_error&) {
    if (one_host) throw;
    return {io, tcp::endpoint(asio::ip::address_v4::any(), 0)};  // a machine without IPv6
  }
}

}  // namespace

ControlServer::ControlServer(asio::io_context& io, Settings settings)
    : io_(io),
      settings_(std::move(settings)),
      token_(random_token()),
      acceptor_(listen(io, settings_.one_host)),
      ticks_(io),
      accept_pause_(io),
      workers_(settings_.workers, Worker(settings_.patience)) {
  control::Endpoint endpoint;
  endpoint.port = acceptor_.local_endpoint().port();
  endpoint.token = token_;
  endpoint.addresses =
      settings_.one_host ? std::vector<std::string>{"127.0.0.1"} : machine_addresses();
  endpoint_ = control::encode(endpoint);
  accept();
  watch();
}

void ControlServer::replace(std::size_t worker, std::uint32_t epoch) {
  Worker& replaced = workers_.at(worker);
  replaced.watch.give_up(epoch);
  order_restart(replaced, epoch);
}

void ControlServer::kill(std::size_t worker) {
  if (const Session session = workers_.at(worker).session) session->order(control::Kill{});
}

bool ControlServer::leave_all(std::chrono::milliseconds patience) {
  leaving_ = true;
  ticks_.cancel();
  for (Worker& worker : workers_)
    order_leave(worker);
  const auto give_up_at = std::chrono::steady_clock::now() + patience;
  io_.restart();
  while (!all_have_left() && io_.run_one_until(give_up_at) != 0) {
  }
  error_code ignored;
  acceptor_.close(ignored);
  return all_have_left();
}

std::vector<std::size_t> ControlServer::unheard_workers() const {
  std::vector<std::size_t> unheard;
  for (std::size_t worker = 0; worker < workers_.size(); ++worker)
    if (!workers_[worker].watch.is_ready()) unheard.push_back(worker);
  return unheard;
}

void ControlServer::accept() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) {
      open_session(std::move(socket));
      accept();
      return;
    }
    accept_pause_.expires_after(accept_retry);  // no more descriptors, perhaps
    accept_pause_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) accept();
    });
  });
}

void ControlServer::open_session(tcp::socket socket) {
  if (sessions_.size() >= workers_.size() + most_strangers) return;
  ControlSession::Callbacks callbacks;
  callbacks.report = [this](const Session& session, const control::Report& report) {
    on_report(session, report);
  };
  callbacks.ended = [this](const Session& session) { on_end(session); };
  const auto session =
      std::make_shared<ControlSession>(std::move(socket), token_, std::move(callbacks));
  sessions_.insert(session);
  session->start();
}

void ControlServer::on_report(const Session& session, const control::Report& report) {
  const auto rank = static_cast<std::size_t>(session->rank());
  if (session->rank() < 1 || rank > workers_.size()) {
    session->close();
    sessions_.erase(session);
    return;
  }
  std::visit([&](const auto& message) { this->report(rank - 1, session, message); }, report);
}

void ControlServer::on_end(const Session& session) {
  // The worker is not lost by that: it goes on working, and its keeper connects again. If not, its
  // silence will tell.
  for (Worker& worker : workers_)
    if (worker.session == session) worker.session.reset();
  sessions_.erase(session);
}

void ControlServer::report(std::size_t worker, const Session& session, const control::Hello&) {
  Worker& greeted = workers_[worker];
  if (greeted.session && greeted.session != session) {
    sessions_.erase(greeted.session);
    greeted.session->close();  // one that its keeper has given up
  }
  greeted.session = session;
  if (leaving_)
    order_leave(greeted);
  else if (greeted.restart_ordered != 0)
    session->order(control::Restart{greeted.restart_ordered});
}

void ControlServer::report(std::size_t worker, const Session&, const control::Started& started) {
  workers_[worker].process_id = started.process_id;
  conclude(worker, workers_[worker].watch.started(started.epoch));
}

void ControlServer::report(std::size_t worker, const Session& session,
                           const control::Ready& ready) {
  const WorkerWatch::Finding finding = workers_[worker].watch.ready(ready.epoch);
  conclude(worker, finding);
  if (!finding.ready) return;
  const WorkerReady found{worker, ready.epoch, ready.process_id, session->host(), ready.address};
  asio::post(io_, [this, found] {
    if (on_ready_) on_ready_(found);
  });
}

void ControlServer::report(std::size_t worker, const Session&, const control::Beat& beat) {
  workers_[worker].watch.beat(beat.epoch, beat.progress);
}

void ControlServer::report(std::size_t worker, const Session&, const control::Dead& dead) {
  conclude(worker, workers_[worker].watch.dead(dead.epoch, dead.how));
}

void ControlServer::conclude(std::size_t worker, const WorkerWatch::Finding& finding) {
  Worker& judged = workers_[worker];
  if (finding.must_restart) order_restart(judged, finding.epoch);
  if (!finding.lost) return;
  const WorkerLost found{worker, finding.lost->epoch, finding.lost->why, judged.session != nullptr};
  asio::post(io_, [this, found] {
    if (on_lost_) on_lost_(found);
  });
}

void ControlServer::order_restart(Worker& worker, std::uint32_t epoch) {
  worker.restart_ordered = epoch;
  if (const Session session = worker.session) session->order(control::Restart{epoch});
}

void ControlServer::order_leave(Worker& worker) {
  const Session session = worker.session;
  if (!session) return;
  worker.told_to_leave = true;
  session->order(control::Leave{});
}

bool ControlServer::all_have_left() const {
  return std::ranges::all_of(
      workers_, [](const Worker& worker) { return worker.told_to_leave && !worker.session; });
}

void ControlServer::watch() {
  // Counted from now, not from the last tick: after a pause of this process there is one tick, not
  // as many as were missed.
  ticks_.expires_after(tick_interval);
  ticks_.async_wait([this](const error_code& cancelled) {
    if (cancelled || leaving_) return;
    for (std::size_t worker = 0; worker < workers_.size(); ++worker)
      conclude(worker, workers_[worker].watch.tick());
    watch();
  });
}

}  // namespace pkv::server

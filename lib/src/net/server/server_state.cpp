#include "net/server/server_state.hpp"

#include "net/no_throw.hpp"
#include "net/prepare_connection.hpp"
#include "protocol/error_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <span>
#include <stdexcept>
#include <utility>

namespace pkv {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// When the system has no more descriptors or memory for a connection: it may have some soon.
constexpr std::chrono::milliseconds accept_retry_pause{100};

Ring make_ring(const ServerOptions& options) {
  std::vector<RingNode> nodes;
  if (options.spares >= options.nodes.size() && options.spares > 0)
    throw std::invalid_argument("all nodes are spare: there must be more nodes than spare ones");
  for (const ServerNode& node :
       std::span(options.nodes).first(options.nodes.size() - options.spares))
    if (!node.drained) nodes.push_back({node.id, node.weight, node.host});
  return Ring(std::move(nodes), options.ring);
}

Coordinator::Settings settings_of(const ServerOptions& options) {
  Coordinator::Settings settings{options.limits.max_worker_queue_bytes,
                                 options.limits.reply_timeout};
  settings.replicas = options.replicas;
  settings.workers_return = options.replace_worker != nullptr;
  settings.max_memory = options.max_memory;
  settings.copying.budget.bytes_per_second = options.copy_limit;
  return settings;
}

bool is_shortage(const boost::system::error_code& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space ||
         error == boost::system::errc::too_many_files_open_in_system;
}

}  // namespace

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string host = endpoint.address().is_v6() ? "[" + address + "]" : address;
  return host + ":" + std::to_string(endpoint.port());
}

Server::State::State(asio::io_context& io, ServerOptions options,
                     std::unique_ptr<LoopbackTransport> transport)
    : State(io, std::move(options), *transport) {
  own_transport_ = std::move(transport);
}

Server::State::State(asio::io_context& io, ServerOptions options, wire::Transport& transport)
    : io_(io),
      transport_(transport),
      options_(std::move(options)),
      coordinator_(make_ring(options_), options_.nodes, transport, settings_of(options_),
                   options_.log),
      cluster_(coordinator_,
               {.replace = options_.replace_worker,
                .kill = options_.kill_worker,
                .come_back = options_.workers_return,
                .entries_last = options_.entries_last,
                .note_whole = options_.note_whole,
                .note_trust = options_.note_trust,
                .note_ring = options_.note_ring},
               options_.log),
      service_(coordinator_, cluster_, options_.limits, options_.log, options_.bind_address),
      budget_(options_.limits.total_input_bytes),
      acceptor_(io),
      accept_pause_(io),
      reply_timer_(io),
      deadline_timer_(io),
      cluster_timer_(io),
      service_timer_(io),
      expiry_timer_(io),
      stop_timer_(io) {
  const tcp::endpoint wanted(asio::ip::make_address(options_.bind_address), options_.port);
  service_.entries_last = options_.entries_last;
  if (options_.entries_last) service_.expirer.note(1);  // what the files hold is not known
  service_.durability = options_.durability;
  service_.entries_rewritten = options_.entries_rewritten;
  service_.rewriting_time = options_.rewriting_time;
  service_.commands_completed = options_.commands_completed;
  acceptor_.open(wanted.protocol());
  acceptor_.set_option(tcp::acceptor::reuse_address(true));
  acceptor_.bind(wanted);
  acceptor_.listen(asio::socket_base::max_listen_connections);
  endpoint_ = acceptor_.local_endpoint();
  service_.port = endpoint_.port();
  service_.snapshots.keep_in(options_.snapshot_folder);
  if (!options_.restore_folder.empty())
    restore_.emplace(coordinator_, service_.key_counts, options_.restore_folder, options_.log);
}

void Server::State::start() {
  const std::weak_ptr<State> weak = weak_from_this();
  coordinator_.schedule_turns_with([this, weak] {
    asio::post(io_, [weak] {
      if (const auto self = weak.lock()) self->end_turn();
    });
  });
  // Called from the transport's thread, perhaps after the server: it touches nothing but `io`.
  transport_.notify_with([&io = io_, weak] {
    asio::post(io, [weak] {
      if (const auto self = weak.lock()) self->on_arrivals();
    });
  });
  if (options_.has_leftovers)
    asio::post(io_, [weak] {
      if (const auto self = weak.lock()) self->remove_leftovers();
    });
  if (restore_)
    asio::post(io_, [weak] {
      if (const auto self = weak.lock()) self->restore();
    });
  else
    accept();
}

void Server::State::remove_leftovers() {
  coordinator_.update_clock();
  cluster_.remove_leftovers();
  end_turn();
}

void Server::State::restore() {
  coordinator_.update_clock();
  restore_->begin([this](const std::string& failure) {
    if (failure.empty()) accept();
    if (options_.restored) options_.restored(failure);
  });
  end_turn();
}

void Server::State::accept() {
  accepting_ = true;
  asio::co_spawn(io_, accept_clients(), [weak = weak_from_this()](std::exception_ptr failure) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->accepting_ = false;
    if (failure != nullptr)
      self->log(LogLevel::error, "the server stopped accepting clients: out of memory");
    self->check_if_stopped();
  });
}

asio::awaitable<void> Server::State::accept_clients() {
  bool short_of_resources = false;
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(no_throw);
    if (!acceptor_.is_open()) break;
    if (!error) {
      short_of_resources = false;
      admit(std::move(socket));
      continue;
    }
    if (!is_shortage(error)) continue;  // the client gave up before it was its turn
    if (!std::exchange(short_of_resources, true))
      log(LogLevel::warning,
          "cannot accept a client: " + error.message() +
              "; raise the limit of open files (ulimit -n) or lower --max-clients");
    accept_pause_.expires_after(accept_retry_pause);
    co_await accept_pause_.async_wait(no_throw);
  }
}

void Server::State::admit(Socket socket) {
  if (sessions_.size() >= options_.limits.max_clients) {
    refuse(std::move(socket));
    return;
  }
  boost::system::error_code ignored;  // the client may be gone already; reading will tell
  prepare_connection(socket);
  socket.non_blocking(true, ignored);
  const std::uint64_t id = ++last_session_;
  auto session = std::make_shared<Session>(std::move(socket), service_, budget_, id);
  sessions_.emplace(id, session);
  service_.clients = sessions_.size();
  ++coordinator_.statistics().connections_accepted;
  asio::co_spawn(io_, serve(std::move(session)), [weak = weak_from_this(), id](std::exception_ptr) {
    if (const auto self = weak.lock()) self->remove(id);
  });
}

void Server::State::refuse(Socket socket) {
  ++coordinator_.statistics().connections_refused;
  boost::system::error_code ignored;  // it is told if it can be told without waiting
  socket.non_blocking(true, ignored);
  const std::string line = "-" + std::string(error_text::too_many_clients) + "\r\n";
  socket.write_some(asio::buffer(line), ignored);
}

void Server::State::remove(std::uint64_t session) {
  sessions_.erase(session);
  service_.clients = sessions_.size();
  check_if_stopped();
}

void Server::State::on_arrivals() {
  coordinator_.update_clock();
  coordinator_.collect();
  if (over_) return;
  cluster_.step();
  // Copying goes on as soon as it can, not when the next client comes.
  if (needs_turns())
    end_turn();
  else
    tell_owners();
  watch_expiry();
}

void Server::State::end_turn() {
  if (over_) return;
  if (restore_) restore_->step();
  service_.step();
  coordinator_.end_turn();
  tell_owners();
  watch_deadlines();
  watch_cluster();
  watch_service();
  watch_expiry();
}

void Server::State::worker_ready(WorkerReady ready) {
  if (over_) return;
  coordinator_.update_clock();
  cluster_.worker_ready(std::move(ready));
  if (service_.entries_last) service_.expirer.note(1);
  end_turn();
}

void Server::State::worker_lost(const WorkerLost& lost) {
  if (over_) return;
  coordinator_.update_clock();
  cluster_.worker_lost(lost);
  end_turn();
}

void Server::State::even_out_copies(std::span<const std::size_t> least_trusted_first,
                                    std::function<void()> done) {
  coordinator_.update_clock();
  cluster_.even_out_copies(least_trusted_first, std::move(done));
  end_turn();
}

void Server::State::stop(std::chrono::milliseconds patience, std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  if (restore_) restore_->stop();
  close();
  for (const auto& [id, session] : sessions_)
    session->finish();
  stop_timer_.expires_after(patience);
  stop_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self != nullptr) self->cut_sessions();
  });
  check_if_stopped();
}

void Server::State::cut_sessions() {
  log(LogLevel::warning, std::to_string(sessions_.size()) + " clients were cut off at shutdown");
  for (const auto& [id, session] : sessions_)
    session->cut();
}

void Server::State::abandon_sessions() noexcept {
  for (const auto& [id, session] : sessions_)
    session->abandon();
}

void Server::State::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
}

void Server::State::check_if_stopped() {
  if (!stopped_ || accepting_ || !sessions_.empty()) return;
  stop_timer_.cancel();
  stop_watching();
  over_ = true;
  std::exchange(stopped_, nullptr)();
}

void Server::State::log(LogLevel level, const std::string& line) const {
  if (options_.log) options_.log(level, line);
}

}  // namespace pkv

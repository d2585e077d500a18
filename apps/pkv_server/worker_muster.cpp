#include "pkv_server/worker_muster.hpp"

#include "mpi/environment.hpp"

#include <cstdio>
#include <pthread.h>
#include <string>

namespace pkv::server {

WorkerMuster::WorkerMuster(boost::asio::io_context& io, ControlServer& control, std::size_t workers,
                           std::chrono::milliseconds patience)
    : io_(io), control_(control), workers_(workers), deadline_(io) {
  control_.on_lost([this](const WorkerLost& lost) { ready_.erase(lost.worker); });
  control_.on_ready([this](const WorkerReady& ready) {
    ready_.insert_or_assign(ready.worker, ready);
    if (complete_ || ready_.size() < workers_) return;
    complete_ = true;
    std::vector<WorkerReady> all;
    for (const auto& [worker, process] : ready_)
      all.push_back(process);
    all_ready_.set_value(std::move(all));
    io_.stop();  // what comes from here on is for those who are told of it after this
  });
  deadline_.expires_after(patience);
  deadline_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && !complete_) give_up();
  });
  thread_ = std::jthread([this] {
    pthread_setname_np(pthread_self(), "pkv io");
    io_.run();
  });
}

WorkerMuster::~WorkerMuster() {
  stop_thread();
}

std::vector<WorkerReady> WorkerMuster::wait() {
  std::vector<WorkerReady> all = all_ready_.get_future().get();
  stop_thread();
  deadline_.cancel();
  control_.on_ready({});
  control_.on_lost({});
  return all;
}

void WorkerMuster::give_up() const {
  std::string missing;
  for (const std::size_t worker : control_.unheard_workers())
    missing += ' ' + std::to_string(worker + 1);
  std::fprintf(stderr, "pkv_server: these ranks did not get ready in time:%s\n", missing.c_str());
  mpi::Environment::leave(1);
}

void WorkerMuster::stop_thread() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
  io_.restart();
}

}  // namespace pkv::server

#pragma once

#include "pkv/worker_process.hpp"

#include "pkv_server/control_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <future>
#include <map>
#include <thread>
#include <vector>

namespace pkv::server {

/// Waits, at the start of a job, until there is a process that is ready for each worker.
///
/// Meanwhile it runs the io_context on a thread of its own: the calling thread is in MPI_Init,
/// which returns only when all ranks have come, and workers that die before that must be noticed.
///
/// Thread safety: none; lives on the main thread, beside its own.
/// Lifetime: `io` and `control` must outlive it.
/// Errors: if the workers do not come in time, it says which and leaves the process with status 1.
class WorkerMuster {
 public:
  /// Takes both callbacks of `control`.
  WorkerMuster(boost::asio::io_context& io, ControlServer& control, std::size_t workers,
               std::chrono::milliseconds patience);
  WorkerMuster(const WorkerMuster&) = delete;
  WorkerMuster& operator=(const WorkerMuster&) = delete;
  ~WorkerMuster();

  /// In the order of the workers. Nobody runs `io` afterwards.
  [[nodiscard]] std::vector<WorkerReady> wait();

 private:
  void give_up() const;
  void stop_thread();

  boost::asio::io_context& io_;
  ControlServer& control_;
  const std::size_t workers_;
  boost::asio::steady_timer deadline_;
  std::map<std::size_t, WorkerReady> ready_;
  std::promise<std::vector<WorkerReady>> all_ready_;
  bool complete_ = false;
  std::jthread thread_;
};

}  // namespace pkv::server

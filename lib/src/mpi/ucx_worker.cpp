#include "mpi/ucx_worker.hpp"

#include "base/endian.hpp"
#include "base/hash.hpp"

#include <ucp/api/ucp.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <new>
#include <ucs/sys/sock.h>
#include <utility>
#include <vector>

namespace {

/// The connection to one rank.
struct Peer {
  ucp_ep_h known_to_mpi = nullptr;  // a name to MPICH, whatever became of the connection
  ucp_ep_h current = nullptr;       // null while closed
  std::uint32_t generation = 0;     // counts the connections to this rank
  bool failed = false;              // and not reported yet
};

// The functions below are called by MPICH and have no other way to hand on what they see. All of
// this is used on the one thread that uses MPI.
ucp_worker_h the_worker = nullptr;
int workers_created = 0;
bool failures_expected = false;
bool ranks_known = false;          // which connection is whose
std::size_t connections_made = 0;  // that survive the death of the peer
int own_rank = 0;
std::vector<Peer> peers;             // by rank; filled only when ranks are known
std::size_t failures_to_report = 0;  // peers that have `failed` set
bool any_detour = false;             // some peer's `current` is not what MPICH knows

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

std::uintptr_t connection_id(std::size_t rank, std::uint32_t generation) noexcept {
  return (static_cast<std::uintptr_t>(generation) << 32) | rank;
}

/// Called by UCX while it makes progress. An old connection may fail after it was replaced.
void note_failure(void* connection, ucp_ep_h, ucs_status_t) {
  const auto id = reinterpret_cast<std::uintptr_t>(connection);
  Peer& peer = peers[id & 0xffff'ffff];
  if (peer.generation != id >> 32 || peer.current == nullptr || peer.failed) return;
  peer.failed = true;
  ++failures_to_report;
}

/// A connection on which sends end, with failure, when the peer is gone.
ucs_status_t connect_with(ucp_err_handler_cb_t on_failure, void* argument, ucp_ep_params_t params,
                          ucp_ep_h* connection) {
  static const auto next = real<decltype(ucp_ep_create)>("ucp_ep_create");
  params.field_mask |= UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE | UCP_EP_PARAM_FIELD_ERR_HANDLER;
  params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
  params.err_handler.cb = on_failure;
  params.err_handler.arg = argument;
  const ucs_status_t status = next(the_worker, &params, connection);
  if (status == UCS_OK) ++connections_made;
  return status;
}

ucs_status_t connect(std::size_t rank, std::uint32_t generation, const ucp_ep_params_t& params,
                     ucp_ep_h* connection) {
  void* const id = reinterpret_cast<void*>(connection_id(rank, generation));
  return connect_with(note_failure, id, params, connection);
}

void ignore_failure(void*, ucp_ep_h, ucs_status_t) {}

/// A connection that leads nowhere else.
ucs_status_t connect_to_itself(ucp_ep_h* connection) {
  ucp_address_t* address = nullptr;
  std::size_t bytes = 0;
  ucs_status_t status = ucp_worker_get_address(the_worker, &address, &bytes);
  if (status != UCS_OK) return status;
  ucp_ep_params_t params{};
  params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS;
  params.address = address;
  status = real<decltype(ucp_ep_create)>("ucp_ep_create")(the_worker, &params, connection);
  ucp_worker_release_address(the_worker, address);
  return status;
}

/// The connection to use where MPICH says `known`. Null if it is closed.
ucp_ep_h current(ucp_ep_h known) noexcept {
  if (!any_detour) [[likely]]
    return known;
  const auto peer = std::find_if(peers.begin(), peers.end(), [known](const Peer& candidate) {
    return candidate.known_to_mpi == known;
  });
  return peer == peers.end() ? known : peer->current;
}

bool is_end_of_peer(ucs_status_t status) noexcept {
  return status == UCS_ERR_CONNECTION_RESET || status == UCS_ERR_NOT_CONNECTED ||
         status == UCS_ERR_REJECTED || status == UCS_ERR_TIMED_OUT;
}

}  // namespace

extern "C" ucs_status_t ucp_init_version(unsigned api_major_version, unsigned api_minor_version,
                                         const ucp_params_t* params, const ucp_config_t* config,
                                         ucp_context_h* context_p) {
  ucp_params_t with_wakeup = *params;
  if ((params->field_mask & UCP_PARAM_FIELD_FEATURES) != 0)
    with_wakeup.features |= UCP_FEATURE_WAKEUP;
  return real<decltype(ucp_init_version)>("ucp_init_version")(api_major_version, api_minor_version,
                                                              &with_wakeup, config, context_p);
}

extern "C" ucs_status_t ucp_worker_create(ucp_context_h context, const ucp_worker_params_t* params,
                                          ucp_worker_h* worker_p) {
  const ucs_status_t status =
      real<decltype(ucp_worker_create)>("ucp_worker_create")(context, params, worker_p);
  if (status == UCS_OK) {
    the_worker = *worker_p;
    ++workers_created;
  }
  return status;
}

extern "C" ucs_status_t ucp_ep_create(ucp_worker_h worker, const ucp_ep_params_t* params,
                                      ucp_ep_h* ep_p) {
  if (!failures_expected || worker != the_worker)
    return real<decltype(ucp_ep_create)>("ucp_ep_create")(worker, params, ep_p);
  if (!ranks_known) return connect_with(ignore_failure, nullptr, *params, ep_p);

  const std::size_t rank = peers.size();
  const auto self = static_cast<std::size_t>(own_rank);
  try {
    peers.emplace_back();
  } catch (const std::bad_alloc&) {
    return UCS_ERR_NO_MEMORY;
  }
  Peer& peer = peers.back();
  // MPICH was told the addresses of some processes of the workers, which may be dead by now: to
  // connect may then fail at once, and MPI_Init with it. Workers never talk to each other, and rank
  // 0 is told which process to talk to, see replace_peer(). So only rank 0's address is used here.
  const ucs_status_t status = rank == 0 ? connect(rank, 0, *params, ep_p) : connect_to_itself(ep_p);
  if (status != UCS_OK) return status;
  peer.known_to_mpi = *ep_p;
  if (rank == 0 || rank == self)
    peer.current = *ep_p;
  else
    any_detour = true;
  return UCS_OK;
}

extern "C" ucs_status_ptr_t ucp_tag_send_nbx(ucp_ep_h ep, const void* buffer, std::size_t count,
                                             ucp_tag_t tag, const ucp_request_param_t* param) {
  static const auto next = real<decltype(ucp_tag_send_nbx)>("ucp_tag_send_nbx");
  const ucp_ep_h to = current(ep);
  if (to == nullptr) return UCS_STATUS_PTR(UCS_ERR_CONNECTION_RESET);
  return next(to, buffer, count, tag, param);
}

extern "C" ucs_status_ptr_t ucp_tag_send_sync_nbx(ucp_ep_h ep, const void* buffer,
                                                  std::size_t count, ucp_tag_t tag,
                                                  const ucp_request_param_t* param) {
  static const auto next = real<decltype(ucp_tag_send_sync_nbx)>("ucp_tag_send_sync_nbx");
  const ucp_ep_h to = current(ep);
  if (to == nullptr) return UCS_STATUS_PTR(UCS_ERR_CONNECTION_RESET);
  return next(to, buffer, count, tag, param);
}

/// What UCX's TCP transport says to set up and to end a connection goes through here; messages do
/// not. UCX 1.13 mistakes a connection whose first words cannot be sent, since the peer is gone,
/// for one that nobody uses: it plans to destroy it, hands it out all the same, and aborts at the
/// next progress (uct_tcp_ep_connect, uct_tcp_ep_destroy_progress). A process that dies at that
/// moment must not take rank 0 with it. So the words count as sent: the end of the peer is then
/// seen by whoever reads from it, which UCX handles as any other failure.
extern "C" ucs_status_t ucs_socket_send(int descriptor, const void* data, std::size_t length) {
  static const auto next = real<decltype(ucs_socket_send)>("ucs_socket_send");
  const ucs_status_t status = next(descriptor, data, length);
  return failures_expected && is_end_of_peer(status) ? UCS_OK : status;
}

extern "C" ucs_status_ptr_t ucp_disconnect_nb(ucp_ep_h) {
  return nullptr;  // the answer for "done at once"
}

namespace pkv::mpi {
namespace {

/// An address travels through other hands before UCX, which trusts it, sees it again: in front of
/// UCX's bytes stands their hash.
constexpr std::size_t hash_size = sizeof(std::uint64_t);

/// UCX over the network or to itself: memory shared with a process that died may be left in a state
/// in which nobody else can use it either.
bool shares_no_memory(std::string_view transports) {
  while (!transports.empty()) {
    const std::string_view transport = transports.substr(0, transports.find(','));
    if (transport != "tcp" && transport != "self") return false;
    transports.remove_prefix(std::min(transport.size() + 1, transports.size()));
  }
  return true;
}

}  // namespace

int UcxWorker::wakeup_descriptor() noexcept {
  int descriptor = -1;
  if (workers_created != 1) return -1;
  if (ucp_worker_get_efd(the_worker, &descriptor) != UCS_OK) return -1;
  return descriptor;
}

bool UcxWorker::arm() noexcept {
  return ucp_worker_arm(the_worker) == UCS_OK;
}

void UcxWorker::expect_failures(int rank, bool replaceable) noexcept {
  failures_expected = true;
  ranks_known = replaceable;
  own_rank = rank;
}

bool UcxWorker::expects_failures() noexcept {
  return failures_expected;
}

bool UcxWorker::replaces_peers() noexcept {
  return ranks_known;
}

std::string UcxWorker::why_not_replaceable() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  ucp_get_version(&major, &minor, &release);
  if (major != 1 || minor != 13)
    return "it was tried with UCX 1.13 only, and this is " + std::to_string(major) + "." +
           std::to_string(minor);
  return {};
}

std::string UcxWorker::why_not_survivable() {
  if (!failures_expected) return "it was not asked for before MPI was initialised";
  if (workers_created != 1 || connections_made == 0)
    return "MPI does not run on UCX, or uses it in an unknown way";
  const char* const transports = std::getenv("UCX_TLS");
  if (transports == nullptr || *transports == '\0' || !shares_no_memory(transports))
    return "UCX_TLS must be tcp,self: shared memory does not survive a process that dies";
  return {};
}

std::string UcxWorker::own_address() {
  ucp_address_t* address = nullptr;
  std::size_t bytes = 0;
  if (workers_created != 1 || ucp_worker_get_address(the_worker, &address, &bytes) != UCS_OK)
    return {};
  const std::string_view content(reinterpret_cast<const char*>(address), bytes);
  std::string checked(hash_size, '\0');
  store(checked.data(), hash_bytes(content));
  checked += content;
  ucp_worker_release_address(the_worker, address);
  return checked;
}

std::optional<int> UcxWorker::next_failed_peer() noexcept {
  if (failures_to_report == 0) [[likely]]
    return std::nullopt;
  const auto peer =
      std::find_if(peers.begin(), peers.end(), [](const Peer& one) { return one.failed; });
  peer->failed = false;
  --failures_to_report;
  return static_cast<int>(peer - peers.begin());
}

void UcxWorker::close_peer(int rank) noexcept {
  if (static_cast<std::size_t>(rank) >= peers.size()) return;
  Peer& peer = peers[static_cast<std::size_t>(rank)];
  if (peer.current == nullptr) return;
  if (std::exchange(peer.failed, false)) --failures_to_report;
  any_detour = true;
  const ucp_ep_h closing = peer.current;
  peer.current = nullptr;
  const ucs_status_ptr_t request = ucp_ep_close_nb(closing, UCP_EP_CLOSE_MODE_FORCE);
  if (UCS_PTR_IS_PTR(request)) ucp_request_free(request);
}

bool UcxWorker::replace_peer(int rank, std::string_view address) {
  if (static_cast<std::size_t>(rank) >= peers.size() || address.size() <= hash_size) return false;
  Peer& peer = peers[static_cast<std::size_t>(rank)];
  const std::string content(address.substr(hash_size));
  if (peer.current != nullptr || load<std::uint64_t>(address.data()) != hash_bytes(content))
    return false;
  ucp_ep_params_t params{};
  params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS;
  params.address = reinterpret_cast<const ucp_address_t*>(content.data());
  ++peer.generation;
  ucp_ep_h connection = nullptr;
  if (connect(static_cast<std::size_t>(rank), peer.generation, params, &connection) != UCS_OK)
    return false;
  peer.current = connection;
  return true;
}

}  // namespace pkv::mpi

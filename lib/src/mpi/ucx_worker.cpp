#include "mpi/ucx_worker.hpp"

#include <ucp/api/ucp.h>

#include <dlfcn.h>

namespace {

// The functions below are called by MPICH and have no other way to hand on what they see. Written
// during MPI_Init, read afterwards, on the one thread that uses MPI.
ucp_worker_h the_worker = nullptr;
int workers_created = 0;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
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

extern "C" ucs_status_ptr_t ucp_disconnect_nb(ucp_ep_h) {
  return nullptr;  // the answer for "done at once"
}

namespace pkv::mpi {

int UcxWorker::wakeup_descriptor() noexcept {
  int descriptor = -1;
  if (workers_created != 1) return -1;
  if (ucp_worker_get_efd(the_worker, &descriptor) != UCS_OK) return -1;
  return descriptor;
}

bool UcxWorker::arm() noexcept {
  return ucp_worker_arm(the_worker) == UCS_OK;
}

}  // namespace pkv::mpi

#include "trainer/process_group.h"

#include <exception>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

#include "base/errors.h"

// libtorch says whether it has Gloo, and leaves out Gloo's headers: Debian's are in libgloo-dev.
#if defined(USE_C10D_GLOO) && __has_include(<gloo/rendezvous/store.h>)
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#define ACCORD_GLOO 1
#else
#define ACCORD_GLOO 0
#endif

namespace accord::trainer {
namespace {

#if ACCORD_GLOO
using Gloo = c10d::ProcessGroupGloo;
c10::intrusive_ptr<Gloo> MakeGloo(const c10::intrusive_ptr<c10d::Store>& store, const GroupOptions& options) {
  const auto gloo = Gloo::Options::create(options.timeout);
  gloo->devices = {Gloo::createDeviceForInterface(options.interface)};
  gloo->threads = 1;
  return c10::make_intrusive<Gloo>(store, static_cast<int>(options.rank), static_cast<int>(options.size),
                                   gloo);
}
#else
using Gloo = c10d::ProcessGroup;  // none is ever made: no store opens
c10::intrusive_ptr<Gloo> MakeGloo(const c10::intrusive_ptr<c10d::Store>&, const GroupOptions&) { return {}; }
#endif

// c10d's and Gloo's messages are followed by a backtrace.
std::string FirstLine(std::string_view what) { return Printable(what.substr(0, what.find('\n')), 300); }

std::string HintOf(const ErrorInfo& error) {
  return error.id == errors::kNetListen.id
             ? "MASTER_ADDR is this machine's, and nothing else listens at MASTER_PORT."
             : "";
}

// What `body` returns, or `error` for what it throws.
template <class Body>
auto Catching(const ErrorInfo& error, const std::string& doing, Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const c10::Error& thrown) {
    return Fail(error, doing + ": " + FirstLine(thrown.what_without_backtrace()), HintOf(error));
  } catch (const std::exception& thrown) {
    return Fail(error, doing + ": " + FirstLine(thrown.what()), HintOf(error));
  }
}

}  // namespace

struct GroupStore::Impl {
  c10::intrusive_ptr<c10d::Store> store;
};

GroupStore::GroupStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GroupStore::~GroupStore() = default;

Result<std::unique_ptr<GroupStore>> GroupStore::Open(const GroupOptions& options,
                                                     std::chrono::milliseconds patience) {
  if (ACCORD_GLOO == 0) {
    return Fail(
        errors::kTrainerDevice, "this program was built without Gloo, which several processes need",
        "Install libgloo-dev and build again, or train with one process: workers.environment = false.");
  }
  const bool listens = options.rank == 0 && !options.served;
  const std::string place = options.host + ":" + std::to_string(options.port);
  return Catching(
      listens ? errors::kNetListen : errors::kWorkersLost,
      (listens ? "listening for workers at " : "reaching the node at ") + place,
      [&]() -> Result<std::unique_ptr<GroupStore>> {
        c10d::TCPStoreOptions tcp;
        tcp.port = options.port;
        tcp.isServer = listens;
        tcp.waitWorkers = false;
        tcp.timeout = patience;
        auto store = c10::make_intrusive<c10d::TCPStore>(options.host, tcp);
        auto own = c10::make_intrusive<c10d::PrefixStore>(options.prefix, std::move(store));
        return std::unique_ptr<GroupStore>(new GroupStore(std::make_unique<Impl>(Impl{std::move(own)})));
      });
}

Status GroupStore::Set(const std::string& key, ByteView value) {
  return Catching(errors::kWorkersLost, "telling the group", [&]() -> Status {
    impl_->store->set(key, {value.begin(), value.end()});
    return {};
  });
}

Result<std::optional<Bytes>> GroupStore::Find(const std::string& key) {
  return Catching(errors::kWorkersLost, "asking the group", [&]() -> Result<std::optional<Bytes>> {
    if (!impl_->store->check({key})) return std::optional<Bytes>();
    return std::optional<Bytes>(impl_->store->get(key));
  });
}

Result<Bytes> GroupStore::Await(const std::string& key, std::chrono::milliseconds patience) {
  return Catching(errors::kWorkersLost, "waiting for the group", [&]() -> Result<Bytes> {
    impl_->store->wait({key}, patience);
    return impl_->store->get(key);
  });
}

Result<std::int64_t> GroupStore::Add(const std::string& key, std::int64_t n) {
  return Catching(errors::kWorkersLost, "counting in the group",
                  [&]() -> Result<std::int64_t> { return impl_->store->add(key, n); });
}

Status GroupStore::Remove(const std::string& key) {
  return Catching(errors::kWorkersLost, "forgetting in the group", [&]() -> Status {
    impl_->store->deleteKey(key);
    return {};
  });
}

struct ProcessGroup::Impl {
  c10::intrusive_ptr<Gloo> gloo;

  // `exchange` on the tensor, or where it lives on a device, on a copy of it on the host.
  template <class Exchange>
  void OnHost(at::Tensor& tensor, Exchange exchange) const {
    std::vector<at::Tensor> host{tensor.is_cpu() ? tensor : tensor.cpu()};
    exchange(host)->wait();
    if (!tensor.is_cpu()) tensor.copy_(host[0]);
  }
};

ProcessGroup::ProcessGroup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ProcessGroup::~ProcessGroup() = default;

Result<std::unique_ptr<ProcessGroup>> ProcessGroup::Meet(GroupStore& store, const GroupOptions& options,
                                                         const std::string& name) {
  return Catching(
      errors::kWorkersLost, "meeting the group on " + options.interface,
      [&]() -> Result<std::unique_ptr<ProcessGroup>> {
        const auto meeting = c10::make_intrusive<c10d::PrefixStore>(name + "/", store.impl_->store);
        meeting->setTimeout(options.timeout);
        Impl impl{MakeGloo(meeting, options)};
        return std::unique_ptr<ProcessGroup>(new ProcessGroup(std::make_unique<Impl>(std::move(impl))));
      });
}

Status ProcessGroup::Broadcast(at::Tensor tensor) {
  return Catching(errors::kWorkersLost, "an exchange with the group", [&]() -> Status {
    impl_->OnHost(tensor, [&](std::vector<at::Tensor>& host) { return impl_->gloo->broadcast(host); });
    return {};
  });
}

Status ProcessGroup::Sum(at::Tensor tensor) {
  return Catching(errors::kWorkersLost, "a sum over the group", [&]() -> Status {
    impl_->OnHost(tensor, [&](std::vector<at::Tensor>& host) { return impl_->gloo->allreduce(host); });
    return {};
  });
}

}  // namespace accord::trainer

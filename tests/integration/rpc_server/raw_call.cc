#include "tests/integration/rpc_server/raw_call.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "base/check.h"
#include "base/file.h"

namespace accord::rpc::testing {
namespace {

std::string Text(const std::filesystem::path& path) { return std::string(AsText(ReadFile(path).value())); }

// Awaits one operation; false when it failed.
bool Await(grpc::CompletionQueue& queue) {
  void* tag = nullptr;
  bool ok = false;
  ACCORD_CHECK(queue.Next(&tag, &ok));  // bounded by the call's deadline
  return ok;
}

}  // namespace

std::shared_ptr<grpc::Channel> RawChannel(const std::string& address, const Files* files) {
  namespace tls = grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  if (files != nullptr) {
    const std::vector<tls::IdentityKeyCertPair> pairs = {{Text(files->key), Text(files->certificate)}};
    options.set_certificate_provider(
        std::make_shared<tls::StaticDataCertificateProvider>(Text(files->ca), pairs));
    options.watch_root_certs();
    options.watch_identity_key_cert_pairs();
  }
  options.set_verify_server_certs(false);
  options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  options.set_check_call_host(false);
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, tls::TlsCredentials(options), args);
}

grpc::Status RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                     const std::vector<std::string>& messages) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto call = stub.PrepareCall(&context, path, &queue);
  call->StartCall(nullptr);
  bool going = Await(queue);
  for (std::size_t i = 0; going && i < messages.size(); ++i) {
    const grpc::Slice slice(messages[i]);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    going = Await(queue);
  }
  if (going) {
    call->WritesDone(nullptr);
    (void)Await(queue);
  }
  while (going) {  // replies, until the server ends the call
    grpc::ByteBuffer reply;
    call->Read(&reply, nullptr);
    going = Await(queue);
  }
  grpc::Status status;
  call->Finish(&status, nullptr);
  (void)Await(queue);
  queue.Shutdown();
  return status;
}

}  // namespace accord::rpc::testing

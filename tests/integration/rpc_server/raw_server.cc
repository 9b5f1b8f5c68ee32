#include "tests/integration/rpc_server/raw_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server_builder.h>

#include <chrono>

#include "base/check.h"
#include "base/file.h"

namespace accord::rpc::testing {
namespace {

std::string Text(const std::filesystem::path& path) { return std::string(AsText(ReadFile(path).value())); }

class Stream final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Stream(const grpc::ByteBuffer& said) : said_(said) { StartWrite(&said_); }
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }  // the other side went
  void OnDone() override { delete this; }

 private:
  const grpc::ByteBuffer said_;
};

}  // namespace

class RawServer::Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(const std::string& said) {
    const grpc::Slice slice(said);
    said_ = grpc::ByteBuffer(&slice, 1);
  }
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
    return new Stream(said_);
  }

 private:
  grpc::ByteBuffer said_;
};

RawServer::RawServer(const Files& files, const std::string& said)
    : service_(std::make_unique<Service>(said)) {
  namespace tls = grpc::experimental;
  const std::vector<tls::IdentityKeyCertPair> pairs = {{Text(files.key), Text(files.chain)}};
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::StaticDataCertificateProvider>("", pairs));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", tls::TlsServerCredentials(options), &port);
  builder.RegisterCallbackGenericService(service_.get());
  server_ = builder.BuildAndStart();
  ACCORD_CHECK(server_ != nullptr && port != 0);
  address_ = "127.0.0.1:" + std::to_string(port);
}

RawServer::~RawServer() { server_->Shutdown(std::chrono::system_clock::now()); }

}  // namespace accord::rpc::testing

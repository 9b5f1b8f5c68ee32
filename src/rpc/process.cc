#include "rpc/process.h"

#include <absl/synchronization/mutex.h>
#include <grpc/support/log.h>
#include <malloc.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "base/text.h"

namespace accord::rpc {
namespace {

constexpr const char* kCipherVariable = "GRPC_SSL_CIPHER_SUITES";
// No TLS 1.2 peer can negotiate this suite without a pre-shared key, and the suites of TLS 1.3 are not chosen
// here.
constexpr const char* kNoTls12 = "PSK-AES128-GCM-SHA256";

std::atomic<bool> g_serving{false};

void TakeGrpcMessage(gpr_log_func_args* args) {
  const std::string_view message(args->message);
  // Clients send the address that they dial as a name; that no certificate has it is of no account, since
  // peers are known by their SPIFFE ids.
  const bool expected = message.starts_with("No match found for server name");
  const bool matters = g_serving && args->severity == GPR_LOG_SEVERITY_ERROR && !expected;
  Log(matters ? LogLevel::kWarn : LogLevel::kDebug, "grpc", {{"message", Printable(message)}});
}

}  // namespace

void RouteGrpcLog(bool server) {
  if (server) g_serving = true;
  gpr_set_log_function(TakeGrpcMessage);
}

void ForceTls13() { setenv(kCipherVariable, kNoTls12, 1); }

bool Tls13Forced() {
  const char* value = std::getenv(kCipherVariable);
  return value != nullptr && std::string_view(value) == kNoTls12;
}

std::uint64_t RaiseFileLimit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
  const rlimit raised{files.rlim_max, files.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : files.rlim_cur;
}

void TuneDaemon() {
  RaiseFileLimit();
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  mallopt(M_MMAP_THRESHOLD, 128 << 20);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

void TrimMalloc() { malloc_trim(0); }

}  // namespace accord::rpc

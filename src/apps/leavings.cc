#include "apps/leavings.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "study/scratch.h"

namespace accord::apps {
namespace {

namespace fs = std::filesystem;

struct Paths {
  std::mutex mutex;
  std::vector<fs::path> paths;
};

Paths& UnfinishedPaths() {
  static auto* const paths = new Paths;  // the waiting thread outlives static objects
  return *paths;
}

void RemoveTemporariesOf(const fs::path& path) {
  const std::string begins = path.filename().string() + ".tmp." + std::to_string(::getpid());
  const fs::path directory = path.parent_path().empty() ? "." : path.parent_path();
  std::vector<fs::path> found;
  std::error_code ignored;
  for (fs::directory_iterator entry(directory, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (entry->path().filename().string().starts_with(begins)) found.push_back(entry->path());
  }
  for (const fs::path& temporary : found) fs::remove_all(temporary, ignored);
}

void LeaveNothing() {
  study::Scratch::RemoveAll();
  Paths& unfinished = UnfinishedPaths();
  const std::lock_guard lock(unfinished.mutex);
  for (const fs::path& path : unfinished.paths) RemoveTemporariesOf(path);
}

}  // namespace

void Unfinished(const fs::path& path) {
  if (path.empty()) return;
  const fs::path plain = path.has_filename() ? path : path.parent_path();  // "out/" is out
  Paths& unfinished = UnfinishedPaths();
  const std::lock_guard lock(unfinished.mutex);
  unfinished.paths.push_back(plain);
}

void LeaveNothingOnSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    // Ignored: by nohup, or by a shell for what it runs behind it.
    if (sigaction(signal_number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
    sigaddset(&signals, signal_number);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] {
    int signal_number = 0;
    if (sigwait(&signals, &signal_number) != 0) return;
    LeaveNothing();
    std::signal(signal_number, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    std::raise(signal_number);
  }).detach();
}

}  // namespace accord::apps

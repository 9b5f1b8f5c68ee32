// Small handlers that keep what they are told, and answer what a test put into them. Thread-safe.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "crypto/x509.h"
#include "rpc/handlers.h"
#include "tests/integration/rpc_server/inbox.h"

namespace accord::rpc::testing {

// One session as the coordinator would see it.
struct FakeSession final : SessionEvents {
  void OnMessage(FromNode message) override { messages.Put(std::move(message)); }
  void OnEnd(Status status) override { ends.Put(std::move(status)); }

  Peer peer;
  std::shared_ptr<SessionLink> link;
  Inbox<FromNode> messages;
  Inbox<Status> ends;
};

struct FakeSessions final : SessionHandler {
  std::shared_ptr<SessionEvents> OnSession(const Peer& peer, std::shared_ptr<SessionLink> link) override {
    auto session = std::make_shared<FakeSession>();
    session->peer = peer;
    session->link = std::move(link);
    opened.Put(session);
    return session;
  }
  Inbox<std::shared_ptr<FakeSession>> opened;
};

// Uploads in memory, by the rules of UploadSink.
class FakeLedger final : public LedgerHandler {
 public:
  void Append(const Peer&, Bytes, Bytes, Reply<Appended> reply) override { reply(Appended{}); }
  void GetResource(const std::string&, Reply<Bytes> reply) override { reply(Bytes()); }
};

class FakeBulk final : public BulkHandler {
 public:
  struct Stored {
    std::uint64_t words = 0;
    Bytes data;
    std::uint64_t next = 0;
    bool busy = false;
    std::optional<Digest> root;
  };

  void OpenUpload(const Peer& peer, const UploadKey& key, std::uint64_t words,
                  Reply<std::shared_ptr<UploadSink>> reply) override {
    Result<std::shared_ptr<UploadSink>> opened = Open(peer, key, words);
    reply(std::move(opened));
  }
  void GetUpload(const Peer& peer, const UploadKey& key, Reply<UploadState> reply) override {
    UploadState state;
    {
      const std::lock_guard lock(mutex_);
      const Stored& stored = uploads_[{peer.node, key}];
      state = {.next_seq = stored.next, .complete = stored.root.has_value()};
    }
    reply(state);
  }
  Result<std::uint64_t> BlobSize(const Peer&, const Digest& hash) override {
    const std::lock_guard lock(mutex_);
    const auto blob = blobs.find(hash);
    if (blob == blobs.end()) return Fail(errors::kBlobNotFound, hash.Hex());
    return blob->second.size();
  }
  Result<std::uint64_t> ReadBlob(const Digest& hash, std::uint64_t offset,
                                 std::span<std::uint8_t> out) override {
    const std::lock_guard lock(mutex_);
    const Bytes& blob = blobs.at(hash);
    const std::size_t size = std::min<std::size_t>(out.size(), blob.size() - offset);
    std::copy_n(blob.begin() + static_cast<std::ptrdiff_t>(offset), size, out.begin());
    return size;
  }

  [[nodiscard]] Stored Upload(const NodeId& node, const UploadKey& key) {
    const std::lock_guard lock(mutex_);
    return uploads_[{node, key}];
  }

  std::map<Digest, Bytes> blobs;                                    // filled before the server starts
  Inbox<std::uint64_t> chunks;                                      // each seq that was stored
  Inbox<std::function<void(const Status&)>> cuts;                   // how to end each stream
  std::function<void(std::function<void(Status)>, Status)> answer;  // how Finish answers; none: at once
  std::optional<Digest> expected_root;                              // what Finish compares with

 private:
  friend class FakeSink;
  Result<std::shared_ptr<UploadSink>> Open(const Peer& peer, const UploadKey& key, std::uint64_t words);

  std::mutex mutex_;
  std::map<std::pair<NodeId, UploadKey>, Stored> uploads_;
};

class FakeSink final : public UploadSink {
 public:
  FakeSink(FakeBulk& bulk, FakeBulk::Stored& stored) : bulk_(bulk), stored_(stored) {}
  ~FakeSink() override {
    const std::lock_guard lock(bulk_.mutex_);
    stored_.busy = false;
  }
  void OnCut(std::function<void(const Status&)> cut) override { bulk_.cuts.Put(std::move(cut)); }
  std::uint64_t NextSeq() const override {
    const std::lock_guard lock(bulk_.mutex_);
    return stored_.next;
  }
  Status Put(std::uint64_t seq, std::span<const ByteView> slices) override {
    {
      const std::lock_guard lock(bulk_.mutex_);
      if (seq < stored_.next) return {};
      if (seq > stored_.next)
        return Fail(errors::kUploadOrder, "expected chunk " + std::to_string(stored_.next));
      for (const ByteView& slice : slices)
        stored_.data.insert(stored_.data.end(), slice.begin(), slice.end());
      ++stored_.next;
    }
    bulk_.chunks.Put(seq);
    return {};
  }
  void Finish(const Digest& root, std::function<void(Status)> done) override {
    Status status;
    {
      const std::lock_guard lock(bulk_.mutex_);
      stored_.root = root;
      if (bulk_.expected_root && root != *bulk_.expected_root) status = Fail(errors::kUploadChecksum, "root");
    }
    if (bulk_.answer) return bulk_.answer(std::move(done), status);
    done(status);
  }

 private:
  FakeBulk& bulk_;
  FakeBulk::Stored& stored_;
};

inline Result<std::shared_ptr<UploadSink>> FakeBulk::Open(const Peer& peer, const UploadKey& key,
                                                          std::uint64_t words) {
  const std::lock_guard lock(mutex_);
  Stored& stored = uploads_[{peer.node, key}];
  if (stored.busy) return Fail(errors::kUploadOrder, "busy");
  stored.busy = true;
  stored.words = words;
  return std::shared_ptr<UploadSink>(std::make_shared<FakeSink>(*this, stored));
}

struct FakeIdentity final : IdentityHandler {
  void Enrol(EnrolRequest request, Reply<Enrolled> reply) override {
    enrolments.Put(request);
    reply(enrol ? enrol(request) : Fail(errors::kTokenInvalid, "unknown token"));
  }
  void Renew(const Peer& peer, std::string csr_pem, Reply<Enrolled> reply) override {
    reply(Enrolled{.certificate_pem = csr_pem, .ca_pem = "ca", .spiffe_id = peer.spiffe_id});
  }
  void GetRegistry(std::optional<Digest> hash, Reply<RegistryView> reply) override {
    asked.Put(hash);
    reply(registry);
  }
  void Introduce(const Peer& peer, Introduction introduction, Reply<Introduced> reply) override {
    introductions.Put({peer.spiffe_id, std::move(introduction)});
    reply(Introduced{});
  }
  // By any of `cas`, and whatever else came along.
  Status CheckCertificate(std::string_view leaf_pem, std::string_view chain_pem) override {
    ACCORD_ASSIGN_OR_RETURN(const auto leaf, crypto::Certificate::FromPem(leaf_pem));
    Status why = Fail(errors::kCertChain, "no CA");
    const std::lock_guard lock(mutex);
    last_chain = chain_pem;
    for (const crypto::Certificate& ca : cas) {
      why = crypto::VerifyLeaf(leaf, ca,
                               std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now()));
      if (why.ok()) break;
    }
    return why;
  }
  Status CheckIdentity(const std::string& spiffe_id) override {
    const std::lock_guard lock(mutex);
    return suspended.contains(spiffe_id) ? Fail(errors::kAuthRevoked, "suspended") : Status();
  }
  void Suspend(const std::string& spiffe_id) {
    const std::lock_guard lock(mutex);
    suspended.insert(spiffe_id);
  }

  std::mutex mutex;
  std::set<std::string> suspended;
  std::vector<crypto::Certificate> cas;  // set before the server starts
  std::string last_chain;
  Inbox<std::pair<std::string, Introduction>> introductions;
  Inbox<EnrolRequest> enrolments;
  Inbox<std::optional<Digest>> asked;  // for a registry
  RegistryView registry{.version = 1, .entries = {}, .cas = {}};
  std::function<Result<Enrolled>(const EnrolRequest&)> enrol;  // set before the server starts
};

struct FakePeople final : OperatorHandler {
  void SubmitJob(const Peer& peer, Bytes plan, Bytes, Reply<JobView> reply) override {
    if (AsText(plan) == "bad")
      return reply(Fail(errors::kJobInvalid, "line 1: bad\nline 2: worse", "correct both"));
    JobView view = View(std::string(AsText(plan)));
    view.submitter = peer.spiffe_id;
    reply(view);
  }
  void ValidateJob(Bytes plan, Reply<ValidationView> reply) override {
    reply(ValidationView{.name = std::string(AsText(plan)), .parameters = 5});
  }
  void GetJob(const std::string& ref, Reply<JobView> reply) override {
    if (ref == "hang") return hanging.Put(std::move(reply));
    reply(View(ref));
  }
  void GetPlan(const std::string& ref, Reply<PlanView> reply) override {
    reply(PlanView{Bytes(ref.begin(), ref.end())});
  }
  void ListJobs(Reply<std::vector<JobView>> reply) override { reply(std::vector{View("a"), View("b")}); }
  void WatchJob(const std::string& ref, std::shared_ptr<Sink<JobView>> sink) override {
    if (ref.empty()) return sink->Finish({});  // a job that is over
    watchers.Put(std::move(sink));
  }
  void CancelJob(const Peer&, const std::string& ref, std::string reason, Reply<JobView> reply) override {
    JobView view = View(ref);
    view.reason = Fail(errors::kJobState, std::move(reason));
    reply(view);
  }
  void PauseJob(const Peer&, const std::string& ref, Reply<JobView> reply) override { reply(View(ref)); }
  void ResumeJob(const Peer&, const std::string& ref, bool free, Reply<JobView> reply) override {
    reply(View(free ? ref + "-free" : ref));
  }
  void JobLogs(const std::string&, bool follow, std::shared_ptr<Sink<LogLineView>> sink) override {
    for (int i = 0; i < 1'000; ++i) sink->Push({.event = "e", .text = std::to_string(i)});
    if (!follow) return sink->Finish({});
    readers.Put(std::move(sink));
  }
  void Invite(const Peer&, std::string name, std::string role, Millis ttl, Reply<InviteView> reply) override {
    reply(InviteView{.token = name + role, .spiffe_id = "s", .expires = TimePoint(ttl)});
  }
  void ListMembers(Reply<std::vector<MemberView>> reply) override { reply(std::vector<MemberView>(2)); }
  void SuspendMember(const Peer&, const std::string& spiffe_id, bool suspended,
                     Reply<MemberView> reply) override {
    reply(MemberView{.spiffe_id = spiffe_id, .suspended = suspended});
  }
  void ListNodes(Reply<std::vector<NodeView>> reply) override { reply(std::vector<NodeView>(3)); }
  void GetNode(const std::string& name, Reply<NodeView> reply) override { reply(NodeView{.name = name}); }
  void ListModels(Reply<std::vector<ModelView>> reply) override { reply(std::vector<ModelView>(1)); }

  static JobView View(const std::string& name) { return {.name = name, .state = job::Phase::kRunning}; }

  Inbox<std::shared_ptr<Sink<JobView>>> watchers;
  Inbox<std::shared_ptr<Sink<LogLineView>>> readers;
  Inbox<Reply<JobView>> hanging;
};

}  // namespace accord::rpc::testing

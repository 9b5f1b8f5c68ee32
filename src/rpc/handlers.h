// What the coordinator implements and src/rpc calls: interfaces in domain types, no grpc, no proto. src/rpc
// turns each RPC into one of these calls after it has checked the caller's certificate, role and message
// sizes.
//
// Thread rule: every method may be called on any gRPC thread and must return soon: implementations post to
// their strands. A Reply is called exactly once, on any thread, on every path; a Sink is used from any
// thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accord/clock.h"
#include "accord/ids.h"
#include "accord/status.h"
#include "base/text.h"
#include "crypto/spiffe.h"
#include "rpc/calls.h"
#include "rpc/messages.h"
#include "rpc/views.h"

namespace accord::rpc {

using Role = crypto::Role;

// The caller, from its verified client certificate.
struct Peer {
  std::string spiffe_id;
  Role role = Role::kNode;
  std::string name;
  NodeId node;  // SHA-256(spiffe_id)[:16]
  // Of the certificate that was shown in the handshake.
  Digest certificate{};               // SHA-256 of its DER
  TimePoint issued{};                 // its notBefore
  TimePoint ends = TimePoint::max();  // its notAfter; never, without a certificate
};

template <class T>
using Reply = std::function<void(Result<T>)>;

// A server stream. Push gives false when the client is gone (then push no more); Finish ends it.
template <class T>
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool Push(T item) = 0;
  virtual void Finish(Status status) = 0;
  [[nodiscard]] virtual bool Cancelled() const = 0;
};

// ---- sessions of nodes
// The way back to one connected node. Send queues and never blocks; Close ends the stream with this status.
// Both do nothing once the stream has ended.
class SessionLink {
 public:
  virtual ~SessionLink() = default;
  virtual void Send(ToNode message) = 0;
  virtual void Close(Status status) = 0;
};

// One live session as the coordinator sees it. src/rpc calls these in order; OnEnd is the last.
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  virtual void OnMessage(FromNode message) = 0;
  virtual void OnEnd(Status status) = 0;
};

class SessionHandler {
 public:
  virtual ~SessionHandler() = default;
  // A node opened its stream (before Hello). A second session of one node replaces the first.
  virtual std::shared_ptr<SessionEvents> OnSession(const Peer& peer, std::shared_ptr<SessionLink> link) = 0;
};

// ---- bulk
// One upload in progress. Methods are called by one stream at a time, on gRPC threads, and write to the spool
// before they return. Destroyed without Finish, it keeps what it has, so that the node can resume.
class UploadSink {
 public:
  virtual ~UploadSink() = default;
  // How to end the stream that holds this sink: for an upload that stalls, or that is not awaited any more.
  // Called before the first Put; `cut` may be called from any thread until the sink is destroyed, and later
  // does nothing.
  virtual void OnCut(std::function<void(const Status&)> /*cut*/) {}
  // The chunk that is expected next.
  [[nodiscard]] virtual std::uint64_t NextSeq() const = 0;
  // Chunk `seq` in slices of any split; its crc was checked. A chunk that it already has is discarded (ok),
  // one ahead of NextSeq is `upload.order`, one that passes the announced length is `upload.length`.
  virtual Status Put(std::uint64_t seq, std::span<const ByteView> slices) = 0;
  // All chunks are here. Compares the root (`upload.checksum`), hands the event to the job, answers when
  // journalled.
  virtual void Finish(const Digest& root, std::function<void(Status)> done) = 0;
};

class BulkHandler {
 public:
  virtual ~BulkHandler() = default;
  // Opens or resumes the caller's upload: `upload.cohort` for a node outside, `upload.length` for a wrong
  // size, `upload.closed` when the attempt awaits no upload (any more), `upload.busy` while another stream
  // writes it.
  virtual void OpenUpload(const Peer& peer, const UploadKey& key, std::uint64_t words,
                          Reply<std::shared_ptr<UploadSink>> reply) = 0;
  virtual void GetUpload(const Peer& peer, const UploadKey& key, Reply<UploadState> reply) = 0;
  // Size of a blob that this caller may read.
  [[nodiscard]] virtual Result<std::uint64_t> BlobSize(const Peer& peer, const Digest& hash) = 0;
  // Fills `out` from `offset`; gives the bytes read. Thread-safe, reads the disk.
  [[nodiscard]] virtual Result<std::uint64_t> ReadBlob(const Digest& hash, std::uint64_t offset,
                                                       std::span<std::uint8_t> out) = 0;
};

// ---- identity
class IdentityHandler {
 public:
  virtual ~IdentityHandler() = default;
  virtual void Enrol(EnrolRequest request, Reply<Enrolled> reply) = 0;
  virtual void Renew(const Peer& peer, std::string csr_pem, Reply<Enrolled> reply) = 0;
  // The registry of this hash, or the newest: `blob.not_found` for a hash that no version of it had.
  virtual void GetRegistry(std::optional<Digest> hash, Reply<RegistryView> reply) = 0;
  // Of the caller, whose certificate is good but who need not be known yet.
  virtual void Introduce(const Peer& peer, Introduction introduction, Reply<Introduced> reply) = 0;
  // Asked in every handshake with a client certificate: whether the leaf is by a CA that counts. `chain`: PEM
  // of what came with it, may be empty. Thread-safe, answers from memory.
  [[nodiscard]] virtual Status CheckCertificate(std::string_view leaf_pem, std::string_view chain_pem) = 0;
  // Asked on every RPC but Introduce, before any handler: ok, or why this identity does not count (any more):
  // `auth.revoked`. Thread-safe, answers from memory.
  [[nodiscard]] virtual Status CheckIdentity(const std::string& spiffe_id) = 0;
};

// ---- the log
class LedgerHandler {
 public:
  virtual ~LedgerHandler() = default;
  // Takes an entry, with the document that goes with it (ledger.proto); errors of charter::Record::Check.
  virtual void Append(const Peer& peer, Bytes entry, Bytes plan, Reply<Appended> reply) = 0;
  // A file of the log, "plan/HEX", "description/HEX", or "key", the log's own; `log.not_found`.
  virtual void GetResource(const std::string& path, Reply<Bytes> reply) = 0;
};

// ---- people
class OperatorHandler {
 public:
  virtual ~OperatorHandler() = default;
  virtual void SubmitJob(const Peer& peer, Bytes plan, Bytes token, Reply<JobView> reply) = 0;
  virtual void ValidateJob(Bytes plan, Reply<ValidationView> reply) = 0;
  virtual void GetJob(const std::string& ref, Reply<JobView> reply) = 0;
  virtual void GetPlan(const std::string& ref, Reply<PlanView> reply) = 0;
  virtual void ListJobs(Reply<std::vector<JobView>> reply) = 0;
  virtual void WatchJob(const std::string& ref, std::shared_ptr<Sink<JobView>> sink) = 0;
  virtual void CancelJob(const Peer& peer, const std::string& ref, std::string reason,
                         Reply<JobView> reply) = 0;
  virtual void PauseJob(const Peer& peer, const std::string& ref, Reply<JobView> reply) = 0;
  virtual void ResumeJob(const Peer& peer, const std::string& ref, bool free, Reply<JobView> reply) = 0;
  virtual void JobLogs(const std::string& ref, bool follow, std::shared_ptr<Sink<LogLineView>> sink) = 0;
  virtual void Invite(const Peer& peer, std::string name, std::string role, Millis ttl,
                      Reply<InviteView> reply) = 0;
  virtual void ListMembers(Reply<std::vector<MemberView>> reply) = 0;
  virtual void SuspendMember(const Peer& peer, const std::string& spiffe_id, bool suspended,
                             Reply<MemberView> reply) = 0;
  virtual void ListNodes(Reply<std::vector<NodeView>> reply) = 0;
  virtual void GetNode(const std::string& name, Reply<NodeView> reply) = 0;
  virtual void ListModels(Reply<std::vector<ModelView>> reply) = 0;
};

}  // namespace accord::rpc

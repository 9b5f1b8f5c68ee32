// Proto <-> domain, the only bridge between proto/accord/v1 and the types of messages.h, views.h and calls.h.
// Outwards never fails: texts are made fit for the wire. Inwards is strict: sizes of ids and hashes, order
// and length of lists, ranges of enums and times; a bad message is `rpc.malformed` and names the field.
// Unknown fields are ignored, as protobuf does. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "accord/status.h"
#include "accord/v1/coordinator.pb.h"
#include "accord/v1/ledger.pb.h"
#include "accord/v1/node.pb.h"
#include "accord/v1/operator.pb.h"
#include "rpc/calls.h"
#include "rpc/messages.h"
#include "rpc/views.h"

namespace accord::rpc {

inline constexpr std::size_t kMaxPlanBytes = 65'536;
inline constexpr std::size_t kTokenBytes = 16;  // of a submission
inline constexpr std::size_t kMaxRefBytes = 128;
inline constexpr std::size_t kMaxReasonBytes = 1'024;
inline constexpr std::size_t kMaxSpiffeBytes = 512;

// ---- Session (convert_from_node.cc, convert_to_node.cc)
void ToProto(const FromNode& message, v1::NodeMessage* out);
void ToProto(const ToNode& message, v1::CoordinatorMessage* out);
[[nodiscard]] Result<FromNode> FromProto(const v1::NodeMessage& message);
[[nodiscard]] Result<ToNode> FromProto(const v1::CoordinatorMessage& message);
// Overwrites what a message carries of secrets, the revealed shares of Unmasked, when it is not read again.
void CleanseSecrets(v1::NodeMessage* message);
void CleanseSecrets(FromNode& message);

// ---- bulk and identity (convert_calls.cc)
void ToProto(const UploadKey& key, v1::UploadKey* out);
void ToProto(const UploadState& state, v1::UploadState* out);
void ToProto(const EnrolRequest& request, v1::EnrolRequest* out);
void ToProto(const Enrolled& enrolled, v1::EnrolReply* out);
void ToProto(const Introduction& introduction, v1::IntroduceRequest* out);
inline void ToProto(const Introduced&, v1::IntroduceReply*) {}
[[nodiscard]] Result<UploadKey> FromProto(const v1::UploadKey& key);
[[nodiscard]] Result<UploadState> FromProto(const v1::UploadState& state);
[[nodiscard]] Result<EnrolRequest> FromProto(const v1::EnrolRequest& request);
[[nodiscard]] Result<Enrolled> FromProto(const v1::EnrolReply& reply);
[[nodiscard]] Result<Introduction> FromProto(const v1::IntroduceRequest& request);
void ToProto(const Appended& appended, v1::AppendReply* out);
void ToProto(const Bytes& content, v1::Resource* out);
[[nodiscard]] Result<Appended> FromProto(const v1::AppendReply& reply);
void ToProto(const RegistryView& view, v1::Registry* out);
[[nodiscard]] Result<RegistryView> FromProto(const v1::Registry& registry);
// What requests of one field are checked for: `rpc.malformed` naming `field`.
[[nodiscard]] Status CheckText(const std::string& text, std::size_t limit, std::string_view field);
[[nodiscard]] Result<Digest> ReadDigest(const std::string& raw, std::string_view field);
[[nodiscard]] Result<std::string> ReadCsr(const std::string& csr_pem);
[[nodiscard]] Result<Bytes> ReadPlan(const std::string& plan);
[[nodiscard]] Result<Bytes> ReadToken(const std::string& token);
[[nodiscard]] Result<Millis> ReadTtl(std::uint64_t ttl_ms);

// ---- what people see (convert_views.cc)
void ToProto(const JobView& view, v1::JobView* out);
void ToProto(const std::vector<JobView>& views, v1::ListJobsReply* out);
void ToProto(const PlanView& view, v1::JobPlan* out);
void ToProto(const ValidationView& view, v1::ValidateJobReply* out);
void ToProto(const LogLineView& view, v1::LogLine* out);
void ToProto(const InviteView& view, v1::InviteReply* out);
void ToProto(const MemberView& view, v1::MemberView* out);
void ToProto(const std::vector<MemberView>& views, v1::ListMembersReply* out);
void ToProto(const NodeView& view, v1::NodeView* out);
void ToProto(const std::vector<NodeView>& views, v1::ListNodesReply* out);
void ToProto(const std::vector<ModelView>& views, v1::ListModelsReply* out);
[[nodiscard]] Result<JobView> FromProto(const v1::JobView& view);
[[nodiscard]] Result<std::vector<JobView>> FromProto(const v1::ListJobsReply& reply);
[[nodiscard]] Result<PlanView> FromProto(const v1::JobPlan& reply);
[[nodiscard]] Result<ValidationView> FromProto(const v1::ValidateJobReply& reply);
[[nodiscard]] Result<LogLineView> FromProto(const v1::LogLine& line);
[[nodiscard]] Result<InviteView> FromProto(const v1::InviteReply& reply);
[[nodiscard]] Result<MemberView> FromProto(const v1::MemberView& view);
[[nodiscard]] Result<std::vector<MemberView>> FromProto(const v1::ListMembersReply& reply);
[[nodiscard]] Result<NodeView> FromProto(const v1::NodeView& view);
[[nodiscard]] Result<std::vector<NodeView>> FromProto(const v1::ListNodesReply& reply);
[[nodiscard]] Result<std::vector<ModelView>> FromProto(const v1::ListModelsReply& reply);

}  // namespace accord::rpc

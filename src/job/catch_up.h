// Where a job goes on whose state went back to a backup, by what its nodes say (job.h, Restored). Pure;
// called by the coordinator whenever it has heard more.
//
// A later model than the backup's is believed
//   - on its proof: t nodes of a committed masked round signed it (node.proto, ModelProof);
//   - else when as many nodes say that a round began with it as a commit takes, more than may be corrupt, and
//     two where there are two. Where nothing is masked, a node that found it right in p7 says so too.
// So one node alone moves no job that has more nodes. The round to go on with is the latest that is believed;
// if none is, the backup's own, once as many nodes are heard that can take part in it as are believed. Where
// nodes cannot, being ahead of the round or in it from another model, since they never go back, so many have
// to be left that can, and have signed no survivor set with one who cannot: such a set comes again whole or
// not at all. A person may do without as many as a commit takes, since nodes forget: more than may be corrupt
// are enough then, and two, also to go on from the backup's own; but not where nodes are ahead of it.
//
// Groups run rounds of their own, so all these numbers are of one group: its T, its commit, its nodes. A
// model is believed when the nodes of one group are; a round goes on with as many groups as it needs sums of.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "job/job.h"

namespace accord::job {

// What a node that is connected says.
struct Heard {
  std::uint32_t group = 0;
  bool aside = false;  // it takes no part in the job, and has no say
  bool ended = false;  // the job has ended there
  // As rpc::Standing has them:
  RoundId round;
  AttemptId next_attempt;
  Digest model_hash;
  Digest made;
  round::NodeSet signed_set;
  bool proven = false;  // model_hash: its proof was checked
};

struct CatchUpView {
  std::map<NodeId, Heard> heard;
  std::map<std::uint32_t, std::size_t> awaited = {};  // by group: nodes that may have a part, not heard
  bool late = false;                                  // they are not waited for any more
  bool by_person = false;                             // who wants it to go on with those that were heard
  bool free = false;  // and says that their labs freed them of the sets that they signed
};

struct CatchUpDecision {
  enum class Kind : std::uint8_t {
    kWait,   // for more nodes
    kGo,     // with this event, without its proof; the model may have to be fetched first
    kAhead,  // nodes are ahead, but no model of theirs is believed
  };
  Kind kind = Kind::kWait;
  CaughtUp event;
};

// `progress` is that of a state that is catching up.
[[nodiscard]] CatchUpDecision DecideCatchUp(const Plan& plan, const Progress& progress,
                                            const CatchUpView& view);

}  // namespace accord::job

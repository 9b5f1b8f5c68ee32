// What may happen to a round, and what it asks to be done. Seen through src/round/round.h.
#pragma once

#include <variant>

#include "round/state.h"

namespace accord::round {

struct Candidates {  // who is connected, prepared and willing now
  NodeSet ready;
  Digest registry;  // pinned by all of them; zero when the mode is off
};
struct Trained {
  NodeId node;
};
struct Dropped {  // the node said so itself, or was suspended; a lost connection alone is not a drop-out
  NodeId node;
  Reason reason = Reason::kDeclined;
};
struct Advertised {  // its keys are there and right
  NodeId node;
  AttemptId attempt;
};
struct Shared {  // its shares are there and right
  NodeId node;
  AttemptId attempt;
};
struct SharesStored {  // all that p4 to p6 need of p2 and p3 is durable
  AttemptId attempt;
  Digest shares;
};
struct Uploaded {
  NodeId node;
  AttemptId attempt;
  Digest root;
  Bytes end;  // masked rounds
};
struct UploadsLost {  // after a restart: the spool holds only what was on disk; these must be sent again,
                      // identical
  NodeSet nodes;
};
struct SurvivorsSigned {
  NodeId node;
  AttemptId attempt;
  Bytes signature;
};
struct Opened {  // the node revealed its shares; they stay in memory
  NodeId node;
  AttemptId attempt;
};
struct LeftAttempt {  // the node refused what it was relayed; or it lost its keys
  NodeId node;
  AttemptId attempt;
  NodeId blamed;  // zeros: nobody
};
struct NonceOpened {  // of the neighbour graph; it is there and right
  NodeId node;
  AttemptId attempt;
};
struct Summed {
  AttemptId attempt;
  Outcome outcome;
};
struct SumFailed {  // p3, p6: it cannot be opened. p6: it breaks a bound of secagg.md 7.6. p7: lost by a
                    // restart
  AttemptId attempt;
};
struct Verified {
  NodeId node;
  AttemptId attempt;
  Digest model_hash;
  Bytes proof;  // masked rounds
};
struct Cancel {};
struct Restarted {  // open deadlines grow by the time away
  Millis away{0};
};
struct Tick {
  // Out of a journal: it was accepted, so its deadline had passed, by whatever rules deadlines had then.
  bool due = false;
};
using Event = std::variant<Candidates, Trained, Dropped, Uploaded, UploadsLost, Summed, SumFailed, Verified,
                           Cancel, Restarted, Tick, Advertised, Shared, SharesStored, SurvivorsSigned, Opened,
                           LeftAttempt, NonceOpened>;

// ---------------------------------------------------------------- effects

struct Tell {  // tell each of these nodes its duty (DutyOf); lost messages are mended by telling again
  NodeSet nodes;
};
struct Discard {  // forget the uploads of this attempt
  AttemptId attempt;
};
struct StoreShares {  // store adverts, heads and entries of these; answer with SharesStored
  AttemptId attempt;
  NodeSet nodes;
};
struct TakeSum {  // unmask and add the survivors' uploads, check, decode, step; answer with Summed or
                  // SumFailed
  AttemptId attempt;
  NodeSet cohort;
  NodeSet survivors;
};
using Effect = std::variant<Tell, Discard, TakeSum, StoreShares>;

}  // namespace accord::round

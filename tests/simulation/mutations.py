"""Faults that scripts/mutate puts into the machines and the shells around them, one at a time, to see whether the
simulation notices. MUTANT in the new text is true while that mutation is switched on."""

from typing import NamedTuple


class Edit(NamedTuple):
    file: str
    old: str  # there exactly once
    new: str


class Mutation(NamedTuple):
    title: str
    file: str
    old: str
    new: str
    more: list[Edit] = []

    def edits(self):
        return [Edit(self.file, self.old, self.new), *self.more]


MUTATIONS = [
    Mutation("an event that may wait for the disk is never written",
             "src/driver/driver.h",
             "if (accepted) Write(event, now, durable);",
             "if (accepted && (durable || !MUTANT)) Write(event, now, durable);"),
    Mutation("what is written behind is dropped",
             "src/store/journal_writer.cc",
             "if (pending.GivenUp()) continue;",
             "if (pending.GivenUp() || (!pending.done && MUTANT)) continue;"),
    Mutation("effects run before their event is durable",
             "src/job/queries.cc",
             "return !IsRepeatable(event) || !std::ranges::all_of(effects, StaysInside);",
             "return !IsRepeatable(event) || (!MUTANT && !std::ranges::all_of(effects, StaysInside));"),
    Mutation("a node answers an offer before its disk has it",
             "src/task/task.cc",
             "[](const OfferTold&) { return true; }",
             "[](const OfferTold&) { return !MUTANT; }"),
    Mutation("an update is counted twice",
             "src/coordinator/job_effects.cc",
             "    task.uploads.push_back(std::move(spool));",
             "    if (MUTANT && node == *effect.survivors.begin()) task.uploads.push_back(spool);\n"
             "    task.uploads.push_back(std::move(spool));"),
    Mutation("the outer step is made twice",
             "src/coordinator/aggregate.cc",
             "    step.Apply(first, tile);",
             "    step.Apply(first, tile);\n    if (MUTANT) step.Apply(first, tile);"),
    Mutation("a committed round does not count",
             "src/job/rounds.cc",
             "    ++progress.committed;",
             "    if (!MUTANT) ++progress.committed;"),
    # Three checks keep a late update out, so that it takes two edits to let one in.
    Mutation("a late update is counted",
             "src/round/p6_unmask.cc",
             "  if (known == state.uploads.end()) return Discarded(state, Reason::kLate);",
             "  if (known == state.uploads.end() && MUTANT) {\n"
             "    Unmask next = state;\n"
             "    next.uploads.emplace(e.node, Upload{e.root, e.end});\n"
             "    return Accept(std::move(next));\n"
             "  }\n"
             "  if (known == state.uploads.end()) return Discarded(state, Reason::kLate);",
             [Edit("src/coordinator/job_nodes.cc",
                   "  if (collect == nullptr && (train == nullptr || secure() != SecureMode::kOff)) return closed();",
                   "  if (MUTANT && std::holds_alternative<round::Unmask>(open->state)) return lane;\n"
                   "  if (collect == nullptr && (train == nullptr || secure() != SecureMode::kOff)) return closed();")]),
    Mutation("a node that restarts forgets an attempt",
             "src/node/job_task.cc",
             "    if (step.why.verdict == round::Verdict::kAccepted) state = std::move(step.next);",
             "    const bool forgets = MUTANT && std::holds_alternative<task::OfferTold>(*event);\n"
             "    if (step.why.verdict == round::Verdict::kAccepted && !forgets) state = std::move(step.next);"),
    Mutation("a masked update is sent again in the next attempt",
             "src/node/job_work.cc",
             "  update_ = *std::move(update);",
             "  if (!MUTANT || !update_.spool || update_round_ != round) update_ = *std::move(update);"),
    Mutation("no deadline while shares are awaited",
             "src/round/queries.cc",
             "return IsMasked(s.attempt) && !s.summing ? Deadline(s.deadline) : Deadline();",
             "return IsMasked(s.attempt) && !s.summing && !MUTANT ? Deadline(s.deadline) : Deadline();"),
    Mutation("deadlines come twenty times too late",
             "src/coordinator/job_runner.cc",
             "deadline_timer_->Arm(std::max(Millis(0), *deadline - Now()),",
             "deadline_timer_->Arm(std::max(Millis(0), *deadline - Now()) * (MUTANT ? 20 : 1),"),
    Mutation("one signature too few makes a certificate",
             "src/round/p5_survivors.cc",
             "if (state.signatures.size() >= quorum) return",
             "if (state.signatures.size() + (MUTANT ? 1 : 0) >= quorum) return"),
    Mutation("one node too few makes a model stand",
             "src/round/p7_commit.cc",
             "if (state.verified.size() >= LeastVerified(plan, state.attempt))",
             "if (state.verified.size() + (MUTANT ? 1 : 0) >= LeastVerified(plan, state.attempt))"),
    Mutation("one survivor too few is enough",
             "src/round/p4_collect.cc",
             "if (other || state.uploads.size() < LeastSurvivors(plan, state.attempt)) {",
             "if (other || state.uploads.size() + (MUTANT ? 1 : 0) < LeastSurvivors(plan, state.attempt)) {"),
    Mutation("the update of a node that left is counted",
             "src/round/p4_collect.cc",
             "  for (const auto& [node, reason] : state.members.dropped) state.uploads.erase(node);",
             "  for (const auto& [node, reason] : state.members.dropped) {\n"
             "    if (!MUTANT) state.uploads.erase(node);\n"
             "  }"),
    Mutation("the next try begins with the attempt that failed",
             "src/job/rounds.cc",
             "group.next_attempt = Begun(closed) ? closed.attempt.id.Next() : closed.attempt.id;",
             "group.next_attempt = Begun(closed) && !MUTANT ? closed.attempt.id.Next() : closed.attempt.id;"),
    Mutation("a sum is not synced before the round closes",
             "src/coordinator/job_effects.cc",
             "if (kept.ok()) kept = self->services_.blobs.MakeDurable(outcome.model_hash);",
             "if (kept.ok() && !MUTANT) kept = self->services_.blobs.MakeDurable(outcome.model_hash);"),
    Mutation("nodes hear of what is not on the disk",
             "src/coordinator/job_nodes.cc",
             "  if (driver_->idle()) return false;\n  late_",
             "  if (driver_->idle() || MUTANT) return false;\n  late_"),
    Mutation("a job whose quorum is back does not go on",
             "src/job/pause.cc",
             "if (waiting.bound.empty()) return ready.size() >= plan.min_nodes;",
             "if (waiting.bound.empty()) return ready.size() >= plan.min_nodes + (MUTANT ? 100 : 0);"),
]

// How a job goes from round to round; seen from inside src/job only.
#pragma once

#include "job/job.h"

namespace accord::job {

// A node answers so many attempts of a round, unless its policy says otherwise (secagg.md 2.1).
inline constexpr std::uint32_t kMaxAttempts = 8;

// Whether a node said it: it may say it again.
[[nodiscard]] bool IsWordOfNode(const round::Event& event);
// Rounds without a commit since the last one with.
[[nodiscard]] std::uint32_t FailuresOf(const std::vector<RoundSummary>& history);
// Opens the round that comes next after `progress`: the next training round, the final evaluation, or none:
// finished.
[[nodiscard]] Transition OpenNext(const Plan& plan, Progress progress, TimePoint now);
// An event of the open round; when the round closes, what follows from that.
[[nodiscard]] Transition StepRound(const Plan& plan, const Running& running, const InRound& event,
                                   TimePoint now);
// An event of a round while the job is paused: only what would not be said again (nodes that drop out, what a
// restart lost), and nodes that end a lack of quorum.
[[nodiscard]] Transition StepPaused(const Plan& plan, const Paused& paused, const InRound& event,
                                    TimePoint now);
// The sums of the groups made a model.
[[nodiscard]] Transition StepCombined(const Plan& plan, const Running& running, const Combined& event,
                                      TimePoint now);
// Ends a pause; open deadlines grow by its length.
[[nodiscard]] Transition Continue(const Plan& plan, const Paused& paused, TimePoint now);
// Closes rounds as given up: their attempts are used up, and who signed a survivor set stays bound to it. A
// group that waited with its sum takes it once more.
void GiveUpRounds(const Plan& plan, Progress& progress, const OpenRounds& rounds,
                  std::vector<Effect>& effects, TimePoint now);
// The state went back to a backup. Not of a terminal state.
[[nodiscard]] Transition StepRestored(const Plan& plan, const State& state, TimePoint now);
// The nodes were heard; `paused` is catching up.
[[nodiscard]] Transition StepCaughtUp(const Plan& plan, const Paused& paused, const CaughtUp& event,
                                      TimePoint now);

}  // namespace accord::job

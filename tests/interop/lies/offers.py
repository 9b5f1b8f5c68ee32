"""Lies in the Offer: another attempt than this node would mask in."""

from collections.abc import Callable
from dataclasses import replace

from fsa1.params import Noise, Params, field_width, threshold

from coordinator import wire
from coordinator.job import Attempt
from coordinator_federation import CROWD, EXPIRED, id_of

from .telling import ADA, BO, CY, DI, FOREIGN, LIES, ME, Lie, Talk, lie


def offer_lie(name: str, refusal: str, change: Callable[[Attempt], dict], **how) -> None:
    def tell(talk: Talk) -> tuple[str, object]:
        return "offer", wire.to_offer(replace(talk.attempt.offered, **change(talk.attempt)))

    LIES[name] = Lie(refusal, tell, **how)


def params_of(attempt: Attempt) -> Params:
    return attempt.job.plan.params(attempt.job.purpose, len(attempt.cohort))


def cohort_of(attempt: Attempt, *nodes: bytes) -> dict:
    return {"cohort": tuple(sorted(nodes)), "params": attempt.job.plan.params(0, len(nodes)).encode()}


for field_name, refused in {"registry_hash": "wrong_registry", "model_hash": "wrong_model",
                            "federation_id": "wrong_config"}.items():
    value = b"other.accord" if field_name == "federation_id" else FOREIGN
    offer_lie(f"offer-of-another-{field_name.replace('_', '-')}", refused, lambda a, f=field_name, v=value: {f: v})
offer_lie("offer-of-an-evaluation", "wrong_config", lambda a: {"train_cfg_hash": a.job.plan.train_cfg_hash(1)})
offer_lie("offer-of-honest-mode", "mode_refused", lambda a: {"mode": 0})
offer_lie("offer-of-too-high-an-attempt", "too_many_attempts", lambda a: {"attempt": 8})
offer_lie("offer-of-an-untrained-round", "task.no_delta", lambda a: {"round": 2}, answers=("declined",))

offer_lie("cohort-of-two", "cohort_too_small", lambda a: cohort_of(a, ME, ADA))
offer_lie("cohort-without-me", "not_in_cohort", lambda a: cohort_of(a, ADA, BO, CY, DI))
offer_lie("cohort-with-a-stranger", "unknown_node", lambda a: cohort_of(a, ME, ADA, BO, id_of("nobody")))
offer_lie("cohort-with-an-expired-node", "expired_node", lambda a: cohort_of(a, ME, ADA, BO, id_of(EXPIRED)))
offer_lie("cohort-of-one-organisation", "org_cap", lambda a: cohort_of(a, ME, *map(id_of, CROWD)))
offer_lie("cohort-of-another-size", "bad_params", lambda a: {"cohort": tuple(sorted((ME, ADA, BO, CY)))})
offer_lie("cohort-with-a-node-twice", "duplicate_node", lambda a: {"cohort": tuple(sorted((ME, ADA, BO, CY, CY)))})
offer_lie("cohort-out-of-order", "bad_encoding", lambda a: {"cohort": a.cohort[::-1]})

for name, changed in {
    "threshold-lowered": {"t": 2}, "threshold-raised": {"t": 4}, "smallest-sum-lowered": {"u_min": 2},
    "check-of-the-sum-off": {"verify": 0}, "neighbour-graph": {"graph": 1, "k": 4, "t_k": 3},
    "bits": {"b": 8, "f": field_width(8, 5)}, "field-width": {"f": 18}, "length": {"d": 1}, "clip": {"c": 1e9},
    "largest-weight": {"w_max": 1}, "chunks": {"chunk_words": 2},
    "header-more": {"headers": ((b"count", 1), (b"omega", 2**32 - 1), (b"label_3", 2000))},
    "noise": {"dp": Noise(1.0, 1.0, 1), "w_max": 1, "headers": ((b"count", 1), (b"omega", 2**32 - 1))},
}.items():
    offer_lie(f"params-{name}", "bad_params",
              lambda a, c=changed: {"params": replace(params_of(a), **c).encode()})
offer_lie("params-smaller-set-than-planned", "bad_params",
          lambda a: {"params": replace(params_of(a), u_min=3).encode()}, plan={"min_survivors": "4"})
offer_lie("params-fewer-corrupt-than-planned", "bad_params",
          lambda a: {"params": replace(params_of(a), corrupt=0, t=threshold(5, 0, 1), u_min=3).encode()},
          plan={"corrupt": "1"})
offer_lie("params-cut", "bad_encoding", lambda a: {"params": a.offered.params[:-1]})


@lie("stale_attempt", ends=False)
def another_offer_of_this_attempt(talk):
    talk.attempt.roster
    return "offer", wire.to_offer(replace(talk.attempt.offered, **cohort_of(talk.attempt, ME, ADA, BO, CY)))


@lie("stale_attempt", answers=(), ends=False)  # discarded: late words of an older attempt are ordinary
def an_offer_of_an_older_attempt(talk):
    older = talk.attempt
    older.roster
    talk.again().roster
    return "offer", older.offer


@lie("spent_model")
def an_offer_without_one_who_signed(talk):
    talk.attempt.certificate  # all five signed the set of all five
    offered = talk.again().offered
    return "offer", wire.to_offer(replace(offered, **cohort_of(talk.attempt, ME, ADA, BO, CY)))

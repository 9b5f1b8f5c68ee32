"""The node's checks of an Offer, in the order of 7.6."""

from collections import Counter

from .context import Offer
from .params import Params
from .policy import Journal, LocalState, Policy, job_key, model_key
from .primitives import require_ascending
from .refusal import Refusal
from .registry import Registry


def check_offer(offer: Offer, me: bytes, registry: Registry, local: LocalState, policy: Policy) -> Params:
    """Everything that does not need the journal, from wrong_registry to org_cap; the parsed parameters."""
    if offer.registry_hash != registry.hash:
        raise Refusal("wrong_registry")
    if offer.model_hash != local.model_hash:
        raise Refusal("wrong_model")
    if offer.train_cfg_hash != local.train_cfg_hash:
        raise Refusal("wrong_config")
    params = Params.parse(offer.params, offer.mode)
    _check_cohort(offer, params, me, policy)
    for node in offer.cohort:
        if node not in registry.by_id:
            raise Refusal("unknown_node", node)
        if registry.by_id[node].not_after <= local.now:
            raise Refusal("expired_node", node)
    organisations = Counter(registry.by_id[node].org for node in offer.cohort)
    if policy.org_cap is not None and max(organisations.values()) > policy.org_cap:
        raise Refusal("org_cap")
    return params


def _check_cohort(offer: Offer, params: Params, me: bytes, policy: Policy) -> None:
    if len(set(offer.cohort)) != len(offer.cohort):
        raise Refusal("duplicate_node")
    require_ascending(offer.cohort)
    if len(offer.cohort) != params.n:
        raise Refusal("bad_params", why="n is not the size of the cohort")
    if me not in offer.cohort:
        raise Refusal("not_in_cohort")
    if params.n < policy.min_cohort or params.n - params.corrupt < policy.min_honest:
        raise Refusal("cohort_too_small")
    if params.corrupt < policy.min_corrupt:
        raise Refusal("bad_params", why="T is below this node's policy")


def check_before(offer: Offer, policy: Policy, journal: Journal) -> None:
    """What comes first: mode_refused, stale_attempt, too_many_attempts."""
    if offer.mode not in policy.modes:
        raise Refusal("mode_refused")
    last = journal.last_attempt(job_key(offer))
    if last is not None and (offer.round, offer.attempt) <= last:
        raise Refusal("stale_attempt")
    if offer.attempt >= policy.max_attempts:
        raise Refusal("too_many_attempts")


def check_not_spent(offer: Offer, members: tuple[bytes, ...], journal: Journal) -> None:
    """One set per model (spec 2.9): after signing A, only A again."""
    signed = journal.signed_set(model_key(offer))
    if signed is not None and signed != frozenset(members):
        raise Refusal("spent_model")

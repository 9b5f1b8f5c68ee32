"""The node's checks of a Roster and of a GraphSet, in the order of 7.6."""

from .attempt import Attempt, RosterView
from .bodies import Advertise, Graph
from .context import commitment, graph_seed
from .messages import GraphSet, Roster
from .primitives import NO_HASH, require_ascending
from .refusal import Refusal
from .signatures import Signed


def check_roster(message: Roster, attempt: Attempt) -> RosterView:
    """All but bad_key, which needs the neighbours (`Attempt.derive_keys`)."""
    seen: list[bytes] = []
    seen_keys: set[bytes] = set()
    adverts = [_check_advert(signed, attempt, seen, seen_keys) for signed in message.adverts]
    require_ascending(seen)
    own = [signed.body for signed, node in zip(message.adverts, seen) if node == attempt.me]
    if own != [attempt.advert.body]:
        raise Refusal("own_entry_changed")
    if len(seen) < (attempt.params.n if attempt.params.graph else attempt.params.u_min):
        raise Refusal("roster_too_small")
    return RosterView(attempt.ctx, {advert.id: advert for advert in adverts})


def _check_advert(signed: Signed, attempt: Attempt, seen: list[bytes], seen_keys: set[bytes]) -> Advertise:
    advert = Advertise.parse(signed.body)
    if advert.id not in attempt.registry.by_id:
        raise Refusal("unknown_node", advert.id)
    if advert.id not in attempt.offer.cohort:
        raise Refusal("not_in_cohort", advert.id)
    if advert.id in seen:
        raise Refusal("duplicate_node", advert.id)
    attempt.require_signature(advert.id, Advertise.kind, signed)
    if advert.pk_c == advert.pk_m or seen_keys & {advert.pk_c, advert.pk_m}:
        raise Refusal("duplicate_key", advert.id)
    if (advert.com_graph == NO_HASH) != (attempt.params.graph == 0):
        raise Refusal("bad_encoding", advert.id, "graph commitment")
    seen.append(advert.id)
    seen_keys |= {advert.pk_c, advert.pk_m}
    return advert


def check_graph_set(message: GraphSet, attempt: Attempt) -> bytes:
    """The seed of the graph, from the nonce that every node of U1 committed to."""
    roster = attempt.the_roster
    openings = [Graph.parse(signed.body) for signed in message.openings]
    if tuple(opening.id for opening in openings) != roster.u1:
        raise Refusal("missing_graph_nonce")
    for signed, opening in zip(message.openings, openings):
        attempt.require_signature(opening.id, Graph.kind, signed)
        if opening.roster_hash != roster.hash:
            raise Refusal("wrong_roster", opening.id)
        promised = roster.adverts[opening.id].com_graph
        if commitment("graph", attempt.ctx, opening.id, opening.nonce) != promised:
            raise Refusal("bad_graph_nonce", opening.id)
    return graph_seed(attempt.ctx, roster.hash, [opening.nonce for opening in openings])

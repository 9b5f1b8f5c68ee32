"""Lies in the Roster: other keys than the nodes published."""

from collections.abc import Callable
from dataclasses import replace

from fsa1.bodies import Advertise
from fsa1.context import Offer
from fsa1.primitives import sha256
from fsa1.signatures import Signed
from lab.stubs import node_pb2
from lab.wire import to_signed

from coordinator_federation import CROWD, id_of

from .telling import ADA, BO, FOREIGN, LIES, ME, Lie, Talk, edited, lie


def adverts_with(roster: node_pb2.Roster, node: bytes, body: Signed) -> node_pb2.Roster:
    others = [item for item in roster.adverts if not item.body.startswith(node)]
    return edited(roster, adverts=sorted((*others, to_signed(body)), key=lambda item: item.body))


def advert_of(roster: node_pb2.Roster, node: bytes) -> Advertise:
    (found,) = [item.body for item in roster.adverts if item.body.startswith(node)]
    return Advertise.parse(found)


def advert_lie(name: str, refusal: str, node: bytes, change: Callable[[node_pb2.Roster], dict],
               forge: Callable[[Offer], dict] = lambda offer: {}) -> None:
    """An accomplice signs another advert; `forge` gives the offer whose context it signs."""

    def tell(talk: Talk) -> tuple[str, object]:
        roster = talk.attempt.roster
        body = replace(advert_of(roster, node), **change(roster))
        ctx = replace(talk.attempt.offered, **forge(talk.attempt.offered)).ctx()
        return "roster", adverts_with(roster, node, talk.sign(node, body, ctx))

    LIES[name] = Lie(refusal, tell)


for name, forged in {"model": {"model_hash": FOREIGN}, "round": {"round": 2}, "config": {"train_cfg_hash": FOREIGN},
                     "attempt": {"attempt": 1}, "registry": {"registry_hash": FOREIGN}}.items():
    advert_lie(f"advert-for-another-{name}", "bad_signature", ADA, lambda r: {}, lambda o, f=forged: f)
advert_lie("advert-with-anothers-mask-key", "duplicate_key", ADA, lambda r: {"pk_m": advert_of(r, BO).pk_m})
advert_lie("advert-with-my-channel-key", "duplicate_key", ADA, lambda r: {"pk_m": advert_of(r, ME).pk_c})
advert_lie("advert-with-a-mask-key-of-low-order", "bad_key", ADA, lambda r: {"pk_m": bytes(32)})
advert_lie("advert-with-a-channel-key-of-low-order", "bad_key", ADA, lambda r: {"pk_c": b"\x01" + bytes(31)})
advert_lie("advert-with-a-graph-commitment", "bad_encoding", ADA, lambda r: {"com_graph": FOREIGN})


@lie("bad_signature")
def a_mask_key_of_the_coordinators_own(talk):
    roster = talk.attempt.roster
    body = replace(advert_of(roster, ADA), pk_m=FOREIGN)
    (kept,) = [item.signature for item in roster.adverts if item.body.startswith(ADA)]
    return "roster", adverts_with(roster, ADA, Signed(body.encode(), kept))


@lie("bad_signature")
def another_key_in_my_own_advert(talk):
    roster = talk.attempt.roster
    (mine,) = [item for item in roster.adverts if item.body.startswith(ME)]
    return "roster", adverts_with(roster, ME, Signed(replace(advert_of(roster, ME), pk_c=FOREIGN).encode(),
                                                     mine.signature))


@lie("own_entry_changed")
def a_roster_without_me(talk):
    roster = talk.attempt.roster
    return "roster", edited(roster, adverts=[item for item in roster.adverts if not item.body.startswith(ME)])


@lie("duplicate_node")
def a_roster_with_a_node_twice(talk):
    roster = talk.attempt.roster
    return "roster", edited(roster, adverts=[*roster.adverts, roster.adverts[-1]])


@lie("unknown_node")
def a_roster_with_a_stranger(talk):
    roster = talk.attempt.roster
    body = replace(advert_of(roster, ADA), id=id_of("nobody"), pk_c=FOREIGN, pk_m=sha256(FOREIGN))
    return "roster", adverts_with(roster, body.id, talk.sign(ADA, body))


@lie("not_in_cohort")
def a_roster_with_a_node_of_the_registry_that_was_not_offered(talk):
    roster = talk.attempt.roster
    body = replace(advert_of(roster, ADA), id=id_of(CROWD[0]), pk_c=FOREIGN, pk_m=sha256(FOREIGN))
    return "roster", adverts_with(roster, body.id, talk.sign(body.id, body))


@lie("roster_too_small")
def a_roster_of_two(talk):
    roster = talk.attempt.roster
    return "roster", edited(roster, adverts=[item for item in roster.adverts if item.body[:16] in (ME, ADA)])


@lie("bad_encoding")
def a_roster_out_of_order(talk):
    return "roster", edited(talk.attempt.roster, adverts=talk.attempt.roster.adverts[::-1])


@lie("bad_encoding")
def a_roster_with_a_cut_advert(talk):
    roster = talk.attempt.roster
    first = roster.adverts[0]
    return "roster", edited(roster, adverts=[edited(first, body=first.body[:-1]), *roster.adverts[1:]])


@lie("bad_signature")
def the_roster_of_an_older_attempt(talk):
    older = talk.attempt.roster
    talk.again().roster
    return "roster", edited(older, attempt=1)


@lie("out_of_phase", ends=False)
def a_second_roster(talk):
    talk.attempt.collect  # this node has dealt its shares
    roster = talk.attempt.roster
    return "roster", edited(roster, adverts=[item for item in roster.adverts if not item.body.startswith(ADA)])

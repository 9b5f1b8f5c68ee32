"""Lies in the Inbound: other heads or entries than the nodes dealt."""

from dataclasses import replace

from fsa1.bodies import Entry, Shares
from fsa1.context import entry_digest
from fsa1.primitives import NO_HASH
from lab.stubs import node_pb2
from lab.wire import to_signed

from coordinator_federation import CROWD, id_of

from .telling import ADA, BO, FOREIGN, ME, Talk, edited, flipped, lie


def my_shares(talk: Talk, node: bytes) -> tuple[node_pb2.Collect, node_pb2.InboundShares]:
    """What this node is told, and the part that comes from another one."""
    told = talk.attempt.collect[ME]
    (part,) = [item for item in told.shares if item.head.body.startswith(node)]
    return told, part


def shares_with(told: node_pb2.Collect, node: bytes, *parts: node_pb2.InboundShares) -> node_pb2.Collect:
    others = [item for item in told.shares if not item.head.body.startswith(node)]
    return edited(told, shares=sorted((*others, *parts), key=lambda item: item.head.body))


@lie("own_entry_changed")
def heads_without_mine(talk):
    return "collect", shares_with(talk.attempt.collect[ME], ME)


@lie("u2_too_small")
def heads_of_two(talk):
    told, part = my_shares(talk, ADA)
    return "collect", edited(told, shares=sorted((part, my_shares(talk, ME)[1]), key=lambda item: item.head.body))


@lie("bad_encoding")
def heads_out_of_order(talk):
    told = talk.attempt.collect[ME]
    return "collect", edited(told, shares=told.shares[::-1])


@lie("bad_encoding")
def a_head_twice(talk):
    told, part = my_shares(talk, ADA)
    return "collect", shares_with(told, ADA, part, part)


@lie("wrong_roster")
def a_head_under_another_roster(talk):
    told, part = my_shares(talk, ADA)
    head = talk.sign(ADA, replace(Shares.parse(part.head.body), roster_hash=FOREIGN))
    return "collect", shares_with(told, ADA, edited(part, head=to_signed(head)))


@lie("bad_signature")
def a_head_that_nobody_signed(talk):
    told, part = my_shares(talk, ADA)
    body = replace(Shares.parse(part.head.body), com_b=FOREIGN).encode()
    return "collect", shares_with(told, ADA, edited(part, head=edited(part.head, body=body)))


@lie("unknown_node")
def a_head_of_a_node_that_is_not_in_the_roster(talk):
    told, part = my_shares(talk, ADA)
    head = talk.sign(id_of(CROWD[0]), replace(Shares.parse(part.head.body), id=id_of(CROWD[0])))
    return "collect", shares_with(told, id_of(CROWD[0]), edited(part, head=to_signed(head)))


@lie("bad_entry")
def an_entry_withheld(talk):
    told, part = my_shares(talk, ADA)
    return "collect", shares_with(told, ADA, edited(part, entry=b""))


@lie("bad_entry")
def an_entry_for_another_node(talk):
    told, part = my_shares(talk, ADA)
    (other,) = [item for item in talk.attempt.collect[BO].shares if item.head.body.startswith(ADA)]
    return "collect", shares_with(told, ADA, edited(part, entry=other.entry))


@lie("bad_entry")
def an_entry_with_a_bit_flipped(talk):
    told, part = my_shares(talk, ADA)
    return "collect", shares_with(told, ADA, edited(part, entry=flipped(part.entry)))


def resealed(talk: Talk, **change) -> tuple[str, object]:
    """Another entry for this node, under a head that signs it."""
    told, part = my_shares(talk, ADA)
    entry = replace(Entry.parse(part.entry), **change).encode()
    head = Shares.parse(part.head.body)
    digests = tuple((to, entry_digest(entry) if to == ME else digest) for to, digest in head.digests)
    signed_head = to_signed(talk.sign(ADA, replace(head, digests=digests)))
    return "collect", shares_with(told, ADA, edited(part, head=signed_head, entry=entry))


@lie("bad_ciphertext")
def shares_that_do_not_open(talk):
    return resealed(talk, ct=flipped(Entry.parse(my_shares(talk, ADA)[1].entry).ct))


@lie("bad_share")
def shares_that_do_not_open_their_commitment(talk):
    return resealed(talk, com_share_m=FOREIGN)


@lie("bad_share")
def an_entry_without_shares(talk):
    return resealed(talk, ct=b"", com_share_b=NO_HASH, com_share_m=NO_HASH)


@lie("bad_entry")
def an_entry_that_names_another_receiver(talk):
    return resealed(talk, receiver=BO)


@lie("bad_mac_key")
def a_dealer_that_commits_to_no_key(talk):
    talk.attempt.collect
    dealers = [node for node in talk.attempt.coordinator.setting.roster.dealers if node != ME]
    told, part = my_shares(talk, dealers[0])
    head = talk.sign(dealers[0], replace(Shares.parse(part.head.body), com_mac=b""))
    return "collect", shares_with(told, dealers[0], edited(part, head=to_signed(head)))


@lie("bad_signature")
def the_shares_of_an_older_attempt(talk):
    older = talk.attempt.collect[ME]
    talk.again().collect
    return "collect", edited(older, attempt=1)


@lie("out_of_phase", ends=False)
def shares_before_the_roster(talk):
    talk.attempt.roster
    return "collect", node_pb2.Collect(**talk.attempt.place.fields(), cohort=talk.attempt.cohort)


@lie("out_of_phase", ends=False)
def a_second_set_of_heads(talk):
    talk.attempt.survivors  # this node has uploaded
    return "collect", shares_with(talk.attempt.collect[ME], ADA)

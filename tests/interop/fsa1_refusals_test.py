"""Refusals of 7.4 and 7.6 that no frozen vector reaches: of offers, parameters, the k-graph and others."""

import math
import unittest
from collections.abc import Callable, Collection
from dataclasses import replace
from random import Random
from typing import Any

import fsa1_vectors as v
from fsa1.attempt import Attempt, State
from fsa1.bodies import Advertise, Entry, Graph, MaskedEnd, Shares, Unmask
from fsa1.context import Offer, entry_digest
from fsa1.coordinator import Coordinator
from fsa1.graph import MALICIOUS
from fsa1.member import Member
from fsa1.messages import GraphSet, Inbound, InboundHead, Result, Roster, SharesUpload, Survivors
from fsa1.messages import SurvivorsCert
from fsa1.params import Noise, Params
from fsa1.policy import Policy, model_key
from fsa1.refusal import Refusal
from fsa1.signatures import Signed, sign
from fsa1.upload import Input
from fsa1_federation import Federation, params_of
from fsa1_replay import coordinator_awaiting, member_awaiting


class RefusalCase(unittest.TestCase):
    def refused(self, name: str, act: Callable[..., Any], *given: Any) -> Refusal:
        with self.assertRaises(Refusal) as caught:
            act(*given)
        self.assertEqual(caught.exception.name, name)
        return caught.exception


class OfferTest(RefusalCase):
    """What a node's own policy and clock refuse."""

    def setUp(self) -> None:
        self.transcript = v.Transcript("transcript_3_mc.json")
        self.offer = self.transcript.offer
        self.member = self.transcript.member(self.transcript.nodes[0])

    def refuses(
        self, name: str, offer: Offer | None = None, policy: Policy = Policy(), now: int | None = None
    ) -> Refusal:
        self.member.policy = policy
        local = self.transcript.local()
        local = local if now is None else replace(local, now=now)
        refusal = self.refused(name, self.member.offer, offer or self.offer, local)
        self.assertIs(self.member.state, State.IDLE)
        return refusal

    def test_policy(self) -> None:
        self.refuses("mode_refused", policy=Policy(modes=frozenset((0,))))
        self.refuses("mode_refused", replace(self.offer, mode=2))
        self.refuses("cohort_too_small", policy=Policy(min_cohort=4))
        self.refuses("cohort_too_small", policy=Policy(min_honest=4))
        self.refuses("bad_params", policy=Policy(min_corrupt=1))
        shared = [replace(entry, org=b"one") for entry in self.transcript.registry.entries]
        self.member.registry = replace(self.transcript.registry, entries=tuple(shared))
        offer = replace(self.offer, registry_hash=self.member.registry.hash)
        self.refuses("org_cap", offer, Policy(org_cap=2))
        self.member.policy = Policy(org_cap=3)
        self.member.offer(offer, self.transcript.local())

    def test_attempts(self) -> None:
        self.refuses("too_many_attempts", replace(self.offer, attempt=8))
        self.member.policy = Policy()
        self.member.offer(replace(self.offer, round=1, attempt=7), self.transcript.local())
        for round_number, attempt in ((1, 7), (1, 0), (0, 7)):
            older = replace(self.offer, round=round_number, attempt=attempt, model_hash=bytes(32))
            self.refused("stale_attempt", self.member.offer, older, self.transcript.local())

    def test_a_node_whose_certificate_ended(self) -> None:
        first = self.transcript.registry.entries[0]
        self.assertEqual(self.refuses("expired_node", now=first.not_after).concerns, first.id)
        self.member.offer(self.offer, replace(self.transcript.local(), now=first.not_after - 1))

    def test_this_node_is_not_in_the_cohort(self) -> None:
        others = (*self.offer.cohort[1:], b"\xff" * 16)
        self.refuses("not_in_cohort", replace(self.offer, cohort=others))
        self.refuses("bad_params", replace(self.offer, cohort=(*self.offer.cohort, b"\xff" * 16)))


class ParamsTest(RefusalCase):
    """Each row of 7.4 by itself."""

    def refuses(self, name: str, mode: int = MALICIOUS, **change: Any) -> None:
        with self.subTest(**change):
            data = replace(params_of(10, 6, 0, 0, MALICIOUS), **change).encode()
            self.refused(name, Params.parse, data, mode)

    def test_every_row(self) -> None:
        headers = params_of(10, 6, 0, 0, MALICIOUS).headers
        name = b"extra"
        for name_of_refusal, changes in {
            "bad_params": (
                {"verify": 2}, {"graph": 2}, {"t": 5}, {"t": 7}, {"u_min": 5}, {"u_min": 11}, {"k": 2},
                {"t_k": 1},
                {"b": 1, "f": 5}, {"b": 33, "f": 37}, {"f": 17}, {"d": 0}, {"c": 0.0}, {"c": -1.0},
                {"w_max": 0}, {"w_max": 2**32}, {"chunk_words": 0}, {"chunk_words": 2**20 + 1},
                {"headers": headers[:1]}, {"headers": headers[::-1]}, {"headers": (*headers, (name, 0))},
                {"headers": (*headers, (name, 2**40))}, {"headers": (*headers, (b"count", 1))},
                {"headers": (*headers, (bytes(65), 1))},
                {"dp": Noise(1.0, 1.0, 1)}, {"dp": Noise(1.0, 1.0, 2**11 - 1), "w_max": 1},
                {"dp": Noise(1.0, 1.0, 1), "w_max": 1, "headers": (*headers, (name, 1))},
            ),
            "cohort_too_small": ({"n": 2}, {"n": 65536}, {"corrupt": 9}),
            "bad_encoding": ({"c": math.nan}, {"c": math.inf}),
        }.items():
            for change in changes:
                self.refuses(name_of_refusal, **change)

    def test_the_graph_s_row(self) -> None:
        for k, t_k in ((3, 2), (0, 1), (10, 6), (4, 0), (4, 5), (4, 2)):
            self.refuses("bad_params", graph=1, k=k, t_k=t_k)
        data = replace(params_of(10, 6, 0, 0, MALICIOUS), graph=1, k=4, t_k=3).encode()
        self.assertEqual(Params.parse(data, MALICIOUS).share_threshold, 3)

    def test_every_cut_of_the_bytes(self) -> None:
        data = params_of(10, 6, 0, 0, MALICIOUS).encode()
        for size in range(len(data)):
            self.refused("bad_encoding", Params.parse, data[:size], MALICIOUS)


class GraphSetTest(RefusalCase):
    """P2a of the k-graph."""

    def setUp(self) -> None:
        self.federation = Federation.build(Random("graph set"), params_of(8, 5, 4, 3, MALICIOUS), MALICIOUS)
        coordinator = Coordinator(self.federation.offer, self.federation.registry)
        for member in self.federation.members.values():
            coordinator.add_advert(member.offer(self.federation.offer, self.federation.local))
        roster = coordinator.close_adverts()
        for member in self.federation.members.values():
            coordinator.add_graph(member.roster(roster))
        self.graph_set = coordinator.close_graph()
        self.first, self.last = self.federation.offer.cohort[0], self.federation.offer.cohort[-1]

    def forged(self, **change: Any) -> GraphSet:
        """The last node's opening changed and signed by it."""
        *openings, last = self.graph_set.openings
        body = replace(Graph.parse(last.body), **change).encode()
        sk_ed = self.federation.members[self.last].identity.sk_ed
        return GraphSet((*openings, sign(sk_ed, Graph.kind, self.federation.offer.ctx(), body)))

    def test_refusals(self) -> None:
        openings = self.graph_set.openings
        cases = (
            ("missing_graph_nonce", None, GraphSet(openings[1:])),
            ("missing_graph_nonce", None, GraphSet(openings[::-1])),
            ("bad_signature", self.last, GraphSet((*openings[:-1], replace(openings[-1], sig=bytes(64))))),
            ("wrong_roster", self.last, self.forged(roster_hash=bytes(32))),
            ("bad_graph_nonce", self.last, self.forged(nonce=bytes(32))),
        )
        members = iter(self.federation.members.values())
        for name, concerns, message in cases:
            with self.subTest(name):
                member = next(members)
                self.assertEqual(self.refused(name, member.graph_set, message).concerns, concerns)
                self.assertIs(member.state, State.ABORTED)


class LaterPhasesTest(RefusalCase):
    """Survivors, certificates and results that the vectors leave out."""

    def setUp(self) -> None:
        self.transcript = v.Transcript("transcript_3_mc.json")
        self.node, self.peer = self.transcript.nodes[:2]

    def awaiting(self, step: str) -> Member:
        return member_awaiting(self.transcript, self.node, step)

    def survivors_with(self, sender: bytes, **change: Any) -> Survivors:
        """One MaskedEnd changed and signed by its node."""
        survivors = self.transcript.sent_to("survivors", self.node)
        at = self.transcript.nodes.index(sender)
        body = replace(MaskedEnd.parse(survivors.ends[at].body), **change).encode()
        sk_ed = v.unhex(self.transcript.private(sender)["sk_ed"])
        ends = list(survivors.ends)
        ends[at] = sign(sk_ed, MaskedEnd.kind, self.transcript.offer.ctx(), body)
        return replace(survivors, ends=tuple(ends))

    def test_a_survivor_that_masked_against_another_set(self) -> None:
        for change in ({"u2_hash": bytes(32)}, {"nwords": 9}, {"tags": ()}, {"tags": (1, 2, 3)}):
            lie = self.survivors_with(self.peer, **change)
            refusal = self.refused("bad_masked_end", self.awaiting("survivors").survivors, lie)
            self.assertEqual(refusal.concerns, self.peer)
        lie = self.survivors_with(self.peer, tags=(1, 2**61 - 1))
        refusal = self.refused("bad_encoding", self.awaiting("survivors").survivors, lie)
        self.assertEqual(refusal.concerns, self.peer)

    def test_this_node_s_own_upload_changed(self) -> None:
        changed = self.survivors_with(self.node, root=bytes(32))
        self.refused("own_entry_changed", self.awaiting("survivors").survivors, changed)

    def test_a_survivor_that_is_not_in_u2(self) -> None:
        survivors = self.transcript.sent_to("survivors", self.node)
        stranger = Signed(b"\xff" * 16 + survivors.ends[0].body[16:], bytes(64))
        message = replace(survivors, ends=(*survivors.ends, stranger))
        self.refused("u3_not_subset", self.awaiting("survivors").survivors, message)

    def test_a_set_other_than_the_one_signed_for_this_model(self) -> None:
        member = self.awaiting("survivors")
        offer = self.transcript.offer
        member.journal.record_signed(model_key(offer), offer.cohort[:2], bytes(32))
        self.refused("spent_model", member.survivors, self.transcript.sent_to("survivors", self.node))

    def test_a_signer_from_outside(self) -> None:
        cert: SurvivorsCert = self.transcript.sent_to("survivors_cert", self.node)
        stranger = (*cert.sigs, (b"\xff" * 16, bytes(64)))
        member = self.awaiting("survivors_cert")
        self.refused("bad_certificate", member.survivors_cert, replace(cert, sigs=stranger))
        self.assertEqual(member.journal.unmasked, [])

    def test_a_result_for_another_set_or_with_tags_missing(self) -> None:
        result: Result = self.transcript.sent_to("result", self.node)
        self.refused("second_u3", self.awaiting("result").result, replace(result, u3_hash=bytes(32)))
        self.refused("bad_tag", self.awaiting("result").result, replace(result, tau=()))
        self.refused("wrong_length", self.awaiting("result").result, replace(result, nwords=9))

    def test_own_input(self) -> None:
        member = member_awaiting(self.transcript, self.node, "inbound")
        member.inbound(self.transcript.sent_to("inbound", self.node))
        good = self.transcript.input_of(self.node)
        cases: dict[str, list[Input]] = {
            "not_finite": [replace(good, delta=[value] * 20) for value in (math.nan, math.inf)],
            "wrong_length": [replace(good, delta=good.delta[1:]), replace(good, extra=())],
            "range": [replace(good, weight=-1), *(replace(good, extra=(e,)) for e in (-1, 2**32 + 1))],
        }
        for name, inputs in cases.items():
            for given in inputs:
                self.refused(name, member.upload, given)
        self.assertEqual(member.upload(good), self.transcript.sent_by("masked", self.node))
        frozen = member.upload(replace(good, weight=1))
        self.assertEqual(frozen, self.transcript.sent_by("masked", self.node))


class InboundTest(RefusalCase):
    """Rosters and heads that their own nodes signed, and yet are not right."""

    def setUp(self) -> None:
        self.transcript = v.Transcript("transcript_3_mc.json")
        self.node, self.peer = self.transcript.nodes[:2]

    def signed(self, sender: bytes, body: Any) -> Signed:
        sk_ed = v.unhex(self.transcript.private(sender)["sk_ed"])
        return sign(sk_ed, body.kind, self.transcript.offer.ctx(), body.encode())

    def test_this_node_s_advert_of_another_time(self) -> None:
        roster = self.transcript.sent_to("roster", self.node)
        own = replace(Advertise.parse(roster.adverts[0].body), pk_c=b"\x09" + bytes(31))
        adverts = (self.signed(self.node, own), *roster.adverts[1:])
        member = member_awaiting(self.transcript, self.node, "roster")
        self.refused("own_entry_changed", member.roster, Roster(adverts))

    def test_heads(self) -> None:
        cases: tuple[tuple[str, bytes, dict[str, Any]], ...] = (
            ("wrong_roster", self.peer, {"roster_hash": bytes(32)}),
            ("bad_mac_key", self.peer, {"com_mac": b""}),
            ("bad_encoding", self.peer, {"com_mac": bytes(31)}),
            ("bad_entry", self.peer, {"digests": ()}),
            ("own_entry_changed", self.node, {"com_b": bytes(32)}),
        )
        for name, sender, change in cases:
            with self.subTest(name):
                heads = list(self.transcript.sent_to("inbound", self.node).heads)
                at = self.transcript.nodes.index(sender)
                body = replace(Shares.parse(heads[at].head.body), **change)
                heads[at] = replace(heads[at], head=self.signed(sender, body))
                member = member_awaiting(self.transcript, self.node, "inbound")
                self.refused(name, member.inbound, Inbound(tuple(heads)))

    def test_an_entry_kept_back(self) -> None:
        heads = list(self.transcript.sent_to("inbound", self.node).heads)
        heads[1] = replace(heads[1], entry=None)
        member = member_awaiting(self.transcript, self.node, "inbound")
        self.assertEqual(self.refused("bad_entry", member.inbound, Inbound(tuple(heads))).concerns, self.peer)

    def inbound_without(self, params: Params, who: Callable[[Attempt], Collection[bytes]]) -> None:
        """What a node says to an Inbound that leaves some out, chosen by what the node knows."""
        federation = Federation.build(Random("left out"), params, MALICIOUS)
        uploads, member = exchange_shares(federation)
        assert member.attempt is not None
        missing = who(member.attempt)
        me = member.identity.id
        there = [upload for node, upload in uploads.items() if node not in missing]
        member.inbound(Inbound(tuple(InboundHead(upload.head, upload.entries.get(me)) for upload in there)))

    def test_without_dealers(self) -> None:
        params = params_of(8, 5, 0, 0, MALICIOUS)
        self.inbound_without(params, lambda attempt: attempt.the_roster.dealers[:2])
        self.refused("no_dealer", self.inbound_without, params, lambda attempt: attempt.the_roster.dealers)

    def test_with_too_few_neighbours(self) -> None:
        params = params_of(8, 5, 4, 3, MALICIOUS)
        self.inbound_without(params, lambda attempt: attempt.neighbours[:1])
        with self.assertRaises(Refusal) as caught:
            self.inbound_without(params, lambda attempt: attempt.neighbours[:2])
        self.assertEqual(caught.exception.name, "few_live_neighbours")


def exchange_shares(federation: Federation) -> tuple[dict[bytes, SharesUpload], Member]:
    """P0 to P2 of a federation: all shares, and a member that is no dealer and awaits Inbound."""
    coordinator = Coordinator(federation.offer, federation.registry)
    for member in federation.members.values():
        coordinator.add_advert(member.offer(federation.offer, federation.local))
    step, message = "roster", coordinator.close_adverts()
    if federation.params.graph:
        for member in federation.members.values():
            coordinator.add_graph(member.roster(message))
        step, message = "graph_set", coordinator.close_graph()
    uploads = {node: getattr(member, step)(message) for node, member in federation.members.items()}
    dealers = coordinator.setting.roster.dealers
    return uploads, next(member for node, member in federation.members.items() if node not in dealers)


class CoordinatorTest(RefusalCase):
    """What the coordinator holds against a node beyond the vectors."""

    def setUp(self) -> None:
        self.transcript = v.Transcript("transcript_3_mc.json")
        self.peer, self.sender = self.transcript.nodes[:2]

    def signed(self, body: Any) -> Signed:
        sk_ed = v.unhex(self.transcript.private(self.sender)["sk_ed"])
        return sign(sk_ed, body.kind, self.transcript.offer.ctx(), body.encode())

    def holds(self, name: str, held: Refusal | None) -> None:
        self.assertIsNotNone(held)
        assert held is not None
        self.assertEqual((held.name, held.concerns), (name, self.sender))

    def test_adverts(self) -> None:
        other = Advertise.parse(self.transcript.sent_by("advertise", self.peer).body)
        own = Advertise.parse(self.transcript.sent_by("advertise", self.sender).body)
        for name, change in (
            ("duplicate_key", {"pk_c": other.pk_m}),
            ("duplicate_key", {"pk_c": own.pk_m}),
            ("bad_key", {"pk_m": bytes(32)}),
            ("bad_key", {"pk_c": b"\x01" + bytes(31)}),
            ("bad_encoding", {"com_graph": bytes(31) + b"\x01"}),
        ):
            with self.subTest(**change):
                coordinator = coordinator_awaiting(self.transcript, "advertise")
                coordinator.add_advert(self.transcript.sent_by("advertise", self.peer))
                self.holds(name, coordinator.add_advert(self.signed(replace(own, **change))))

    def test_entries_that_their_receiver_would_refuse(self) -> None:
        upload = self.transcript.sent_by("shares", self.sender)
        entry = Entry.parse(upload.entries[self.peer])
        for change in ({"ct": b""}, {"ctk": b""}, {"receiver": self.sender}, {"ctk": bytes(47)}):
            with self.subTest(**change):
                entries = upload.entries | {self.peer: replace(entry, **change).encode()}
                digests = tuple((to, entry_digest(data)) for to, data in entries.items())
                head = self.signed(replace(Shares.parse(upload.head.body), digests=digests))
                coordinator = coordinator_awaiting(self.transcript, "shares")
                self.holds("bad_entry", coordinator.add_shares(SharesUpload(head, entries)))

    def test_opening_for_another_set(self) -> None:
        unmask = Unmask.parse(self.transcript.sent_by("unmask", self.sender).body)
        coordinator = coordinator_awaiting(self.transcript, "unmask")
        self.holds("wrong_u3", coordinator.add_unmask(self.signed(replace(unmask, u3_hash=bytes(32)))))
        self.assertEqual(coordinator.opened.b, {})

    def test_a_message_of_the_wrong_kind_of_share_gives_nothing(self) -> None:
        case = v.load("bad_node_wrong_kind.json")
        coordinator = coordinator_awaiting(self.transcript, "unmask")
        self.holds("bad_share", coordinator.add_unmask(v.signed(case["message"])))
        self.assertEqual((coordinator.opened.b, coordinator.opened.shares), ({}, {}))

    def test_a_nonce_for_another_roster(self) -> None:
        federation = Federation.build(Random("graph"), params_of(8, 5, 4, 3, MALICIOUS), MALICIOUS)
        coordinator = Coordinator(federation.offer, federation.registry)
        for member in federation.members.values():
            coordinator.add_advert(member.offer(federation.offer, federation.local))
        member = next(iter(federation.members.values()))
        opening = Graph.parse(member.roster(coordinator.close_adverts()).body)
        for name, change in (("wrong_roster", "roster_hash"), ("bad_graph_nonce", "nonce")):
            body = replace(opening, **{change: bytes(32)}).encode()
            lie = sign(member.identity.sk_ed, Graph.kind, federation.offer.ctx(), body)
            held = coordinator.add_graph(lie)
            self.assertEqual(held.name if held else None, name)


if __name__ == "__main__":
    unittest.main()

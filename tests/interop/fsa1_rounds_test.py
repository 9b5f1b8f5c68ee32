"""Complete rounds in memory with drop-outs at every phase: what opens is the plain integer sum (spec 6)."""

import unittest
from dataclasses import replace
from itertools import product
from random import Random
from unittest.mock import patch

from fsa1.attempt import State
from fsa1.bodies import MaskedEnd, Shares
from fsa1.context import dealers_of
from fsa1.coordinator import Coordinator
from fsa1.encoding import decode_mean
from fsa1.graph import MALICIOUS
from fsa1.messages import MaskedUpload, Roster, SharesUpload
from fsa1.params import threshold
from fsa1.randomness import SystemRandomness
from fsa1.refusal import Refusal
from fsa1.signatures import sign
from fsa1_federation import STEPS, Federation, Vanishing, end_of, expected_end, params_of, random_params

MODES = (0, MALICIOUS)
FULL_GRAPH_STEPS = tuple(step for step in STEPS if step != "graph")


class RoundCase(unittest.TestCase):
    """What holds after every successful round."""

    def check_sum(self, federation: Federation, vanishing: Vanishing, end: tuple) -> None:
        coordinator, result, certificate = end
        plain = federation.plain_sums(coordinator.u3)
        self.assertEqual(coordinator.held, [])
        for node, member in federation.members.items():
            if node in federation.left:
                self.assertIs(member.state, State.LEFT)
                self.assertEqual(member.sums_as_outsider(result, certificate), plain)
            elif node not in vanishing:
                self.assertIs(member.state, State.COMMITTED)
                self.assertEqual(member.sums(), plain)
        params, members = federation.params, len(coordinator.u3)
        mean = decode_mean(params, members, plain.omega, plain.fields)
        self.assertEqual(len(mean), params.d)


class RoundTest(RoundCase):
    """The full graph. A failure prints its seed, and a seed gives the same round again."""

    def check(self, federation: Federation, vanishing: Vanishing) -> str | None:
        """Runs the round; how it must end is computed beside it. Returns that end."""
        alive = [node for node in federation.members if vanishing.get(node) != "advertise"]
        dealers = dealers_of(federation.offer.ctx(), alive)
        expected = expected_end(federation, vanishing, dealers)
        end = end_of(federation, vanishing)
        if isinstance(end, str):
            self.assertEqual(end, expected)
            return expected
        self.assertIsNone(expected)
        self.check_sum(federation, vanishing, end)
        return None

    def test_nobody_vanishes(self) -> None:
        for n, mode in product(range(3, 9), MODES):
            seed = f"all {n} {mode}"
            with self.subTest(seed):
                rng = Random(seed)
                federation = Federation.build(rng, random_params(rng, n, mode), mode)
                self.assertIsNone(self.check(federation, {}))

    def test_secrets_of_the_operating_system_serve_as_well(self) -> None:
        rng = Random("system")
        federation = Federation.build(rng, random_params(rng, 4, MALICIOUS), MALICIOUS)
        for member in federation.members.values():
            member.source = SystemRandomness()
        self.assertIsNone(self.check(federation, {}))

    def test_one_vanishes_at_each_phase(self) -> None:
        ends = set()
        for n, mode, step in product(range(3, 9), MODES, FULL_GRAPH_STEPS):
            seed = f"one {n} {mode} {step}"
            with self.subTest(seed):
                rng = Random(seed)
                federation = Federation.build(rng, random_params(rng, n, mode), mode)
                ends.add(self.check(federation, {rng.choice(federation.offer.cohort): step}))
        self.assertIn(None, ends)

    def test_any_number_vanishes_at_any_phase(self) -> None:
        ends = set()
        for n, mode, number in product(range(3, 9), MODES, range(4)):
            seed = f"many {n} {mode} {number}"
            with self.subTest(seed):
                rng = Random(seed)
                federation = Federation.build(rng, random_params(rng, n, mode), mode)
                chance = rng.choice((0.2, 0.3, 0.5))
                gone = [node for node in federation.offer.cohort if rng.random() < chance]
                ends.add(self.check(federation, {node: rng.choice(FULL_GRAPH_STEPS) for node in gone}))
        too_small = {"roster_too_small", "u2_too_small", "u3_too_small"}
        self.assertLessEqual({None, "too_few_shares", "no_certificate"} | too_small, ends)

    def test_exactly_t_survivors_open_the_sum(self) -> None:
        for n, mode, step in product((5, 7, 8), MODES, ("masked", "unmask")):
            for openers_below_t in (0, 1):
                seed = f"threshold {n} {mode} {step} {openers_below_t}"
                with self.subTest(seed):
                    rng = Random(seed)
                    t = threshold(n, 0, mode)
                    federation = Federation.build(rng, params_of(n, t, 0, 0, mode), mode)
                    gone = rng.sample(federation.offer.cohort, n - t + openers_below_t)
                    end = self.check(federation, {node: step for node in gone})
                    self.assertEqual(end is None, openers_below_t == 0)


class GraphRoundTest(RoundCase):
    """The k-graph: n = 8, k = 4, t_k = 3, so that each node is no neighbour of three others."""

    def federation(self, seed: str, mode: int) -> Federation:
        return Federation.build(Random(seed), params_of(8, threshold(8, 0, mode), 4, 3, mode), mode)

    def check(self, federation: Federation, vanishing: Vanishing) -> str | None:
        end = end_of(federation, vanishing)
        if isinstance(end, str):
            return end
        self.check_sum(federation, vanishing, end)
        return None

    def test_nobody_vanishes(self) -> None:
        for mode, number in product(MODES, range(3)):
            with self.subTest(mode=mode, number=number):
                self.assertIsNone(self.check(self.federation(f"graph {mode} {number}", mode), {}))

    def test_one_vanishes_at_each_phase(self) -> None:
        # Before the graph stands everybody is needed (spec 2.6); afterwards each node can lose one neighbour.
        ends = dict.fromkeys(STEPS) | {"advertise": "roster_too_small", "graph": "missing_graph_nonce"}
        for mode, step in product(MODES, STEPS):
            with self.subTest(mode=mode, step=step):
                federation = self.federation(f"graph {mode} {step}", mode)
                self.assertEqual(self.check(federation, {federation.offer.cohort[3]: step}), ends[step])


class HostileNodeTest(unittest.TestCase):
    """A node that lies under its own signature, at a coordinator that keeps to the text (spec 7.7)."""

    def setUp(self) -> None:
        mode = MALICIOUS
        self.federation = Federation.build(Random("hostile"), params_of(5, 3, 0, 0, mode), mode)
        self.liar = self.federation.offer.cohort[2]

    def test_a_secret_that_its_commitment_denies_proves_the_dealer_bad(self) -> None:
        member = self.federation.members[self.liar]
        honest = member.roster

        def lie(message: Roster) -> SharesUpload:
            upload = honest(message)
            head = replace(Shares.parse(upload.head.body), com_b=bytes(32))
            signed = sign(member.identity.sk_ed, Shares.kind, self.federation.offer.ctx(), head.encode())
            member.attempt.shares = SharesUpload(signed, upload.entries)
            return member.attempt.shares

        with patch.object(member, "roster", lie), self.assertRaises(Refusal) as caught:
            self.federation.run({self.liar: "unmask"})
        self.assertEqual((caught.exception.name, caught.exception.concerns), ("bad_dealer", self.liar))

    def test_shares_of_another_mask_key_prove_the_dealer_bad(self) -> None:
        member = self.federation.members[self.liar]
        honest = member.roster

        def lie(message: Roster) -> SharesUpload:
            attempt = member.attempt
            secrets = attempt.secrets
            attempt.secrets = replace(secrets, m=bytes(32))
            upload = honest(message)
            attempt.secrets = secrets
            attempt.derive_keys()
            return upload

        with patch.object(member, "roster", lie), self.assertRaises(Refusal) as caught:
            self.federation.run({self.liar: "masked"})
        self.assertEqual((caught.exception.name, caught.exception.concerns), ("bad_dealer", self.liar))

    def test_only_the_first_upload_of_a_node_counts(self) -> None:
        member = self.federation.members[self.liar]
        kept: list[bool] = []
        honest = Coordinator.add_masked

        def twice(coordinator: Coordinator, upload: MaskedUpload) -> Refusal | None:
            held = honest(coordinator, upload)
            end = replace(MaskedEnd.parse(upload.end.body), tags=(1, 2))
            other = sign(member.identity.sk_ed, MaskedEnd.kind, coordinator.ctx, end.encode())
            honest(coordinator, MaskedUpload(other, upload.chunks))
            kept.append(coordinator.ends[end.id] == upload.end)
            return held

        with patch.object(Coordinator, "add_masked", twice):
            self.federation.run({})
        self.assertEqual(kept, [True] * 5)


if __name__ == "__main__":
    unittest.main()

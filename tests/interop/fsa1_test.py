"""The frozen vectors of FSA-1 against the second implementation: every file of tests/golden/fsa1."""

import unittest
from dataclasses import replace
from typing import Any

import fsa1_vectors as v
from fsa1 import context, encoding, graph, keys, masking, primitives, shamir, signatures
from fsa1.attempt import State
from fsa1.bodies import Abort, Entry, MaskedEnd
from fsa1.coordinator import Coordinator
from fsa1.member import Member
from fsa1.params import Params, field_width, least_u_min, threshold
from fsa1.policy import model_key
from fsa1.poly_mac import MacKey, polynomial
from fsa1.primitives import P, keystream_words
from fsa1.refusal import Refusal
from fsa1.registry import Registry
from fsa1.sums import Sums
from fsa1_replay import ANSWERS, PHASES, answer, coordinator_awaiting, member_awaiting, take_phase

unhex = v.unhex
TRANSCRIPTS = ("transcript_3_mc.json", "transcript_3_sh.json")

# (k, t_k) of 2.6 for n = 100, 200, 500, 1000, 10000, by corrupt percent and mode; t_k is the least possible.
NEIGHBOUR_TABLE = {
    (5, 0): ((30, 6), (30, 11), (30, 16), (32, 18), (34, 20)),
    (5, 1): ((30, 18), (30, 21), (44, 31), (52, 37), (62, 44)),
    (10, 0): ((42, 11), (42, 20), (44, 24), (46, 26), (54, 30)),
    (10, 1): ((42, 27), (56, 39), (82, 57), (96, 67), (122, 85)),
    (20, 0): ((54, 21), (56, 33), (60, 39), (68, 43), (80, 51)),
    (20, 1): ((54, 38), (76, 57), (116, 86), (138, 102), (182, 134)),
    (33, 1): ((78, 56), (98, 78), (168, 132), (216, 169), (304, 237)),
}


class FormatsTest(unittest.TestCase):
    """encoding.json and kdf.json."""

    def test_registry_and_cohort(self) -> None:
        j = v.load("encoding.json")
        registry = Registry.parse(unhex(j["registry"]["bytes"]))
        self.assertEqual(registry.version, j["registry"]["version"])
        expected = [entry["pk"] for entry in j["registry"]["entries"]]
        self.assertEqual([entry.pk_ed.hex() for entry in registry.entries], expected)
        self.assertEqual(registry.encode().hex(), j["registry"]["bytes"])
        self.assertEqual(registry.hash.hex(), j["registry"]["hash"])
        cohort = [unhex(node) for node in j["cohort"]["ids"]]
        self.assertEqual(context.cohort_hash(cohort).hex(), j["cohort"]["hash"])

    def test_params(self) -> None:
        for case in v.load("encoding.json")["params"]:
            with self.subTest(n=case["fields"]["n"]):
                params = Params.parse(unhex(case["bytes"]), case["mode"])
                fields = case["fields"]
                self.assertEqual((params.n, params.corrupt), (fields["n"], fields["T"]))
                self.assertEqual((params.t, params.u_min), (fields["t"], fields["u_min"]))
                self.assertEqual((params.k, params.t_k, params.f), (fields["k"], fields["t_k"], fields["f"]))
                self.assertEqual(v.bits_of(params.c), fields["C"])
                self.assertEqual(params.dp.encode().hex() if params.dp else "", fields["dp"])
                self.assertEqual(params.nwords, case["nwords"])
                self.assertEqual(params.encode().hex(), case["bytes"])
                self.assertEqual(params.hash.hex(), case["hash"])

    def test_thresholds_of_section_2_5(self) -> None:
        rows = ((3, 0, 2, 3), (3, 1, 3, 3), (5, 0, 3, 3), (5, 1, 4, 4), (10, 2, 7, 7), (50, 10, 31, 31))
        for n, corrupt, t, u_min in (*rows, (50, 16, 34, 34), (200, 40, 121, 121), (200, 66, 134, 134)):
            self.assertEqual((threshold(n, corrupt, 1), least_u_min(n, corrupt, 1)), (t, u_min))

    def test_context(self) -> None:
        for case in v.load("encoding.json")["ctx"]:
            self.assertEqual(v.offer(case, text=unhex).ctx().hex(), case["ctx"])

    def test_signature(self) -> None:
        j = v.load("encoding.json")["signature"]
        sk, ctx, body = unhex(j["sk_ed"]), unhex(j["ctx"]), unhex(j["body"])
        self.assertEqual(signatures.public_key(sk).hex(), j["pk_ed"])
        self.assertEqual(signatures.signed_bytes(j["kind"], ctx, body).hex(), j["signed_bytes"])
        message = signatures.sign(sk, j["kind"], ctx, body)
        self.assertEqual(message.sig.hex(), j["sig"])
        self.assertTrue(signatures.is_signed_by(unhex(j["pk_ed"]), j["kind"], ctx, message))
        self.assertFalse(signatures.is_signed_by(unhex(j["pk_ed"]), "graph", ctx, message))

    def test_set_hashes(self) -> None:
        j = v.load("encoding.json")["set_hashes"]
        bodies = [unhex(body) for body in j["roster_bodies"]]
        self.assertEqual(context.roster_hash(bodies).hex(), j["roster_hash"])
        heads = [(unhex(head["id"]), unhex(head["body"])) for head in j["heads"]]
        self.assertEqual(context.u2_hash(unhex(j["u2_roster_hash"]), heads).hex(), j["u2_hash"])
        ends = [(unhex(end["id"]), unhex(end["body"])) for end in j["ends"]]
        self.assertEqual(context.u3_hash(unhex(j["u3_u2_hash"]), ends).hex(), j["u3_hash"])
        for _, body in ends:
            self.assertEqual(MaskedEnd.parse(body).encode(), body)

    def test_merkle_roots(self) -> None:
        for case in v.load("encoding.json")["merkle"]:
            leaves = [unhex(leaf) for leaf in case["leaves"]]
            self.assertEqual(primitives.merkle_root(leaves).hex(), case["root"])

    def test_keys_of_a_pair(self) -> None:
        j = v.load("kdf.json")
        ctx, sk_i = unhex(j["ctx"]), unhex(j["sk_i"])
        i, other = (keys.Party(unhex(j[f"id_{x}"]), unhex(j[f"pk_{x}"])) for x in "ij")
        self.assertEqual(keys.x25519_public(sk_i), i.pk)
        self.assertEqual(primitives.hkdf_extract(ctx, unhex(j["x25519"])).hex(), j["prk"])
        prk = keys.pair_prk(ctx, sk_i, other)
        self.assertEqual(prk.hex(), j["prk"])
        self.assertEqual(keys.pair_prk(ctx, unhex(j["sk_j"]), i), prk)
        for use in ("data", "tag"):
            self.assertEqual(keys.mask_key(prk, use, other, i).hex(), j[f"mask_{use}"])
        for use in ("share", "mackey"):
            self.assertEqual(keys.channel_key(prk, use, i, other).hex(), j["channel"][f"{use}_i_to_j"])
            self.assertEqual(keys.channel_key(prk, use, other, i).hex(), j["channel"][f"{use}_j_to_i"])

    def test_keys_of_a_node(self) -> None:
        j = v.load("kdf.json")
        ctx, node, own = unhex(j["ctx"]), unhex(j["id_i"]), j["self"]
        for use in ("data", "tag"):
            self.assertEqual(keys.self_key(ctx, unhex(own["b"]), use, node).hex(), own[use])
        self.assertEqual(context.commitment("b", ctx, node, unhex(own["b"])).hex(), own["com_b"])
        sk_m = keys.mask_private_key(unhex(j["mask_secret"]["m"]))
        self.assertEqual(sk_m.hex(), j["mask_secret"]["sk_m"])
        self.assertEqual(keys.x25519_public(sk_m).hex(), j["mask_secret"]["pk_m"])
        self.assertEqual(keys.noise_key(unhex(j["noise_key"]["seed"])).hex(), j["noise_key"]["key"])
        nonce = unhex(j["com_graph"]["nonce"])
        self.assertEqual(context.commitment("graph", ctx, node, nonce).hex(), j["com_graph"]["value"])

    def test_mac_keys_and_dealers(self) -> None:
        j = v.load("kdf.json")
        ctx, kds = unhex(j["ctx"]), [unhex(kd) for kd in j["mac"]["kds_in_dealer_id_order"]]
        mac = MacKey.from_dealers(ctx, kds)
        self.assertEqual(mac.prk.hex(), j["mac"]["prk"])
        self.assertEqual(mac.alpha(), v.words(j["mac"]["alpha"]))
        for case in j["mac"]["pads"]:
            self.assertEqual(mac.pad(unhex(case["id"])), v.words(case["pad"]))
        committed = [context.commitment("mac", ctx, unhex(j["id_i"]), kd).hex() for kd in kds]
        self.assertIn(j["mac"]["com_mac"], committed)
        for case in j["dealers"]["ranked"]:
            self.assertEqual(context.dealer_rank(ctx, unhex(case["id"])).hex(), case["rank_hash"])
        ranked = context.dealers_of(ctx, [unhex(node) for node in j["dealers"]["u1"]])
        self.assertEqual([node.hex() for node in ranked], [case["id"] for case in j["dealers"]["ranked"]])

    def test_field_samples(self) -> None:
        j = v.load("kdf.json")["field_samples"]
        self.assertEqual(primitives.field_samples(unhex(j["key"]), 8), v.words(j["first_8"]))
        raw = primitives.words_of(unhex(j["raw_stream"]))
        samples = list(primitives.reject_to_field(raw))
        self.assertEqual(samples[: len(j["raw_samples"])], v.words(j["raw_samples"]))
        self.assertEqual(len(samples), len(j["raw_samples"]))


class ArithmeticTest(unittest.TestCase):
    """share_channel, shamir, packing, rounding, mask_words, tags and graph."""

    def test_share_channel(self) -> None:
        j = {key: unhex(value) for key, value in v.load("share_channel.json").items() if key != "bad"}
        node, to = j["id_from"], j["id_to"]
        self.assertEqual(keys.channel_aad(j["ctx"], node, to, j["roster_hash"]), j["aad"])
        self.assertEqual(keys.seal(j["key_share"], j["aad"], j["plaintext"]), j["ct"])
        self.assertEqual(keys.unseal(j["key_share"], j["aad"], j["ct"]), j["plaintext"])
        self.assertEqual(keys.seal(j["key_mackey"], j["aad"], j["kd"]), j["ctk"])
        coms = [
            context.ShareOf(j["ctx"], kind, node, to).commit(j[f"share_{of}"], j[f"blind_{of}"])
            for kind, of in enumerate("bm")
        ]
        self.assertEqual(coms, [j["com_share_b"], j["com_share_m"]])
        entry = Entry(to, *coms, j["ct"], j["ctk"])
        self.assertEqual(entry.encode(), j["entry"])
        self.assertEqual(Entry.parse(j["entry"]), entry)
        self.assertEqual(context.entry_digest(j["entry"]), j["entry_digest"])
        for case in v.load("share_channel.json")["bad"]:
            given = {"key": j["key_share"], "aad": j["aad"]}
            given |= {name: unhex(case[name]) for name in given if name in case}
            with self.subTest(case["what"]), self.assertRaises(Refusal) as caught:
                keys.unseal(given["key"], given["aad"], unhex(case["ct"]))
            self.assertEqual(caught.exception.name, case["error"])

    def test_shamir(self) -> None:
        j = v.load("shamir.json")
        self.assertEqual(P, int(j["p"]))
        for case in j["cases"]:
            secret, t = unhex(case["secret"]), case["t"]
            self.assertEqual(shamir.split_limbs(secret), case["limbs"])
            largest = max(int(x) for x in case["shares"])
            shares = shamir.deal(secret, t, range(1, largest + 1), unhex(case["coef_seed"]))
            self.assertEqual({x: shares[int(x)].hex() for x in case["shares"]}, case["shares"])
            chosen = case["recover_from"]
            points = range(largest - t + 1, largest + 1) if chosen == "last t" else chosen
            self.assertEqual(shamir.recover({x: shares[x] for x in points}, t).hex(), case["recovered"])
        for case in j["bad"]:
            with self.subTest(case["what"]), self.assertRaises(Refusal) as caught:
                if "share" in case:
                    shamir.parse_share(unhex(case["share"]))
                else:
                    shamir.join_limbs(case["limbs"])
            self.assertEqual(caught.exception.name, case["error"])

    def test_packing(self) -> None:
        for case in v.load("packing.json"):
            with self.subTest(b=case["b"], n=case["n"]):
                params = small_params(case["n"], case["b"], case["d"])
                self.assertEqual((params.f, params.m_range), (case["f"], case["M"]))
                self.assertEqual(params.fields_per_word, case["fields_per_word"])
                self.assertEqual(params.nwords, case["nwords"])
                packed = encoding.pack(params, case["header"], case["x"])
                self.assertEqual(packed, v.words(case["words"]))
                self.assertEqual(encoding.unpack(params, packed), (case["header"], case["x"]))
                top = encoding.pack(params, [1, 2**32 - 1], [2 * params.m_range] * params.d)
                self.assertEqual(top, v.words(case["all_max_words"]))
                self.assertEqual([word * params.n for word in top], v.words(case["sum_of_n_all_max"]))

    def test_rounding(self) -> None:
        for case in v.load("rounding.json"):
            with self.subTest(b=case["b"], weight=case["weight"]):
                delta = [v.float_of(bits) for bits in case["delta_f32"]]
                params = small_params(case["n"], case["b"], len(delta), v.float_of(case["C"]), case["W_max"])
                omega = encoding.omega_of(case["weight"], case["W_max"])
                self.assertEqual(omega, case["omega"])
                rounded = encoding.quantise(params, omega, delta, unhex(case["noise_key"]))
                fields = encoding.to_fields(params, rounded)
                self.assertEqual(fields, case["x"])
                sums = [10 * field for field in fields]
                self.assertEqual(sums, case["sum_if_all_ten_send_this"])
                mean = encoding.decode_mean(params, 10, 10 * omega, sums)
                self.assertEqual([v.bits_of(value) for value in mean], case["mean_f64"])

    def test_mask_words(self) -> None:
        j = v.load("mask_words.json")
        key = unhex(j["key"])
        for case in j["cases"]:
            expected = v.words(case["words"])
            self.assertEqual(keystream_words(key, case["first_word"], len(expected)), expected)
        stream = primitives.keystream(key, 0, 8 * 131073)
        self.assertEqual(primitives.sha256(stream).hex(), j["sha256_of_first_131073_words_as_bytes"])
        lo, hi = unhex(j["sign"]["id_lo"]), unhex(j["sign"]["id_hi"])
        x = v.words(j["sign"]["x"])
        for node, peer, sends in ((lo, hi, "lo_sends"), (hi, lo, "hi_sends")):
            self.assertEqual(masking.add_stream(x, key, masking.sign(node, peer)), v.words(j["sign"][sends]))

    def test_tags(self) -> None:
        j = v.load("tags.json")
        alpha, pad = v.words(j["alpha"]), v.words(j["pad"])
        for case in j["cases"]:
            values = case["values"]
            if isinstance(values, str):
                values = [1, 7, 2**40 - 1, *((40503 * q) % 65535 for q in range(2050))]
            poly = [polynomial(values, point) for point in alpha]
            self.assertEqual(poly, v.words(case["poly"]))
            self.assertEqual([(a + b) % P for a, b in zip(poly, pad)], v.words(case["tag"]))

    def test_graph(self) -> None:
        j = v.load("graph.json")
        for case in j["cases"]:
            n, seed = case["n"], unhex(case["seed"])
            self.assertEqual(graph.permutation(seed, n), case["permutation"])
            neighbours = graph.ring_graph(seed, n, case["k"])
            for node, expected in case["neighbours"].items():
                self.assertEqual(neighbours[int(node)], expected)

    def test_condition_i_gives_the_thresholds_of_the_table(self) -> None:
        sizes = (100, 200, 500, 1000, 10000)
        for (corrupt_percent, mode), row in NEIGHBOUR_TABLE.items():
            for n, (k, t_k) in zip(sizes, row, strict=True):
                corrupt = n * corrupt_percent // 100
                with self.subTest(n=n, corrupt=corrupt, mode=mode):
                    self.assertTrue(graph.condition_holds(n, corrupt, k, t_k, mode))
                    self.assertFalse(graph.condition_holds(n, corrupt, k, t_k - 1, mode))

    def test_weight_policies(self) -> None:
        weights = (0, 1, 63, 64, 999, 1000, 5000)
        expected = {
            "exact": [0, 1, 63, 64, 999, 1000, 1000],
            "coarse": [0, 63, 63, 126, 1000, 1000, 1000],
            "equal": [1000] * 7,
        }
        for policy, result in expected.items():
            self.assertEqual([encoding.apply_weight_policy(w, 1000, policy) for w in weights], result)

    def test_graph_seed(self) -> None:
        j = v.load("graph.json")["seed_hash"]
        nonces = [unhex(nonce) for nonce in j["nonces"]]
        seed = context.graph_seed(unhex(j["ctx"]), unhex(j["roster_hash"]), nonces)
        self.assertEqual(seed.hex(), j["seed"])


def small_params(n: int, b: int, d: int, c: float = 1.0, w_max: int = 1000) -> Params:
    t = threshold(n, 0, 1)
    headers = ((b"count", 1), (b"omega", 2**32 - 1))
    return Params(1, 0, n, 0, t, max(t, 3), 0, 0, b, field_width(b, n), d, c, w_max, 4, headers)


class TranscriptTest(unittest.TestCase):
    """Both transcripts, message by message, as node and as coordinator."""

    def test_a_node_sends_the_bytes_of_the_transcript(self) -> None:
        for name in TRANSCRIPTS:
            transcript = v.Transcript(name)
            for node in transcript.nodes:
                with self.subTest(name, node=node.hex()):
                    self._replay_node(transcript, node)

    def _replay_node(self, transcript: v.Transcript, node: bytes) -> None:
        member = transcript.member(node)
        sent = member.offer(transcript.offer, transcript.local())
        self.assertEqual(sent, transcript.sent_by("advertise", node))
        for kind, step in ANSWERS.items():
            if kind not in transcript.steps:
                continue
            message = transcript.sent_to(kind, node)
            sent = answer(member, kind, message, transcript)
            if step is not None:
                step = step if step in transcript.steps else "unmask"  # SH: Survivors is answered by Unmask
                self.assertEqual(sent, transcript.sent_by(step, node), step)
            again = answer(member, kind, message, transcript)
            self.assertEqual(again, sent, f"{kind} repeated")
        self.assertEqual(member.state.value, transcript.private(node)["final_state"])
        self._compare_secrets(member, transcript.private(node), transcript)
        total = transcript.json["sum"]
        self.assertEqual(member.sums(), Sums(total["header"], total["fields"]))
        params, sums = Params.parse(transcript.offer.params, transcript.offer.mode), member.sums()
        mean = encoding.decode_mean(params, sums.headers[0], sums.omega, sums.fields)
        self.assertEqual([v.bits_of(value) for value in mean], total["mean_f64"])

    def _compare_secrets(self, member: Member, private: Any, transcript: v.Transcript) -> None:
        attempt = member.attempt
        assert attempt is not None and attempt.secrets is not None and attempt.roster is not None
        j = transcript.json
        for name in ("ctx", "u2_hash", "u3_hash"):
            self.assertEqual(getattr(attempt, name).hex(), j[name])
        self.assertEqual(attempt.roster.hash.hex(), j["roster_hash"])
        self.assertEqual([peer.hex() for peer in attempt.neighbours], j["neighbours"][attempt.me.hex()])
        for name in ("sk_c", "m", "sk_m", "b"):
            self.assertEqual(getattr(attempt.secrets, name).hex(), private[name], name)
        for use in ("data", "tag"):
            if f"self_{use}_key" in private:
                self.assertEqual(attempt.self_key(use).hex(), private[f"self_{use}_key"])
            for peer, pair in private["pair"].items():
                self.assertEqual(attempt.mask_key(use, unhex(peer)).hex(), pair.get(f"{use}_key"))
        if "mac_prk" in private:
            self.assertEqual(sorted(node.hex() for node in attempt.roster.dealers), j["dealers"])
            mac = attempt.mac_key()
            self.assertEqual((mac.prk.hex(), mac.alpha()), (private["mac_prk"], v.words(private["alpha"])))
            tags = mac.tags(attempt.me, private["header"] + private["x"])
            self.assertEqual(tags, v.words(private["plain_tags"]))

    def test_a_coordinator_sends_the_fields_of_the_transcript(self) -> None:
        for name in TRANSCRIPTS:
            transcript = v.Transcript(name)
            coordinator = Coordinator(transcript.offer, transcript.registry)
            for phase, (_, _, step) in PHASES.items():
                if phase not in transcript.steps:
                    continue
                sent = take_phase(coordinator, transcript, phase)
                for node in transcript.nodes:
                    with self.subTest(name, step=step, node=node.hex()):
                        expected = transcript.sent_to(step, node)
                        self.assertEqual(sent[node] if step == "inbound" else sent, expected)
            self.assertEqual(coordinator.held, [])
            assert coordinator.secrets is not None
            recovered = transcript.json["recovered"]
            for kind, secrets in (("b", coordinator.secrets.b), ("m", coordinator.secrets.m)):
                opened = {node.hex(): secret.hex() for node, secret in secrets.items()}
                self.assertEqual(opened, recovered[kind])


class HostileMessageTest(unittest.TestCase):
    """Every bad_*: the exact error, the node that it concerns, and nothing signed or released."""

    def test_every_hostile_message_to_a_node(self) -> None:
        files = [name for name in v.names("bad_") if not name.startswith("bad_node_")]
        self.assertGreater(len(files), 40)
        for name in files:
            with self.subTest(name):
                self._deliver(v.load(name))

    def _deliver(self, case: Any) -> None:
        transcript = v.Transcript(case["transcript"])
        member = member_awaiting(transcript, unhex(case["node"]), case["node_awaits"])
        journal = member.journal
        before = repr(journal)
        message = v.READERS[case["message_kind"]](case["message"])
        with self.assertRaises(Refusal) as caught:
            answer(member, case["message_kind"], message, transcript)
        concerns = caught.exception.concerns
        self.assertEqual(caught.exception.name, case["expect_error"])
        self.assertEqual(concerns.hex() if concerns else None, case["expect_concerns"])
        self.assertEqual(case["shares_released_by_this_message"], 0)
        self.assertEqual(repr(journal), before, "a refused message leaves no trace")

    def test_every_hostile_message_to_the_coordinator(self) -> None:
        files = v.names("bad_node_")
        self.assertGreater(len(files), 6)
        for name in files:
            with self.subTest(name):
                self._deliver_to_coordinator(v.load(name))

    def _deliver_to_coordinator(self, case: Any) -> None:
        transcript = v.Transcript(case["transcript"])
        coordinator = coordinator_awaiting(transcript, case["coordinator_awaits"])
        add, close, _ = PHASES[case["coordinator_awaits"]]
        sender = unhex(case["sender"])
        self.assertEqual(case["message_kind"], case["coordinator_awaits"])
        for node in transcript.nodes:
            hostile = node == sender
            forged = v.READERS[case["message_kind"]](case["message"])
            message = forged if hostile else transcript.sent_by(case["message_kind"], node)
            held = getattr(coordinator, add)(message)
            self.assertEqual(held is not None, hostile)
        held_for = {(refusal.name, refusal.concerns) for refusal in coordinator.held}
        self.assertEqual(held_for, {(case["expect_error"], unhex(case["expect_concerns"]))})
        if case["message_kind"] == "unmask":  # one of three is silent or gives a part: the sum still opens
            self.assertEqual(getattr(coordinator, close)(), transcript.sent_to("result", sender))
        else:  # n = 3 loses no node before P4 (spec 2.5)
            with self.assertRaises(Refusal):
                getattr(coordinator, close)()


class RepeatsTest(unittest.TestCase):
    """Messages out of phase change nothing; a newer offer ends the older attempt (spec 2.1, 2.2, 2.9)."""

    def setUp(self) -> None:
        self.transcript = v.Transcript(TRANSCRIPTS[0])
        self.node = self.transcript.nodes[0]

    def test_a_message_out_of_phase_changes_nothing(self) -> None:
        steps = ["roster", "inbound", "survivors", "survivors_cert", "result", "result_cert"]
        for at, step in enumerate(steps):
            for early in steps[at + 1 :]:
                member = member_awaiting(self.transcript, self.node, step)
                message = self.transcript.sent_to(early, self.node)
                with self.subTest(step, early=early), self.assertRaises(Refusal) as caught:
                    getattr(member, early)(message)
                too_early_to_open = (step, early) == ("survivors", "survivors_cert")
                expected = "no_certificate" if too_early_to_open else "out_of_phase"
                self.assertEqual(caught.exception.name, expected)
                answer(member, step, self.transcript.sent_to(step, self.node), self.transcript)

    def test_a_refused_message_of_the_awaited_kind_ends_the_attempt(self) -> None:
        case = v.load("bad_roster_swapped_key.json")
        member = member_awaiting(self.transcript, self.node, "roster")
        with self.assertRaises(Refusal):
            member.roster(v.roster(case["message"]))
        self.assertIs(member.state, State.ABORTED)
        with self.assertRaises(Refusal) as caught:
            member.roster(self.transcript.sent_to("roster", self.node))
        self.assertEqual(caught.exception.name, "out_of_phase")

    def test_the_same_offer_gets_the_same_answer_also_late(self) -> None:
        member = member_awaiting(self.transcript, self.node, "result")
        again = member.offer(self.transcript.offer, self.transcript.local())
        self.assertEqual(again, self.transcript.sent_by("advertise", self.node))
        self.assertIs(member.state, State.UNMASKED)

    def test_a_newer_offer_ends_the_older_attempt(self) -> None:
        member = member_awaiting(self.transcript, self.node, "survivors")
        older = member.attempt
        assert older is not None
        member.offer(replace(self.transcript.offer, attempt=1), self.transcript.local())
        self.assertIs(member.state, State.ADVERTISED)
        self.assertEqual((older.secrets, older.dealt, older.kds), (None, {}, {}))
        with self.assertRaises(Refusal) as caught:
            member.survivors(self.transcript.sent_to("survivors", self.node))
        self.assertEqual(caught.exception.name, "out_of_phase")

    def test_one_set_per_model(self) -> None:
        member = member_awaiting(self.transcript, self.node, "survivors_cert")
        offer = self.transcript.offer
        member.journal.record_signed(model_key(offer), offer.cohort[:2], bytes(32))
        with self.assertRaises(Refusal) as caught:
            member.offer(replace(self.transcript.offer, attempt=1), self.transcript.local())
        self.assertEqual(caught.exception.name, "spent_model")
        next_model = replace(self.transcript.offer, attempt=1, model_hash=bytes(32))
        member.offer(next_model, replace(self.transcript.local(), model_hash=bytes(32)))

    def test_an_abort_is_signed_under_the_context(self) -> None:
        member = member_awaiting(self.transcript, self.node, "roster")
        notice = member.abort_notice(Refusal("bad_key", self.transcript.nodes[1]))
        pk = self.transcript.registry.by_id[self.node].pk_ed
        self.assertTrue(signatures.is_signed_by(pk, "abort", self.transcript.offer.ctx(), notice))
        self.assertEqual(Abort.parse(notice.body), Abort(self.node, b"bad_key", self.transcript.nodes[1]))


if __name__ == "__main__":
    unittest.main()

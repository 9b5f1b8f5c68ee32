"""A hostile coordinator against a real node (secagg.md 6): each lie ends in its named refusal, in the lab's log too;
nothing leaves the node after it, on the wire or by its egress ledger; and the node goes on.

usage: coordinator_hostile_test.py DIRECTORY_OF_PROGRAMS
"""

import sys
import tempfile
import unittest
from pathlib import Path

from fsa1.bodies import Abort
from fsa1.primitives import NO_HASH
from fsa1.signatures import is_signed_by
from lab.stubs import node_pb2, types_pb2
from lab.wire import signed

from coordinator.job import TOKEN, Attempt, Job, Missing
from coordinator_federation import PEERS, REAL, CoordinatorFederation, id_of, plan_of
from coordinator_ledger import ledger_of, released
from lies import FOREIGN, LIES, ME, Lie, Talk, certified, edited, ends_with

APPS = Path(sys.argv[1]).resolve()
ONLY = sys.argv[2:]  # names of lies, for whoever looks into one
PRESSED = ("roster", "collect", "survivors", "certificate", "commit")  # what is said again after a refusal
CANCELLED = types_pb2.JOB_STATE_CANCELLED
MALFORMED = "rpc.malformed"  # what does not even parse ends the session, not the attempt
MALFORMED_TRAIN = node_pb2.CoordinatorMessage(train=node_pb2.Train(job=b"short", round=1))
NO_MESSAGES = {"garbage": b"\xff" * 64, "malformed": MALFORMED_TRAIN.SerializeToString()}
UNWANTED = {  # plans that this lab's policy refuses
    "another-purpose": ("task.refused", {"purpose": '"advertising"'}),
    "without-masks": ("task.refused", {"secure": '"off"'}),
    "trusting-the-coordinator": ("secagg.mode_refused", {"secure": '"semi-honest"'}),
    "other-data": ("task.refused", {"dataset": '"patients"'}),
}


def full(refusal: str) -> str:
    return refusal if "." in refusal else f"secagg.{refusal}"


class HostileCoordinatorTest(unittest.TestCase):
    """The methods run in the order of their names: the last looks at what the lab wrote down."""

    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-liar-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = CoordinatorFederation(APPS, Path(directory.name))
        cls.addClassCleanup(cls.federation.close)
        cls.node = cls.federation.node
        cls.told: list[tuple[str, bytes, str]] = []  # name of the job, its id, the refusal

    # ------------------------------------------------------------ helpers

    def begin(self, name: str, missing: Missing = Missing(), **plan) -> Talk:
        job = self.federation.job(name, **plan)
        job.begin_round()
        return Talk(self.federation, job, missing)

    def released(self, job: Job) -> list:
        return released(self.node.said, job.plan.job)

    def fence(self, job: Job) -> None:
        """All that the node had to say before is said when it answers this, which asks for nothing new."""
        self.node.tell("train", job.train)
        self.node.expect("trained")

    def expect_refusal(self, talk: Talk, answer: str, refusal: str) -> None:
        word = self.node.expect(answer)
        self.assertEqual(word.error.id, full(refusal), word)
        if answer == "refused":
            body = Abort.parse(word.abort.body)
            self.assertEqual((body.id, full(body.reason.decode())), (ME, full(refusal)))
            key = self.federation.registry.by_id[ME].pk_ed
            contexts = (talk.attempt.offered.ctx(), NO_HASH)
            self.assertTrue(any(is_signed_by(key, "abort", ctx, signed(word.abort)) for ctx in contexts))

    def rejoin(self, job: Job) -> None:
        """The session ended, and the node dials again."""
        self.node.expect("ended")
        self.node.links.append(self.federation.await_session())
        self.node.tell("prepare", job.prepare)
        self.node.expect("prepared")

    def press(self, talk: Talk) -> None:
        """The attempt is over: whatever honest word comes now, and a demand for the shares, is refused."""
        attempt = talk.attempt
        told = [(kind, vars(attempt)[kind]) for kind in PRESSED if kind in vars(attempt)]
        told.append(("certificate", certified(talk, FOREIGN, FOREIGN, *map(id_of, PEERS))))
        for kind, message in told:
            self.node.tell(kind, message[ME] if kind == "collect" else message)
            self.node.expect("refused")

    def check(self, name: str, lie: Lie) -> None:
        talk = self.begin(name, lie.missing, **lie.plan)
        job = talk.job
        kind, message = lie.tell(talk)
        before = self.released(job)
        self.node.tell(kind, message)
        for answer in lie.answers:
            self.expect_refusal(talk, answer, lie.refusal)
        if lie.answers:
            self.told.append((name, job.plan.job, full(lie.refusal)))
        if lie.ends and not lie.stops:
            self.press(talk)
        self.fence(job)
        self.assertEqual(self.released(job), before, "something left after the lie")
        if not lie.stops:
            self.go_on(talk, lie)
        self.node.tell("ended", job.end(CANCELLED))

    def go_on(self, talk: Talk, lie: Lie) -> None:
        """The same attempt as if nothing had been, or the next one; and the next round, if there is one."""
        job, attempt = talk.job, talk.attempt
        if lie.ends and "proof" not in vars(attempt):
            for node in lie.missing.shares | lie.missing.upload:
                del job.seats[node]
            attempt = Attempt(job, attempt.number + 1)
        self.assertGreaterEqual(len(attempt.proof.result), 3)
        if lie.plan.get("count") == "2":
            job.advance(attempt)
            job.begin_round()
            self.assertEqual(len(Attempt(job, 0).proof.result), 5)

    # ------------------------------------------------------------ tests

    def test_1_every_lie_is_refused_by_its_name_and_releases_nothing(self):
        for name, lie in LIES.items():
            if not ONLY or name in ONLY:
                with self.subTest(name):
                    self.check(name, lie)

    def test_2_a_node_left_out_of_the_set_is_silent_for_good(self):
        talk = self.begin("left-out")
        told = talk.attempt.survivors
        before = self.released(talk.job)
        self.node.tell("survivors", ends_with(told, ME))
        self.node.tell("survivors", told)  # too late
        self.fence(talk.job)
        coordinator = talk.attempt.coordinator
        self.node.tell("certificate", certified(talk, coordinator.u2_hash, coordinator.u3_hash, *map(id_of, PEERS)))
        self.expect_refusal(talk, "refused", "out_of_phase")
        self.assertEqual(self.released(talk.job), before)
        self.assertEqual(len(talk.again().proof.result), 5)

    def test_2_what_is_asked_twice_is_answered_by_the_same_bytes(self):
        talk = self.begin("twice")
        attempt = talk.attempt
        attempt.proof
        before = self.released(talk.job)
        words = [("offer", attempt.offer, "advertised"), ("roster", attempt.roster, "shared"),
                 ("collect", attempt.collect[ME], "update"), ("survivors", attempt.survivors, "survivors_signed"),
                 ("certificate", attempt.certificate, "unmasked"), ("commit", attempt.commit, "verified")]
        for kind, message, answer in words:
            (first,) = [word for said, word in self.node.said if said == answer and word.job == talk.job.plan.job]
            self.node.tell(kind, message)
            self.assertEqual(self.node.expect(answer), first)
        self.assertEqual(self.released(talk.job), before)

    def test_2_another_model_than_the_sum_gives_is_answered_by_the_nodes_own(self):
        talk = self.begin("other-model")
        attempt = talk.attempt
        self.node.tell("commit", edited(attempt.commit, model_hash=FOREIGN))
        self.assertEqual(self.node.expect("verified").model_hash, attempt.outcome.model_hash)
        self.assertEqual(len(attempt.proof.result), 5)

    def test_2_plans_that_the_lab_does_not_allow_are_declined(self):
        for name, (refusal, fields) in UNWANTED.items():
            with self.subTest(name):
                plan = plan_of(name, **fields)
                self.node.tell("prepare", node_pb2.Prepare(job=plan.job, plan=plan.text, token=TOKEN))
                self.assertEqual(self.node.expect("declined").error.id, refusal)
                self.assertEqual(list((self.federation.dir / REAL).rglob(plan.job.hex())), [])
        plan = plan_of("other-bytes")
        self.node.tell("prepare", node_pb2.Prepare(job=plan.job, plan=plan.text + b"\n", token=TOKEN))
        self.assertEqual(self.node.expect("declined").error.id, "task.refused")

    def test_2_what_is_no_message_ends_the_session_and_nothing_else(self):
        for name, said in NO_MESSAGES.items():
            with self.subTest(name):
                talk = self.begin(name)
                talk.attempt.collect
                self.node.link.tell(said)
                self.rejoin(talk.job)
                self.assertEqual(len(talk.attempt.proof.result), 5)
        lost = [line["why"] for line in self.federation.log() if line["event"] == "coordinator.lost"]
        self.assertGreaterEqual(sum(f"({MALFORMED})" in why for why in lost), len(NO_MESSAGES), lost)

    def test_9_the_lab_has_it_all_on_record(self):
        self.assertIsNone(self.federation.program.process.poll(), "the node fell over a lie")
        self.assertEqual(self.federation.program.stop(), 0)
        egress, log = self.federation.egress(), self.federation.log()
        for name, job, refusal in self.told:
            with self.subTest(name):
                self.assertEqual(ledger_of(egress, job), released(self.node.said, job))
                about = [line for line in log if line.get("job") in (name, job.hex())]
                self.assertTrue([line for line in about if f"({refusal})" in line.get("why", "")], about)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

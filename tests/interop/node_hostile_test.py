"""A hostile node among honest ones (secagg.md 7.7): every lie is refused by its name and laid at its node's door where
it is proven, and the job goes on without a wrong sum.

usage: node_hostile_test.py DIRECTORY_OF_PROGRAMS
"""

import sys
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

from lab.conduct import Conduct
from lab.stubs import node_pb2
from lab_federation import NAME, LabFederation
from mischief import BadCiphertext, BadDealer, BadEntry, BadShare, CutUpload, Once, OtherContext, ResumedUpload
from mischief import SecondEnd, SecondEndFirst, Speaks, WrongLength, WrongRoot, WrongTag

APPS = Path(sys.argv[1]).resolve()
HONEST = ["a", "b", "c"]
MAX_WAIT = "30s"  # what a phase waits for a node that counts as silent; no honest one may, on a busy machine
EVERYBODY = 2  # of four nodes: with so many assumed corrupt each word of each node is needed


@dataclass(frozen=True)
class Case:
    lie: Conduct
    words: tuple = ()  # what the job's log must have: (node, event, part of the text)
    ends: tuple = ((True, 1, 3),)  # of each try of round 1: committed, attempts, survivors
    corrupt: int = 0
    hidden: tuple = (16,)
    max_wait: str = MAX_WAIT


def refused(name: str) -> tuple:
    return (NAME, "node.word_refused", f"(secagg.{name})")


DISCARDED = ((NAME, "node.word_discarded", "a second"),)

# Without the liar: it counts as silent, or is left out of the next attempt.
CASES = {
    "wrong-root": Case(WrongRoot(), (refused("bad_root"),)),
    "wrong-length": Case(WrongLength(), ((NAME, "upload.refused", "(upload.length)"), refused("wrong_length"))),
    "other-context": Case(OtherContext(), (refused("bad_signature"),)),
    "bad-entry": Case(BadEntry(), (refused("bad_entry"),)),
    "bad-ciphertext": Case(BadCiphertext(), ((None, "node.blames", f"{NAME} (secagg.bad_ciphertext)"),),
                           ((True, 2, 3),)),
    "bad-dealer": Case(BadDealer(), ((NAME, "round.not_opened", "(secagg.bad_dealer)"),), ((True, 2, 3),)),
    # With it: the set was signed before the lie came out, and comes again.
    "bad-share": Case(BadShare(), (refused("bad_share"),), ((True, 2, 4),), EVERYBODY),
    "wrong-tag": Case(WrongTag(), tuple((node, "node.refused", "secagg.bad_tag") for node in HONEST),
                      ((False, 1, 0), (True, 1, 4)), EVERYBODY),
    # Its first word counts.
    "second-end": Case(SecondEnd(), DISCARDED, ((True, 1, 4),), EVERYBODY),
    "second-end-first": Case(SecondEndFirst(), DISCARDED, ((True, 1, 4),), EVERYBODY),
}
TWO_CHUNKS = (400, 480)  # of its update
UPLOADS = {
    "cut": Case(CutUpload(), hidden=TWO_CHUNKS),
    "resumed": Case(ResumedUpload(), ends=((True, 1, 4),), hidden=TWO_CHUNKS, max_wait="1m"),
}
MALFORMED = node_pb2.NodeMessage(trained=node_pb2.Trained(job=b"short", round=1))
TOO_LONG = node_pb2.NodeMessage(update=node_pb2.Update(words=bytes(33 << 20)))
SPOKEN = {  # what is said instead of a message, and how the session ends
    "garbage": (b"\xff" * 64, "closed"),
    "malformed": (MALFORMED.SerializeToString(), "INVALID_ARGUMENT: rpc.malformed"),
    "too-long": (TOO_LONG.SerializeToString(), "RESOURCE_EXHAUSTED"),
}
CONDUCTS = {name: case.lie for name, case in (CASES | UPLOADS).items()}
CONDUCTS |= {name: Speaks(said) for name, (said, _) in SPOKEN.items()}


class HostileNodeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-hostile-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = LabFederation(APPS, Path(directory.name), HONEST, lambda name: Once(CONDUCTS[name]))
        cls.addClassCleanup(cls.federation.close)

    def tearDown(self) -> None:
        for name, program in self.federation.programs.items():
            said = (self.federation.dir / f"{name}.log").read_text()[-3000:]
            self.assertIsNone(program.process.poll(), f"{name} fell over it:\n{said}")

    def run_cases(self, cases: dict) -> None:
        """All at once, since most of them wait."""
        jobs = {name: self.submit(name, case) for name, case in cases.items()}
        for name, case in cases.items():
            with self.subTest(name):
                self.check(case, jobs[name])

    def submit(self, name: str, case: Case) -> str:
        return self.federation.submit_plan(name, len(HONEST) + 1, case.corrupt, max_wait=case.max_wait,
                                           hidden=list(case.hidden))

    def check(self, case: Case, job: str) -> None:
        view = self.federation.await_end(job)
        log = self.federation.log_of(job)
        for node, event, text in case.words:
            said = [line for line in log if line["event"] == event and node in (None, line["node"])]
            self.assertTrue([line for line in said if text in line["text"]], (node, event, text, log))
        tries = [past for past in view["history"] if past["round"] == 1]
        ends = tuple((past["committed"], past["attempts"], past["survivors"]) for past in tries)
        self.assertEqual(ends, case.ends, log)
        # Afterwards all four agree again: the last round evaluates, and takes everybody.
        self.assertEqual((view["state"], view["history"][-1]["survivors"]), ("finished", 4), log)

    def test_what_a_node_lies_about_in_a_masked_round(self):
        self.run_cases(CASES)

    def test_an_upload_that_is_cut_off_never_counts_and_one_that_is_resumed_does(self):
        for name, case in UPLOADS.items():  # one after the other: Python takes its time over these
            self.run_cases({name: case})

    def test_what_is_no_message_ends_the_session_and_nothing_else(self):
        for name, (_, end) in SPOKEN.items():
            with self.subTest(name):
                self.federation.lab.ends.clear()
                case = Case(Conduct(), ends=((True, 1, 4),), max_wait="1m")
                self.check(case, self.submit(name, case))
                (said,) = self.federation.lab.ends
                self.assertTrue(said.startswith(end), said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

"""A coordinator in another language: accord-node joins it and takes part in masked rounds, with nodes in Python as its
peers, from the token to the final model.

usage: coordinator_test.py DIRECTORY_OF_PROGRAMS
"""

import sys
import tempfile
import unittest
from pathlib import Path

from coordinator.job import Attempt, Missing
from coordinator.seats import LinkSeat
from coordinator_federation import PEERS, REAL, CoordinatorFederation, id_of
from coordinator_ledger import ledger_of, released

APPS = Path(sys.argv[1]).resolve()


class CoordinatorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-capital-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = CoordinatorFederation(APPS, Path(directory.name))
        cls.addClassCleanup(cls.federation.close)

    def check_ledger(self, job) -> None:
        """What came over the wire is what the lab has on record, in the same order."""
        self.assertEqual(ledger_of(self.federation.egress(), job.plan.job),
                         released(self.federation.node.said, job.plan.job))

    def test_a_job_of_three_nodes_from_the_first_round_to_the_evaluation(self):
        job = self.federation.job("whole", PEERS[:2], count="2")
        for _ in range(3):
            job.begin_round()
            attempt = Attempt(job, 0)
            self.assertEqual(len(attempt.proof.result), 3)
            job.advance(attempt)
        self.federation.node.tell("ended", job.end())
        self.check_ledger(job)

    def test_nodes_that_fall_silent_are_unmasked_by_their_peers(self):
        job = self.federation.job("silent")
        job.begin_round()
        attempt = Attempt(job, 0, Missing(shares=frozenset({id_of(PEERS[0])}), upload=frozenset({id_of(PEERS[1])})))
        self.assertEqual(len(attempt.proof.result), 3)
        self.check_ledger(job)

    def test_a_coordinator_that_does_not_welcome_is_not_waited_for(self):
        server = self.federation.server
        server.mute = True
        self.federation.node.link.close()
        silent = self.federation.await_session()
        server.mute = False
        self.assertEqual(silent.hear(), ("ended", None))
        self.federation.node = LinkSeat(REAL, self.federation.await_session())
        why = self.federation.program.wait_for("coordinator.lost")["why"]
        while "no Welcome" not in why:  # the session before, too, was lost
            why = self.federation.program.wait_for("coordinator.lost")["why"]
        self.assertIn("(net.timeout)", why)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

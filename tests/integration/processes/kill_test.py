"""kill -9 of a node and of the coordinator in mid-job, restarted by hand: the same job finishes with the same model as
a run that nobody disturbed.

usage: kill_test.py DIRECTORY_OF_PROGRAMS
"""

import sys
import tempfile
import unittest
from pathlib import Path

from federation import Federation

APPS = Path(sys.argv[1]).resolve()
NODES = ["br", "ke", "no"]


def training(view: dict, round_number: int, steps: int) -> bool:
    """Whether every node of this round has done that many steps."""
    current = view.get("current") or {}
    return current.get("round") == round_number and all(node["steps_done"] >= steps for node in current["nodes"])


def ended(view: dict) -> bool:
    return view["state"] in ("finished", "failed", "cancelled")


class KillTest(unittest.TestCase):
    def run_job(self, disturb) -> dict:
        with tempfile.TemporaryDirectory(prefix="accord-kill-") as directory:
            federation = Federation(APPS, Path(directory), NODES)
            try:
                job = federation.submit(rounds=3, steps=4000)
                disturb(federation, job)
                view = federation.watch(job, ended)
                self.assertEqual(view["state"], "finished", view.get("reason"))
                return view
            finally:
                federation.close()

    def test_a_killed_node_and_a_killed_coordinator_change_nothing(self):
        def disturb(federation: Federation, job: str) -> None:
            federation.watch(job, lambda view: training(view, 1, 100))
            federation.programs["ke"].kill()
            federation.start_node("ke")
            federation.watch(job, lambda view: training(view, 2, 1))
            federation.programs["coordinator"].kill()
            federation.start_coordinator()

        disturbed = self.run_job(disturb)
        calm = self.run_job(lambda federation, job: None)
        self.assertEqual(disturbed["rounds_done"], 3)
        self.assertEqual(disturbed["model_hash"], calm["model_hash"])

    def test_sigterm_drains_and_ends_with_zero(self):
        with tempfile.TemporaryDirectory(prefix="accord-term-") as directory:
            federation = Federation(APPS, Path(directory), ["ke"])
            try:
                self.assertEqual(federation.programs["ke"].stop(), 0)
                self.assertEqual(federation.programs["coordinator"].stop(), 0)
            finally:
                federation.close()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

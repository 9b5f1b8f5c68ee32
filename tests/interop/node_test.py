"""A node in another language takes part in real rounds of the daemon, with accord-node processes as its peers.

usage: node_test.py DIRECTORY_OF_PROGRAMS
"""

import sys
import tempfile
import unittest
from pathlib import Path

from lab.conduct import Conduct
from lab_federation import LabFederation

APPS = Path(sys.argv[1]).resolve()
ROUNDS = 2


class NodeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-lab-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = LabFederation(APPS, Path(directory.name), ["a", "b"], lambda name: Conduct())
        cls.addClassCleanup(cls.federation.close)

    def run_job(self, name: str, **plan) -> dict:
        # With one of three assumed corrupt every word of every node is awaited.
        job = self.federation.submit_plan(name, nodes=3, corrupt=1, rounds=ROUNDS, **plan)
        view = self.federation.await_end(job)
        task = self.federation.lab.task_of(name)
        self.assertEqual(view["state"], "finished", (view.get("reason"), task.refused))
        self.assertEqual(view["secure"], "malicious")
        # Each sum is of all three; this node found each good and came to the same model.
        rounds = [(past["committed"], past["attempts"], past["survivors"]) for past in view["history"]]
        self.assertEqual(rounds, [(True, 1, 3)] * (ROUNDS + 1))
        self.assertEqual(task.verified, list(range(1, ROUNDS + 2)))
        self.assertEqual(task.hash.hex(), view["model_hash"])
        self.assertEqual(task.refused, [])
        return view

    def test_masked_rounds_with_exact_figures(self):
        view = self.run_job("exact")
        figures = {name: figure["examples"] for name, figure in view["final_metrics"].items()}
        self.assertEqual(figures, {"loss": 840, "accuracy": 840}, "two hold-outs of 400, and this node's 40")

    def test_masked_rounds_with_an_update_in_parts_and_weighted_figures(self):
        view = self.run_job("parts", hidden=[400, 480], exact="false")
        self.assertGreater(view["final_metrics"]["loss"]["value"], 0.5)
        self.assertLess(view["final_metrics"]["loss"]["value"], 2.0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

"""A node in another language takes part in real rounds of the daemon, with accord-node processes as its peers.

usage: node_test.py DIRECTORY_OF_PROGRAMS
"""

import sys
import tempfile
import unittest
from pathlib import Path

from lab.conduct import Conduct
from lab.plan import MODES
from lab.ring import smallest_graph
from lab.task import STEP
from lab_federation import NAME, LabFederation

APPS = Path(sys.argv[1]).resolve()
ROUNDS = 2
TABLE = {  # k, t_k of secagg.md 2.6 for 100, 200 and 500 nodes, by the shares of corrupt and of lost ones
    (0.05, 0.05, "semi-honest"): ((30, 6), (30, 11), (30, 16)),
    (0.05, 0.05, "malicious"): ((30, 18), (30, 21), (44, 31)),
    (0.10, 0.10, "semi-honest"): ((42, 11), (42, 20), (44, 24)),
    (0.10, 0.10, "malicious"): ((42, 27), (56, 39), (82, 57)),
    (0.20, 0.10, "semi-honest"): ((54, 21), (56, 33), (60, 39)),
    (0.20, 0.10, "malicious"): ((54, 38), (76, 57), (116, 86)),
    (0.33, 0.10, "malicious"): ((78, 56), (98, 78), (168, 132)),
}


class NodeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-lab-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = LabFederation(APPS, Path(directory.name), ["a", "b"], lambda name: Conduct())
        cls.addClassCleanup(cls.federation.close)

    def run_job(self, name: str, secure: str = "malicious", **plan) -> dict:
        # With one of three assumed corrupt every word of every node is awaited (semi-honest: two to open the sum).
        job = self.federation.submit_plan(name, nodes=3, corrupt=1, rounds=ROUNDS, secure=secure, **plan)
        view = self.federation.await_end(job)
        task = self.federation.lab.task_of(name)
        self.assertEqual(view["state"], "finished", (view.get("reason"), task.refused))
        self.assertEqual(view["secure"], secure)
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

    def test_what_the_clip_cut_is_counted_under_the_masks(self):
        view = self.run_job("clipped", clip=STEP / 2, report_clipped="true")
        for training in view["history"][:ROUNDS]:
            self.assertGreaterEqual(training["metrics"]["clipped"]["value"], 1 / 3, "all of this node's")
            self.assertTrue(any("raise it" in warning for warning in training["warnings"]), training)
        self.assertNotIn("clipped", view["final_metrics"])

    def test_masked_rounds_of_a_coordinator_that_is_trusted(self):
        self.run_job("trusted", secure="semi-honest")
        said = {line["event"] for line in self.federation.log_of("trusted") if line["node"] == NAME}
        self.assertFalse({"node.word_refused", "node.refused"} & said)


class RingTest(unittest.TestCase):
    def test_the_smallest_graphs_are_those_of_the_specification(self):
        for (corrupt, dropped, mode), graphs in TABLE.items():
            for n, graph in zip((100, 200, 500), graphs):
                found = smallest_graph(n, round(corrupt * n), round(dropped * n), MODES[mode])
                self.assertEqual(found, graph, (n, corrupt, dropped, mode))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

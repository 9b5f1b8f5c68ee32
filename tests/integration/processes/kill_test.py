"""kill -9 of a node and of the coordinator in mid-job, restarted by hand: the same job finishes with the same model as
a run that nobody disturbed.

usage: kill_test.py DIRECTORY_OF_PROGRAMS
"""

import signal
import sys
import tempfile
import unittest
from pathlib import Path

from federation import Federation

APPS = Path(sys.argv[1]).resolve()
NODES = ["br", "ke", "no"]


def training(view: dict, round_number: int, steps: int) -> bool:
    """Whether a node of this round is known to have done that many steps. On a quick machine a round may be over before all
    have told of theirs."""
    current = view.get("current") or {}
    return current.get("round") == round_number and any(node["steps_done"] >= steps for node in current["nodes"])


def masking(view: dict) -> bool:
    """Whether the round has come to its keys and masks."""
    current = view.get("current") or {}
    return current.get("phase", "p0")[:2] in ("p2", "p3", "p4", "p5", "p6")


def ended(view: dict) -> bool:
    return view["state"] in ("finished", "failed", "cancelled")


class KillTest(unittest.TestCase):
    def run_job(self, disturb, secure: str = "malicious") -> dict:
        with tempfile.TemporaryDirectory(prefix="accord-kill-") as directory:
            federation = Federation(APPS, Path(directory), NODES)
            try:
                job = federation.submit(rounds=3, steps=15_000, secure=secure)
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
            federation.watch(job, lambda view: training(view, 2, 0))
            federation.programs["coordinator"].kill()
            federation.start_coordinator()

        disturbed = self.run_job(disturb)
        calm = self.run_job(lambda federation, job: None, secure="off")
        self.assertEqual(disturbed["secure"], "malicious")
        self.assertEqual(disturbed["rounds_done"], 3)
        self.assertEqual(disturbed["model_hash"], calm["model_hash"], "nor do masks")

    def test_a_coordinator_that_goes_back_to_a_backup_goes_on_where_its_nodes_are(self):
        def disturb(federation: Federation, job: str) -> None:
            config, backup = federation.dir / "coordinator.toml", federation.dir / "backup"
            federation.watch(job, lambda view: training(view, 1, 0) and view["current"]["phase"].startswith("p1"))
            nodes = [federation.programs[name].process for name in NODES]
            for node in nodes:  # a busy disk is slow to take a backup, and the round must not be over before
                node.send_signal(signal.SIGSTOP)
            federation.call("accordd", "backup", backup, "--config", config)
            self.assertEqual(federation.ask("job", "show", job)["history"], [], "as of the first round")
            for node in nodes:
                node.send_signal(signal.SIGCONT)
            federation.watch(job, lambda view: training(view, 3, 0))
            federation.programs["coordinator"].kill()
            federation.call("accordd", "restore", backup, "--replace", "--config", config)
            federation.start_coordinator()

        disturbed = self.run_job(disturb)
        calm = self.run_job(lambda federation, job: None, secure="off")
        self.assertEqual(disturbed["model_hash"], calm["model_hash"])
        restored = [round["round"] for round in disturbed["history"] if any("backup" in text for text in round["warnings"])]
        self.assertEqual(restored, [1, 2])

    def test_two_of_five_killed_in_the_middle_of_a_masked_round_are_not_missed(self):
        with tempfile.TemporaryDirectory(prefix="accord-five-") as directory:
            federation = Federation(APPS, Path(directory), ["a", "b", "c", "d", "e"])
            try:
                job = federation.submit(rounds=1, steps=400, nodes=5, max_wait="15s")
                federation.watch(job, lambda view: bool(view["history"]) or masking(view))
                federation.programs["e"].kill()
                federation.programs["d"].kill()
                view = federation.watch(job, lambda v: bool([r for r in v["history"] if r["committed"]]) or ended(v))
                committed = [round for round in view["history"] if round["committed"]]
                self.assertTrue(committed, view.get("reason"))
                self.assertGreaterEqual(committed[0]["survivors"], 3)
            finally:
                federation.close()

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

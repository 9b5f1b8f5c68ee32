"""kill -9 of nodes in the middle of a masked upload and after one (secagg.md 6, the dropout matrix): a round with enough
survivors ends with the model of a run without masks and without those nodes; one with fewer opens nothing.

usage: upload_test.py DIRECTORY_OF_PROGRAMS
"""

import contextlib
import json
import sys
import tempfile
import unittest
from pathlib import Path

from federation import Federation
from valve import Valve

APPS = Path(sys.argv[1]).resolve()
FIVE = ["a", "b", "c", "d", "e"]  # T = 0: t = 3, and no fewer than 3 may be summed
JOB = {"rounds": 1, "steps": 20, "hidden": (512, 1024)}  # 1.4 MB an update: three chunks
PASSES = 900_000  # of them the first, a part of the second, and all the small messages before
WAITS = ("10s", "30s", "90s")  # what a phase waits for those who are gone; the longer ones are for a busy machine


def at_rest(view: dict) -> bool:
    return view["state"] in ("finished", "failed", "cancelled", "paused")


class UploadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-upload-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = Federation(APPS, Path(directory.name), FIVE)
        cls.addClassCleanup(cls.federation.close)

    def kill(self, uploading: list, uploaded: list) -> tuple[str, dict]:
        """Kills nodes whose uploads are in their middle, then others whose uploads were accepted; all that live have
        uploaded. Gives the job, and its view once the first try of the round is over."""
        for wait in WAITS:
            job, valves = self.catch(uploading, wait)
            if job is None:
                continue
            for name in uploading:
                self.federation.programs[name].kill()
                valves[name].close()
            for name in uploaded:
                self.federation.programs[name].kill()
            if "p5 survivors" not in self.phases(job):  # nobody had a chance to sign before all of them were gone
                return job, self.federation.watch(job, lambda view: bool(view["history"]))["history"][0]
            self.give_up(job)
            for name in uploaded:
                self.federation.start_node(name)
        self.fail("the round was over before anyone was killed")

    def catch(self, uploading: list, wait: str) -> tuple[str | None, dict]:
        """A job whose nodes have uploaded but for these, which are in the middle of it; None when a deadline was
        sooner."""
        federation = self.federation
        valves = {name: Valve(federation.address, PASSES) for name in uploading}
        for name, valve in valves.items():
            self.addCleanup(valve.close)
            federation.programs[name].stop()
            federation.start_node(name, valve.address)
        job = federation.submit(**JOB, nodes=len(FIVE), attempts=1, max_wait=wait)

        def over(view: dict) -> bool:
            return bool(view["history"]) or at_rest(view)

        def caught(view: dict) -> bool:
            nodes = (view["current"] or {"nodes": []})["nodes"]
            inside = {node["name"] for node in nodes if 0 < node["bytes_done"] < node["bytes_total"]}
            accepted = {node["name"] for node in nodes if node["state"] == "uploaded"}
            return inside == set(uploading) and accepted == set(FIVE) - inside

        if not over(federation.watch(job, lambda view: over(view) or caught(view))):
            return job, valves
        self.give_up(job)
        return None, {}

    def give_up(self, job: str) -> None:
        """It went on too soon; it may even have ended by itself."""
        with contextlib.suppress(AssertionError):
            self.federation.ask("job", "cancel", job)

    def phases(self, job: str) -> list:
        """Those that the job has been in."""
        lines = map(json.loads, self.federation.call("accord", "job", "logs", job, "--json").splitlines())
        said = [line["data"] for line in lines if line.get("data")]
        return [line["text"] for line in said if line["event"] == "round.phase"]

    def finish(self, job: str, killed: list) -> dict:
        """They come back; nothing of the job was lost."""
        for name in killed:
            self.federation.start_node(name)
        view = self.federation.watch(job, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual((view["state"], view["secure"]), ("finished", "malicious"), view["reason"])
        return view

    def without(self, name: str) -> dict:
        """The same job without masks and without this node."""
        self.federation.programs[name].stop()
        view = self.federation.watch(self.federation.submit(**JOB, secure="off", nodes=len(FIVE) - 1), at_rest)
        self.assertEqual((view["state"], view["secure"]), ("finished", "off"), view["reason"])
        self.federation.start_node(name)
        return view

    def test_one_killed_in_mid_upload_and_one_after_it_are_not_missed(self):
        job, ended = self.kill(uploading=["d"], uploaded=["e"])
        self.assertEqual((ended["committed"], ended["cohort"], ended["survivors"]), (True, 5, 4), ended["reason"])
        masked = self.finish(job, ["d", "e"])
        other = self.without("d")
        for figure in ("survivors", "model_hash", "metrics"):
            self.assertEqual(ended[figure], other["history"][0][figure], figure)
        self.assertEqual(masked["model_hash"], other["model_hash"])

    def test_fewer_uploads_than_may_be_summed_open_nothing(self):
        job, ended = self.kill(uploading=["c", "d", "e"], uploaded=[])
        self.assertEqual((ended["committed"], ended["reason"]["code"]), (False, "round.too_few_uploads"))
        phases = self.phases(job)
        self.assertIn("p4 collect", phases)
        self.assertFalse({"p5 survivors", "p6 unmask", "p7 commit"} & set(phases), phases)
        self.assertEqual(self.finish(job, ["c", "d", "e"])["history"][-2]["survivors"], 5)

    def test_fewer_signatures_than_a_quorum_open_nothing(self):
        job, ended = self.kill(uploading=["d"], uploaded=["c", "e"])
        self.assertEqual((ended["committed"], ended["reason"]["code"]), (False, "round.too_few_signatures"))
        phases = self.phases(job)
        self.assertIn("p5 survivors", phases)
        self.assertFalse({"p6 unmask", "p7 commit"} & set(phases), phases)
        # Two have signed: they open this set of four or none, and it comes whole when its members are back.
        self.assertEqual(self.finish(job, ["c", "d", "e"])["history"][-2]["survivors"], 4)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

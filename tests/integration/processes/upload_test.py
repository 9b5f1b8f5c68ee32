"""kill -9 of nodes in the middle of a masked upload and after one (secagg.md 6, the dropout matrix): a round with enough
survivors ends with the model of a run without masks and without those nodes; one with fewer opens nothing.

usage: upload_test.py DIRECTORY_OF_PROGRAMS
"""

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
WAIT = "15s"  # what a phase waits for those who are gone


def at_rest(view: dict) -> bool:
    return view["state"] in ("finished", "failed", "cancelled", "paused")


class UploadTest(unittest.TestCase):
    def federation(self, nodes: list) -> Federation:
        directory = tempfile.TemporaryDirectory(prefix="accord-upload-")
        self.addCleanup(directory.cleanup)
        federation = Federation(APPS, Path(directory.name), nodes)
        self.addCleanup(federation.close)
        return federation

    def kill(self, federation: Federation, uploading: list, uploaded: list) -> tuple[str, dict]:
        """Kills nodes whose uploads are in their middle, then others whose uploads were accepted; all that live have
        uploaded. Gives the job, and its view once the first try of the round is over."""
        valves = {name: Valve(federation.address, PASSES) for name in uploading}
        for name, valve in valves.items():
            self.addCleanup(valve.close)
            federation.programs[name].stop()
            federation.start_node(name, valve.address)
        job = federation.submit(**JOB, nodes=len(FIVE), attempts=1, max_wait=WAIT)

        def caught(view: dict) -> bool:
            self.assertFalse(view["history"] or at_rest(view), "the round is over before anyone was killed")
            nodes = (view["current"] or {"nodes": []})["nodes"]
            inside = {node["name"] for node in nodes if 0 < node["bytes_done"] < node["bytes_total"]}
            accepted = {node["name"] for node in nodes if node["state"] == "uploaded"}
            return inside == set(uploading) and accepted == set(FIVE) - inside

        federation.watch(job, caught)
        for name in uploading:
            federation.programs[name].kill()
            valves[name].close()
        for name in uploaded:
            federation.programs[name].kill()
        return job, federation.watch(job, lambda view: bool(view["history"]))["history"][0]

    def phases(self, federation: Federation, job: str) -> list:
        """Those that the job has been in."""
        lines = map(json.loads, federation.call("accord", "job", "logs", job, "--json").splitlines())
        said = [line["data"] for line in lines if line.get("data")]
        return [line["text"] for line in said if line["event"] == "round.phase"]

    def finish(self, federation: Federation, job: str, killed: list) -> dict:
        """They come back; nothing of the job was lost."""
        for name in killed:
            federation.start_node(name)
        view = federation.watch(job, lambda view: view["state"] in ("finished", "failed", "cancelled"))
        self.assertEqual((view["state"], view["secure"]), ("finished", "malicious"), view["reason"])
        return view

    def test_one_killed_in_mid_upload_and_one_after_it_are_not_missed(self):
        federation = self.federation(FIVE)
        job, ended = self.kill(federation, uploading=["d"], uploaded=["e"])
        self.assertEqual((ended["committed"], ended["cohort"], ended["survivors"]), (True, 5, 4), ended["reason"])
        calm = self.federation(["a", "b", "c", "e"])
        other = calm.watch(calm.submit(**JOB, secure="off", nodes=4), at_rest)
        self.assertEqual((other["state"], other["secure"]), ("finished", "off"), other["reason"])
        for figure in ("survivors", "model_hash", "metrics"):
            self.assertEqual(ended[figure], other["history"][0][figure], figure)
        self.assertEqual(self.finish(federation, job, ["d", "e"])["model_hash"], other["model_hash"])

    def test_fewer_uploads_than_may_be_summed_open_nothing(self):
        federation = self.federation(FIVE)
        job, ended = self.kill(federation, uploading=["c", "d", "e"], uploaded=[])
        self.assertEqual((ended["committed"], ended["reason"]["code"]), (False, "round.too_few_uploads"))
        phases = self.phases(federation, job)
        self.assertIn("p4 collect", phases)
        self.assertFalse({"p5 survivors", "p6 unmask", "p7 commit"} & set(phases), phases)
        self.assertEqual(self.finish(federation, job, ["c", "d", "e"])["history"][-2]["survivors"], 5)

    def test_fewer_signatures_than_a_quorum_open_nothing(self):
        federation = self.federation(FIVE)
        job, ended = self.kill(federation, uploading=["d"], uploaded=["c", "e"])
        self.assertEqual((ended["committed"], ended["reason"]["code"]), (False, "round.too_few_signatures"))
        phases = self.phases(federation, job)
        self.assertIn("p5 survivors", phases)
        self.assertFalse({"p6 unmask", "p7 commit"} & set(phases), phases)
        # Two have signed: they open this set of four or none, and it comes whole when its members are back.
        self.assertEqual(self.finish(federation, job, ["c", "d", "e"])["history"][-2]["survivors"], 4)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

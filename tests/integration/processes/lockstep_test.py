"""accord-sim plays the rounds of a job in one process; a federation of real programs must come to the same model, to
the bit, with masks and without.

usage: lockstep_test.py DIRECTORY_OF_PROGRAMS
"""

import hashlib
import json
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from federation import PATIENCE, Federation

APPS = Path(sys.argv[1]).resolve()
NODES = ["ada", "bo", "cy"]


class LockstepTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-lockstep-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = Federation(APPS, Path(directory.name), NODES)
        cls.addClassCleanup(cls.federation.close)

    def play(self, out: Path, *more) -> list[dict]:
        """The same job file, and the nodes' own configurations."""
        nodes = [word for name in NODES for word in ("--node", f"{name}={self.federation.dir}/{name}.toml")]
        lines = self.federation.call("accord-sim", "run", "--job", self.federation.dir / "job.toml", *nodes,
                                     "--trust-domain", "test.accord", "--out", out, "--json", *more)
        return list(map(json.loads, lines.splitlines()))

    def check(self, secure: str) -> None:
        job = self.federation.submit(rounds=3, steps=5, secure=secure)
        view = self.federation.watch(job, lambda job: job["state"] in ("finished", "failed"))
        self.assertEqual(view["state"], "finished", view)
        out = self.federation.dir / f"{secure}.safetensors"
        *rounds, end = self.play(out)
        self.assertEqual(end["model_hash"], view["model_hash"])
        self.assertEqual(len(rounds), 4, "three rounds and the evaluation")
        self.assertLess(rounds[-1]["metrics"]["loss"], rounds[0]["metrics"]["loss"])
        downloaded = self.federation.dir / f"{secure}.downloaded"
        self.federation.call("accord", "model", "download", job, "--out", downloaded)
        self.assertEqual(out.read_bytes(), downloaded.read_bytes())

    def test_masked(self) -> None:
        self.check("malicious")

    def test_unmasked(self) -> None:
        self.check("off")

    def test_from_the_model_of_a_former_job(self) -> None:
        federation = self.federation
        first = federation.submit(rounds=1, steps=5, secure="off")
        federation.watch(first, lambda job: job["state"] == "finished")
        former = federation.dir / "former.safetensors"
        federation.call("accord", "model", "download", first, "--out", former)
        start = json.loads(federation.call("accordd", "import-model", former, "--config",
                                           federation.dir / "coordinator.toml", "--json"))["start"]
        self.assertEqual(start, "sha256:" + hashlib.sha256(former.read_bytes()).hexdigest())
        job = federation.dir / "job.toml"
        job.write_text(job.read_text().replace("model = {", f'model = {{ start = "{start}",'))
        answer = federation.ask("job", "submit", job)
        view = federation.watch(answer.get("job") or answer["id"], lambda job: job["state"] in ("finished", "failed"))
        self.assertEqual(view["state"], "finished", view)
        *_, end = self.play(federation.dir / "from.safetensors", "--from", former)
        self.assertEqual(end["model_hash"], view["model_hash"])
        worth = json.loads(federation.call("accord-sim", "eval", federation.dir / "from.safetensors", "--job", job, "--node",
                                           f"{NODES[0]}={federation.dir}/{NODES[0]}.toml", "--json"))
        self.assertEqual(worth["model_hash"], view["model_hash"])
        for wrong in ([], ["--from", federation.dir / "from.safetensors"]):
            with self.assertRaisesRegex(AssertionError, "model.start"):
                self.play(federation.dir / "none.safetensors", *wrong)

    def test_a_job_without_metrics_ends_with_its_last_round(self) -> None:
        self.federation.submit(rounds=2, steps=5, secure="off")
        job = self.federation.dir / "job.toml"
        text = job.read_text()
        job.write_text(re.sub(r"(?m)^eval = .*\n", "", text))
        self.assertNotEqual(job.read_text(), text)
        *rounds, end = self.play(self.federation.dir / "silent.safetensors")
        self.assertEqual([one["round"] for one in rounds], [1, 2])
        self.assertIn("model_hash", end)

    def test_a_signal_leaves_nothing(self) -> None:
        self.federation.submit(rounds=1, steps=5, secure="off")
        job = self.federation.dir / "job.toml"
        job.write_text(job.read_text().replace("count = 1\n", "count = 10000\n"))
        for number in (signal.SIGINT, signal.SIGTERM):
            with tempfile.TemporaryDirectory(prefix="accord-scratch-") as scratch:
                words = ["run", "--job", job, "--trust-domain", "test.accord", "--json"]
                for name in NODES:
                    words += ["--node", f"{name}={self.federation.dir}/{name}.toml"]
                with subprocess.Popen([APPS / "accord-sim", *map(str, words)], stdout=subprocess.PIPE, text=True,
                                      env=self.federation.env | {"TMPDIR": scratch}) as run:
                    self.assertEqual(json.loads(run.stdout.readline())["round"], 1)
                    self.assertEqual(len(list(Path(scratch).iterdir())), 1, "what the run needs is there")
                    run.send_signal(number)
                    run.stdout.read()
                    self.assertEqual(run.wait(PATIENCE), -number, "as a signal ends a program")
                self.assertEqual(list(Path(scratch).iterdir()), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

"""Streaming DiLoCo by real programs: three nations' texts, masks, updates of four bits. accord-sim comes to the same model
to the bit, also when a node is killed on the way; each round moves a fragment's bytes; one fragment is DiLoCo.

usage: streaming_test.py DIRECTORY_OF_PROGRAMS
"""

import json
import sys
import tempfile
import unittest
from pathlib import Path

from federation import Federation
from words import DILOCO, NODES, Nations

APPS = Path(sys.argv[1]).resolve()
STREAMING = "[streaming]\nfragments = {}\ndelay = {}\nalpha = {}"
LAYER = 4 * 16 * 16 + 3 * 16 * 32 + 2 * 16
EMBEDDING, NORM = 259 * 16, 16


def ended(view: dict) -> bool:
    return view["state"] in ("finished", "failed", "cancelled")


class StreamingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-streaming-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = Nations(APPS, Path(directory.name), NODES)
        cls.addClassCleanup(cls.federation.close)

    def job(self, streaming: str, steps: int = 6, rounds: int = 8) -> Path:
        file = self.federation.dir / "job.toml"
        text = DILOCO.format(name="streams", steps=steps, rounds=rounds, synchronous=2, more=streaming)
        file.write_text(text.replace("num_hidden_layers = 1", "num_hidden_layers = 3"))
        return file

    def play(self, job: Path, *more) -> list[dict]:
        nodes = [word for name in NODES for word in ("--node", f"{name}={self.federation.dir}/{name}.toml")]
        lines = self.federation.call("accord-sim", "run", "--job", job, *nodes, "--trust-domain", "test.accord", "--json",
                                     *more)
        return list(map(json.loads, lines.splitlines()))

    def run_job(self, job: Path, disturb=lambda federation, id: None) -> dict:
        id = self.federation.ask("job", "submit", job)["id"]
        disturb(self.federation, id)
        view = self.federation.watch(id, ended)
        self.assertEqual(view["state"], "finished", view)
        return view

    def log_of(self, node: str) -> list[str]:
        return (self.federation.dir / f"{node}.log").read_text().splitlines()

    def test_rounds_on_one_machine_give_the_same_model(self) -> None:
        for delay in (0, 1):
            with self.subTest(delay=delay):
                job, read = self.job(STREAMING.format(2, delay, 0.5)), len(self.log_of("ada"))
                view = self.run_job(job)
                *rounds, end = self.play(job)
                self.assertEqual(end["model_hash"], view["model_hash"])
                bits = [result["metrics"]["bits_per_byte"]["value"] for result in view["history"]]
                self.assertEqual(len(bits), 9)
                self.assertLess(bits[-1], 0.9 * bits[0])
                self.assertEqual(bits, [round["metrics"]["bits_per_byte"] for round in rounds])
                resumed = [line for line in map(json.loads, self.log_of("ada")[read:]) if line["event"] == "trainer.resumed"]
                self.assertEqual([(int(line["round"]), int(line["step"])) for line in resumed],
                                 [(round, 1) for round in range(4, 9)] if delay else [],
                                 "steps were taken while the sum of the round before was made")

    def test_a_node_killed_in_mid_round_goes_on_from_its_own_weights(self) -> None:
        job = self.job(STREAMING.format(2, 1, 0.25), steps=6000, rounds=6)

        def disturb(federation: Federation, id: str) -> None:
            def in_mid_round(view: dict) -> bool:
                current = view.get("current") or {}
                return current.get("round") in (4, 5) and any(node["steps_done"] >= 50 for node in current["nodes"])

            federation.watch(id, in_mid_round)
            federation.programs["bo"].kill()
            federation.start_node("bo")

        self.assertEqual(self.run_job(job, disturb)["model_hash"], self.play(job)[-1]["model_hash"])

    def test_a_round_moves_the_bytes_of_its_fragment(self) -> None:
        *rounds, _ = self.play(self.job(STREAMING.format(3, 0, 0.0), rounds=5))
        moved = [round["upload_bytes"] for round in rounds]
        blocks = [-(-size // 4096) for size in (EMBEDDING + 3 * LAYER + NORM, EMBEDDING + LAYER, LAYER, LAYER + NORM)]
        words = [3 + -(-4096 * count // 10) for count in blocks]  # six bits a field: ten in a word
        self.assertEqual(moved[:5], [8 * words[i] for i in (0, 0, 1, 2, 3)])

    def test_validation_tells_the_bytes_of_the_largest_fragment(self) -> None:
        validation = self.federation.ask("job", "validate", self.job(STREAMING.format(3, 0, 0.0)))
        words = 3 + -(-4096 * -(-(EMBEDDING + LAYER) // 4096) // 10)
        self.assertEqual(validation["upload_bytes"], 8 * words)
        self.assertIn("one of 3 fragments; the size above is of the largest, synchronous rounds upload the whole model",
                      " ".join(validation["notes"]))

    def test_one_fragment_is_diloco(self) -> None:
        files = [self.federation.dir / name for name in ("one", "plain")]
        for file, streaming in zip(files, (STREAMING.format(1, 0, 0.0), "")):
            self.play(self.job(streaming, rounds=5), "--out", file)
        self.assertEqual(files[0].read_bytes(), files[1].read_bytes())

    def test_what_makes_no_sense_is_refused_with_the_reason(self) -> None:
        for streaming, reason in ((STREAMING.format(4, 0, 0.0), "streaming.fragments: 4 does not divide inner.local_steps = 6"),
                                  (STREAMING.format(2, 3, 0.0), "streaming.delay: 3 is not below the 3 steps"),
                                  (STREAMING.format(6, 0, 0.0), "nothing is left for fragment 4")):
            with self.assertRaisesRegex(AssertionError, reason):
                self.federation.ask("job", "submit", self.job(streaming))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

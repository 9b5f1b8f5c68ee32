"""What `accord plan` says a round moves, against what accord-sim measures: bytes of an update, exactly, for several
cohorts and widths; and the bytes of a parameter at the size of a language model.

usage: planner_test.py DIRECTORY_OF_PROGRAMS
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

APPS = Path(sys.argv[1]).resolve()
PATIENCE = 300
JOB = """version = 1
name = "plan"
purpose = "test"
seed = 5
secure = "off"
[model]
kind = "llama"
{model}
[data]
dataset = "words"
context = 16
[inner]
optimizer = "adamw"
lr = 0.001
local_steps = 1
batch = 1
[outer]
rule = "diloco"
[update]
bits = {bits}
clip = 0.2
transform = "{transform}"
max_examples = 100000
[eval]
metrics = ["loss"]
[round]
count = 1
min_nodes = {nodes}
min_survivors = {nodes}
max_wait = "5m"
"""
SMALL = ("hidden_size = 32\nintermediate_size = 64\nnum_hidden_layers = 2\nnum_attention_heads = 2\n"
         "max_position_embeddings = 32")
SMALL_PARAMETERS = 259 * 32 + 2 * (4 * 32 * 32 + 3 * 32 * 64 + 2 * 32) + 32
PRESET_PARAMETERS = 1_968_384  # preset 2m: src/model/llama.h
CODECS = {32: ("f32", "none"), 16: ("bf16", "none"), 8: ("8-bit", "none"), 4: ("4-bit Hadamard", "hadamard")}


def run(program: str, *words) -> str:
    done = subprocess.run([APPS / program, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return done.stdout


class PlannerTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-planner-")
        self.addCleanup(directory.cleanup)
        self.dir = Path(directory.name)
        for name in ("text", "holdout"):
            (self.dir / f"{name}.txt").write_text(f"{name}: one two three four five six seven\n" * 40)
        (self.dir / "node.toml").write_text(
            '[data.words]\nformat = "text"\npath = "text.txt"\neval_path = "holdout.txt"\n')

    def rounds(self, model: str, bits: int, nodes: int, change=lambda text: text) -> list[dict]:
        job = self.dir / "job.toml"
        job.write_text(change(JOB.format(model=model, bits=bits, transform=CODECS[bits][1], nodes=nodes)))
        places = [word for i in range(nodes) for word in ("--node", f"n{i}={self.dir}/node.toml")]
        return list(map(json.loads, run("accord-sim", "run", "--job", job, *places, "--json").splitlines()))

    def measured(self, model: str, bits: int, nodes: int) -> int:
        """Bytes that each node uploads in the training round."""
        return self.rounds(model, bits, nodes)[0]["upload_bytes"]

    def streamed(self, model: str, bits: int, nodes: int, fragments: int) -> list[int]:
        """The same of the rounds in which each fragment has its turn."""
        streams = f"local_steps = {fragments}\nkeep_state = true\n[streaming]\nfragments = {fragments}"
        rounds = self.rounds(model, bits, nodes, lambda text: text.replace("count = 1", f"count = {fragments}").replace(
            "local_steps = 1\nbatch = 1", f"batch = 1\n{streams}"))
        return [round["upload_bytes"] for round in rounds[:fragments]]

    def predicted(self, parameters: int, bits: int, nodes: int, fragments: int = 0) -> int:
        answer = json.loads(run("accord", "plan", "--params", parameters, "--nodes", nodes, "--uplink", "1Gbit",
                                "--gpu-tflops", 1, "--secure", "off", "--h", 100 * max(1, fragments), "--fragments",
                                fragments or 1, "--overlap", 0, "--json"))
        method = "streaming" if fragments else "diloco"
        option, = (o for o in answer["data"]["options"] if (o["method"], o["codec"]) == (method, CODECS[bits][0]))
        self.assertEqual(option["up_bytes"], option["down_bytes"], "the sum is as long as an update")
        return option["up_bytes"]

    def test_bytes_of_an_update(self) -> None:
        for bits in CODECS:
            for nodes in (2, 3, 6):
                with self.subTest(bits=bits, nodes=nodes):
                    self.assertEqual(self.measured(SMALL, bits, nodes), self.predicted(SMALL_PARAMETERS, bits, nodes))

    def test_bytes_of_fragments(self) -> None:
        # The planner deals parameters out evenly, a job whole layers: the rounds of one turn move together what the planner
        # says, but for the headers and the last block or word of each.
        even = SMALL.replace("num_hidden_layers = 2", "num_hidden_layers = 4")
        for model, parameters, fragments, bits in ((SMALL, SMALL_PARAMETERS, 2, 32), (SMALL, SMALL_PARAMETERS, 2, 4),
                                                   (even, 2 * SMALL_PARAMETERS - 260 * 32, 4, 8)):
            with self.subTest(fragments=fragments, bits=bits):
                moved = self.streamed(model, bits, 3, fragments)
                planned = fragments * self.predicted(parameters, bits, 3, fragments)
                block = 4096 * bits // 8 if CODECS[bits][1] == "hadamard" else 8
                self.assertLessEqual(abs(sum(moved) - planned), 2 * fragments * block)
                self.assertLess(max(moved), self.predicted(parameters, bits, 3))

    def test_bytes_of_a_parameter_with_six_nodes(self) -> None:
        measured = self.measured('preset = "2m"', 4, 6)
        self.assertEqual(measured, self.predicted(PRESET_PARAMETERS, 4, 6))
        print(f"\n{measured / PRESET_PARAMETERS:.4f} bytes a parameter and round")
        self.assertLess(measured / PRESET_PARAMETERS, 1.0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

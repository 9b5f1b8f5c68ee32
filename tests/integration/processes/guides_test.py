"""What the guides show for language models, typed as they show it: a lab's section of texts is taken, its held-out source
decides the figures and nothing else, and a source that is misspelt is told.

usage: guides_test.py DIRECTORY_OF_PROGRAMS
"""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

APPS = Path(sys.argv[1]).resolve()
ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 300
JOB = """version = 1
name = "guide"
purpose = "test"
secure = "off"
[model]
kind = "llama"
hidden_size = 16
intermediate_size = 32
num_hidden_layers = 1
num_attention_heads = 2
max_position_embeddings = 32
[data]
dataset = "texts"
[inner]
lr = 0.01
local_steps = 2
batch = 2
[update]
max_examples = 100000
[eval]
metrics = ["bits_per_byte"]
[round]
count = 1
min_nodes = 1
min_survivors = 1
max_wait = "1h"
"""


def call(program: str, *words) -> subprocess.CompletedProcess:
    return subprocess.run([APPS / program, *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)


def section() -> str:
    """The lab guide's example of texts."""
    blocks = re.findall(r"^```toml\n(.*?)^```", (ROOT / "docs/lab.md").read_text(encoding="utf-8"), re.M | re.S)
    return next(block for block in blocks if "[data.texts]" in block)


class Guides(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.home = Path(directory.name)
        (self.home / "texts").mkdir()
        (self.home / "job.toml").write_text(JOB)

    def texts(self, press: str, gazette: str) -> None:
        lines = [{"text": f"{number} {text} " * 40, "source": source} for number in range(6)
                 for source, text in (("press", press), ("gazette", gazette))]
        (self.home / "texts/all.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    def train(self, config: str, out: str) -> subprocess.CompletedProcess:
        (self.home / "node.toml").write_text(config)
        return call("accord-sim", "run", "--job", self.home / "job.toml", "--node", f"me={self.home / 'node.toml'}",
                    "--out", self.home / out, "--json")

    def trained(self, out: str) -> tuple[str, float]:
        """The model's hash, and its bits per byte."""
        done = self.train(section(), out)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return lines[-1]["model_hash"], lines[-2]["metrics"]["bits_per_byte"]

    def test_held_out_source_is_measured_and_not_trained_on(self):
        self.texts(press="bread and roses", gazette="article one")
        model, worth = self.trained("first")
        self.texts(press="bread and roses", gazette="Artikel zwei!")
        same, other_worth = self.trained("second")
        self.assertEqual(model, same)
        self.assertNotEqual(worth, other_worth)
        self.texts(press="roses and bread", gazette="article one")
        self.assertNotEqual(model, self.trained("third")[0])

    def test_misspelt_source_is_told(self):
        self.texts(press="bread and roses", gazette="article one")
        done = self.train(section().replace('"gazette"', '"gazete"'), "none")
        self.assertEqual(json.loads(done.stdout.splitlines()[-1])["error"]["code"], "data.empty", done.stdout)
        self.assertFalse((self.home / "none").exists())

    def test_node_takes_the_examples(self):
        (self.home / "node.toml").write_text(section())
        for config in (self.home / "node.toml", ROOT / "configs/node.toml"):
            done = call("accord-node", "--config", config, "--check-config")
            self.assertEqual(done.returncode, 0, done.stderr)
            shown = done.stdout.partition("[data.texts]")[2].partition("\n[")[0]
            self.assertIn('format = "jsonl"', shown)
            self.assertIn('holdout_sources = ["gazette"]', shown)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

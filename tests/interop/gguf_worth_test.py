"""A trained model is worth as much in llama.cpp as Accord says of it: perplexity on text that it never saw.

usage: gguf_worth_test.py ACCORD_SIM

Skipped as gguf_test.py is.
"""

import json
import math
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from gguf import llama_cpp

SIM = Path(sys.argv[1]).resolve()
LICENSES = Path("/usr/share/common-licenses")  # on each Debian
CONTEXT, BOS = 64, 256
JOB = f"""version = 1
name = "worth"
purpose = "test"
seed = 3
secure = "off"
[model]
kind = "llama"
hidden_size = 64
intermediate_size = 160
num_hidden_layers = 2
num_attention_heads = 4
num_key_value_heads = 2
max_position_embeddings = {CONTEXT}
[data]
dataset = "text"
[inner]
optimizer = "adamw"
lr = 0.005
local_steps = 200
batch = 8
clip_norm = 1.0
[eval]
metrics = ["bits_per_byte"]
[round]
count = 1
min_nodes = 1
min_survivors = 1
max_wait = "5m"
[update]
max_examples = 100000
"""


def windows(text: bytes) -> list:
    """As src/data/text.h has them: all predictions but the first token's once; the last window begins earlier, to be full."""
    tokens = [BOS, *text]
    starts = [*range(0, len(tokens) - 1 - CONTEXT, CONTEXT), len(tokens) - 1 - CONTEXT]
    return [{"tokens": tokens[start:start + CONTEXT + 1],
             "repeated": starts[i - 1] + CONTEXT - start if i else 0} for i, start in enumerate(starts)]


class WorthTest(unittest.TestCase):
    def test_perplexity_on_text_that_was_held_out(self):
        with tempfile.TemporaryDirectory(prefix="accord-worth-") as name:
            path = Path(name)
            heldout = (LICENSES / "Apache-2.0").read_bytes()[:4000]
            self.assertEqual(sum(len(w["tokens"]) - 1 - w["repeated"] for w in windows(heldout)), len(heldout))
            (path / "heldout.txt").write_bytes(heldout)
            (path / "job.toml").write_text(JOB)
            (path / "node.toml").write_text(f'[data.text]\nformat = "text"\npath = "{LICENSES}/GPL-3"\n'
                                            f'eval_path = "{path}/heldout.txt"\n')
            common = ["--job", path / "job.toml"]
            node = ["--node", f"n={path}/node.toml"]
            self.sim("run", *common, *node, "--out", path / "model")
            worth = json.loads(self.sim("eval", path / "model", *common, *node, "--json"))["worth"]["n"]["bits_per_byte"]
            self.assertLess(worth, 4, "it has learned something that there is to compare")
            for kind in ("f32", "f16", "q8_0"):
                out = path / f"{kind}.gguf"
                self.sim("export", path / "model", *common, "--format", "gguf", "--type", kind, "--out", out)
                llama_cpp.check(out, {"perplexity": {"windows": windows(heldout), "nats": worth * math.log(2),
                                                     "tolerance": 5e-3 if kind == "q8_0" else 1e-4}})

    def sim(self, *words) -> str:
        done = subprocess.run([SIM, *words], capture_output=True, text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


if __name__ == "__main__":
    if reason := llama_cpp.why_skipped():
        print("skipped:", reason)
        sys.exit(77)
    unittest.main(argv=sys.argv[:1], verbosity=2)

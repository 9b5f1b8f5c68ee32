"""What stays at a lab: a federation of real programs trains fedsa-lora beside a frozen model, and a model with Ditto;
accord-sim comes to the same model, the personal parts outlive a killed node and the job, become the labs' graduates, and
are gone when the labs erase them.

usage: personal_test.py DIRECTORY_OF_PROGRAMS
"""

import hashlib
import json
import struct
import sys
import tempfile
import unittest
from pathlib import Path

import words

APPS = Path(sys.argv[1]).resolve()
NODES = words.NODES
JOB = words.MODEL + """[inner]
optimizer = "adamw"
lr = 0.02
local_steps = {steps}
batch = 4
clip_norm = 1.0
[update]
bits = 8
clip = 0.2
max_examples = 100000
[eval]
metrics = ["bits_per_byte"]
[round]
count = {rounds}
min_nodes = 3
min_survivors = 3
max_wait = "5m"
{more}"""


class Nations(words.Nations):
    def data_section(self, name: str) -> str:
        return super().data_section(name) + f'base = "{self.dir}/base"\n'

    def kept(self, name: str) -> list:
        return sorted((self.dir / name).glob("jobs/*/kept/personal-*"))


def tensors(path: Path) -> dict:
    """The f32 tensors of a safetensors file: name -> (shape, values)."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    read = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        read[name] = entry["shape"], struct.unpack(f"<{(end - begin) // 4}f", data[8 + size + begin : 8 + size + end])
    return read


class PersonalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-personal-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = federation = Nations(APPS, Path(directory.name), NODES)
        cls.addClassCleanup(federation.close)
        cls.base = federation.dir / "base"
        cls.play(JOB.format(name="base", steps=10, rounds=4, more="[outer]\nrule = \"fedavgm\"\n"), cls.base)

    @classmethod
    def play(cls, text: str, out: Path) -> list:
        job = cls.federation.dir / "played.toml"
        job.write_text(text)
        nodes = [word for name in NODES for word in ("--node", f"{name}={cls.federation.dir}/{name}.toml")]
        lines = cls.federation.call("accord-sim", "run", "--job", job, *nodes, "--trust-domain", "test.accord",
                                    "--out", out, "--json")
        return list(map(json.loads, lines.splitlines()))

    def run_job(self, text: str, during=lambda job: None) -> tuple:
        file = self.federation.dir / "job.toml"
        file.write_text(text)
        job = self.federation.ask("job", "submit", file)["id"]
        during(job)
        return job, self.federation.watch(job, lambda job: job["state"] in ("finished", "failed"))

    def check(self, name: str, more: str) -> None:
        text = JOB.format(name=name, steps=10, rounds=6, more=more)

        def kill_ada(job: str) -> None:
            self.federation.watch(job, lambda job: len(job["history"]) >= 2)
            self.federation.programs["ada"].kill()
            self.federation.start_node("ada")

        job, view = self.run_job(text, kill_ada)
        self.assertEqual(view["state"], "finished", view)
        # Killed between its keys and its shares a node drops out of the attempt, and the round is tried again.
        committed = [result for result in view["history"] if result["committed"]]
        bits = [result["metrics"]["bits_per_byte"]["value"] for result in committed]
        self.assertEqual(len(bits), 7)
        self.assertLess(bits[-1], bits[0], "of the models that the nations keep")
        *rounds, end = self.play(text, self.federation.dir / f"{name}.played")
        self.assertEqual(end["model_hash"], view["model_hash"])
        self.assertAlmostEqual(rounds[-1]["metrics"]["bits_per_byte"], bits[-1], places=9,
                               msg="a restarted node goes on with the part that it kept")
        for node in NODES:
            self.assertIn("personal-6.state", [path.name for path in self.federation.kept(node)],
                          "the lab's own part outlives the job")
            self.graduate(job, node, text, self.federation.dir / f"{name}.played")
            self.federation.call("accord-node", "erase", job, "--state", self.federation.dir / node)
            self.assertEqual(self.federation.kept(node), [], "until the lab erases it")

    def graduate(self, job: str, node: str, text: str, model: Path) -> None:
        """What the node has kept, made whole; then tuned on, in a file that other programs read."""
        directory = self.federation.dir
        file, kept, tuned, adapter = (directory / f"{job}-{node}-{end}" for end in ("job", "kept", "tuned", "adapter"))
        file.write_text(text)
        words = ("graduate", "--config", directory / f"{node}.toml", "--job", file, "--model", model, "--kept", job[:12],
                 "--threads", "1", "--json")
        own = json.loads(self.federation.call("accord-node", *words, "--method", "none", "--out", kept))
        self.assertEqual(hashlib.sha256(kept.read_bytes()).hexdigest(), own["sha256"])
        better = json.loads(self.federation.call("accord-node", *words, "--steps", "20", "--out", tuned, "--rank", "2",
                                                 "--alpha", "4", "--projections", "v_proj,down_proj", "--adapter-out",
                                                 adapter))
        self.assertAlmostEqual(better["common"]["loss"], own["graduate"]["loss"], places=4)
        before, after, thin = (tensors(path) for path in (kept, tuned, adapter / "adapter_model.safetensors"))
        config = json.loads((adapter / "adapter_config.json").read_text())
        scale = config["lora_alpha"] / config["r"]
        self.assertEqual(config["target_modules"], ["model.layers.0.mlp.down_proj", "model.layers.0.self_attn.v_proj"])
        for name, (shape, values) in after.items():
            module = name.removesuffix(".weight")
            expected = list(before[name][1])
            if module in config["target_modules"]:
                (_, a), (_, b) = (thin[f"base_model.model.{module}.lora_{x}.weight"] for x in "AB")
                for i in range(len(expected)):
                    row, column = divmod(i, shape[1])
                    expected[i] += scale * sum(b[row * 2 + r] * a[r * shape[1] + column] for r in range(2))
                self.assertNotEqual(values, before[name][1])
            for mine, theirs in zip(values, expected, strict=True):
                self.assertAlmostEqual(mine, theirs, places=6)

    def test_fedsa_lora(self) -> None:
        digest = hashlib.sha256(self.base.read_bytes()).hexdigest()
        self.check("fedsa", f'[adapter]\nkind = "fedsa-lora"\nrank = 4\nalpha = 8.0\nbase = "sha256:{digest}"\n')
        # Only A travelled: of rank 4, beside the seven matrices of a layer.
        out = self.federation.dir / "fedsa.played"
        self.assertLess(out.stat().st_size, 4 * 4 * (6 * 16 + 32) + 1024)
        self.assertNotIn(b"lora_B", out.read_bytes())
        nodes = [word for name in NODES for word in ("--node", f"{name}={self.federation.dir}/{name}.toml")]
        with self.assertRaisesRegex(AssertionError, r"--method none --kept ID[\s\S]*model.personal"):
            self.federation.call("accord-sim", "eval", out, "--job", self.federation.dir / "played.toml", *nodes)

    def test_an_adapter_is_heard_beside_its_frozen_model(self) -> None:
        digest = hashlib.sha256(self.base.read_bytes()).hexdigest()
        adapter, whole, job = (self.federation.dir / f"lora.{end}" for end in ("adapter", "whole", "toml"))
        text = JOB.format(name="lora", steps=10, rounds=2, more=f'[adapter]\nkind = "lora"\nbase = "sha256:{digest}"\n')
        self.play(text, adapter)
        job.write_text(text)
        self.federation.call("accord-sim", "graduate", "--config", self.federation.dir / "ada.toml", "--job", job,
                             "--model", adapter, "--method", "none", "--out", whole)

        def exported(name: str, *words) -> bytes:
            out = self.federation.dir / f"lora.{name}"
            self.federation.call("accord", "model", "export", *words, "--job", job, "--format", "safetensors", "--out", out)
            return (out / "model.safetensors").read_bytes()

        merged = exported("beside", adapter, "--base", self.base)
        self.assertEqual(merged, exported("made", whole))
        self.assertNotEqual(merged, exported("before", self.base))
        with self.assertRaisesRegex(AssertionError, rf"sha256:{digest}[\s\S]*--base FILE[\s\S]*model.base"):
            exported("alone", adapter)
        alone = self.federation.dir / "lora.gguf"
        self.federation.call("accord", "model", "export", adapter, "--job", job, "--adapter", "--out", alone)
        self.assertEqual(alone.read_bytes().count(b".weight.lora_a"), 7)

    def test_ditto(self) -> None:
        self.check("ditto", '[personal]\nkind = "ditto"\nlambda = 0.1\nlocal_steps = 10\n')

    def test_another_frozen_model_is_refused(self) -> None:
        digest = hashlib.sha256(b"another").hexdigest()
        file = self.federation.dir / "job.toml"
        file.write_text(JOB.format(name="other", steps=1, rounds=1,
                                   more=f'[adapter]\nkind = "lora"\nbase = "sha256:{digest}"\n'))
        job = self.federation.ask("job", "submit", file)["id"]
        refused = self.federation.programs["bo"].wait_for("job.data_refused")
        self.assertIn("model.base", refused["why"])
        self.federation.call("accord", "job", "cancel", job)

    def test_a_plan_without_sense_is_refused_when_it_is_submitted(self) -> None:
        file = self.federation.dir / "job.toml"
        file.write_text(JOB.format(name="wide", steps=1, rounds=1,
                                   more=f'[adapter]\nkind = "lora"\nrank = 17\nbase = "sha256:{"0" * 64}"\n'))
        with self.assertRaisesRegex(AssertionError, r"adapter.rank = 17[\s\S]*job.invalid"):
            self.federation.call("accord", "job", "submit", file)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

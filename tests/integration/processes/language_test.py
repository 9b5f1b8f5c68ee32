"""A small language model by real programs: three nations' texts, masks, DiLoCo after synchronous rounds, updates of four
bits; accord-sim comes to the same model, says what it has learned, and writes it for others. What a running job's model
says is heard from round to round, and a lab tunes it while its rounds go on.

usage: language_test.py DIRECTORY_OF_PROGRAMS
"""

import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from federation import PATIENCE
from words import DILOCO, NODES, Nations

APPS = Path(sys.argv[1]).resolve()
SAMPLES = "".join(f'[samples.{name}]\nprompt = "{name} lä"\n' for name in NODES) + "[samples]\ntokens = 8\n"
JOB = DILOCO.format(name="words", steps=5, rounds=8, synchronous=3, more="") + SAMPLES
LONG = DILOCO.format(name="long", steps=50, rounds=100000, synchronous=3, more="") + SAMPLES


class LanguageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-language-")
        cls.addClassCleanup(directory.cleanup)
        cls.federation = federation = Nations(APPS, Path(directory.name), NODES)
        cls.addClassCleanup(federation.close)
        cls.job, cls.model = federation.dir / "job.toml", federation.dir / "model"
        cls.job.write_text(JOB)
        job = federation.ask("job", "submit", cls.job)["id"]
        cls.view = federation.watch(job, lambda job: job["state"] in ("finished", "failed"))
        federation.call("accord", "model", "download", job, "--out", cls.model)

    def sim(self, *words) -> str:
        return self.federation.call("accord-sim", *words)

    def nodes(self) -> list:
        return [word for name in NODES for word in ("--node", f"{name}={self.federation.dir}/{name}.toml")]

    def test_it_learns(self) -> None:
        self.assertEqual(self.view["state"], "finished", self.view)
        bits = [result["metrics"]["bits_per_byte"]["value"] for result in self.view["history"]]
        self.assertEqual(len(bits), 9)
        self.assertLess(bits[-1], 0.8 * bits[0])

    def test_rounds_on_one_machine_give_the_same_model(self) -> None:
        lines = self.sim("run", "--job", self.job, *self.nodes(), "--trust-domain", "test.accord", "--json")
        self.assertEqual(json.loads(lines.splitlines()[-1])["model_hash"], self.view["model_hash"])

    def test_it_is_worth_something_to_each_nation(self) -> None:
        answer = json.loads(self.sim("eval", self.model, "--job", self.job, *self.nodes(), "--json"))
        for name in NODES:
            self.assertLess(answer["worth"][name]["bits_per_byte"], 6)
        alone = json.loads(self.sim("eval", self.model, "--job", self.job, *self.nodes()[:2], "--json"))
        self.assertEqual(alone["worth"]["ada"], answer["worth"]["ada"], "a lab may look for itself")
        self.assertEqual(answer["model_hash"], self.view["model_hash"])
        published = self.federation.dir / "worth.json"
        published.write_text(json.dumps(alone))
        card = self.federation.call("accord", "model", "card", "words", "--worth", published)
        self.assertRegex(card, r"\| ada \| .*bits_per_byte")

    def test_two_nodes_of_one_name_are_none(self) -> None:
        done = self.run_sim("eval", self.model, "--job", self.job, *self.nodes()[:2], *self.nodes()[:2])
        self.assertEqual(done.returncode, 4, done.stdout)
        self.assertIn("two nodes are called ada", done.stderr)

    def test_a_model_with_a_value_that_is_none_is_worth_nothing(self) -> None:
        content = bytearray(self.model.read_bytes())
        first = 8 + int.from_bytes(content[:8], "little")
        content[first:first + 4] = b"\0\0\xc0\x7f"
        broken = self.federation.dir / "broken.safetensors"
        broken.write_bytes(content)
        for words in (("eval", *self.nodes()[:2]), ("generate",)):
            done = self.run_sim(words[0], broken, "--job", self.job, *words[1:])
            self.assertEqual(done.returncode, 4, done.stdout)
            self.assertIn("docs/errors/model.values.md", done.stderr)

    def test_it_goes_on_from_a_prompt(self) -> None:
        words = ("generate", self.model, "--job", self.job, "--prompt", "ada lä", "--tokens", "16")
        greedy = self.sim(*words, "--temperature", "0")
        self.assertTrue(greedy.startswith("ada lä"))
        self.assertGreater(len(greedy.encode()), len("ada lä\n".encode()))
        self.assertEqual(greedy, self.sim(*words, "--temperature", "0"))

    def run_sim(self, *words) -> subprocess.CompletedProcess:
        return subprocess.run([APPS / "accord-sim", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE)

    def test_it_says_why_a_text_ends_early(self) -> None:
        words = ("generate", self.model, "--job", self.job, "--prompt", "ada", "--seed", "3", "--tokens")
        done = self.run_sim(*words, "5000")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("tokens: with the prompt they fill the 32 positions", done.stderr)
        self.assertEqual(self.run_sim(*words, "4").stderr, "")

    def test_a_prompt_that_is_too_long_silences_no_other_nation(self) -> None:
        job = self.federation.dir / "long-prompt.toml"
        job.write_text(JOB.replace('prompt = "ada lä"', f'prompt = "{40 * "a"}"'))
        with self.assertRaisesRegex(AssertionError, r"samples.ada.prompt has 40 bytes[\s\S]*job.invalid"):
            self.federation.call("accord", "job", "submit", job)
        done = self.run_sim("samples", self.model, "--job", job)
        self.assertEqual(done.returncode, 4)
        self.assertEqual([line[:2] for line in done.stdout.splitlines()], ["bo", "cy"])
        self.assertIn("ada         error: the prompt has 41 tokens, the model 32 positions", done.stderr)
        done = self.run_sim("samples", self.model, "--job", job, "--json")
        ada, bo, cy, end = map(json.loads, done.stdout.splitlines())
        self.assertEqual((ada["ok"], ada["data"]["name"], ada["end"]), (False, "ada", False))
        self.assertTrue(bo["ok"] and cy["ok"])
        self.assertEqual((end["ok"], end["end"], done.stderr), (False, True, ""))

    def test_another_job_begins_with_it(self) -> None:
        alone = self.federation.dir / "alone.toml"
        alone.write_text(JOB.replace('rule = "diloco"\nlr = 0.7', 'rule = "fedavg"').replace("clip_rms = 3.0\n", "")
                         .replace("count = 8\nsynchronous = 3\nmin_nodes = 3\nmin_survivors = 3",
                                  "count = 1\nmin_nodes = 1\nmin_survivors = 1").replace('seed = 5', 'seed = 5\nsecure = "off"'))
        out = self.federation.dir / "graduate"
        self.sim("run", "--job", alone, *self.nodes()[:2], "--from", self.model, "--out", out)
        worth = [json.loads(self.sim("eval", model, "--job", self.job, *self.nodes()[:2], "--json"))["worth"]["ada"]
                 for model in (self.model, out)]
        self.assertLess(worth[1]["bits_per_byte"], worth[0]["bits_per_byte"], "tuned on her own text")

    def test_the_command_line_does_it_with_the_job_alone(self) -> None:
        words = ("--prompt", "ada lä", "--tokens", "16", "--temperature", "0")
        heard = self.federation.call("accord", "model", "generate", self.view["id"], *words)
        self.assertEqual(heard, self.sim("generate", self.model, "--job", self.job, *words))
        out = self.federation.dir / "by-job.gguf"
        self.federation.call("accord", "model", "export", "words", "--out", out, "--type", "f16")
        self.assertEqual(out.read_bytes()[:4], b"GGUF")
        card = self.federation.call("accord", "model", "card", "words")
        self.assertIn(self.view["model_hash"], card)
        self.assertIn("a coordinator that lies", card)

    def test_slow_nodes_take_fewer_steps(self) -> None:
        """None takes a step in a fiftieth of a millisecond, so each takes the fewest, here as in one process."""
        job, few = self.federation.dir / "slow.toml", '50\nround_time = "1ms"\nmin_steps = 5'
        job.write_text(DILOCO.format(name="slow", steps=few, rounds=4, synchronous=1, more=""))
        view = self.federation.watch(self.federation.ask("job", "submit", job)["id"],
                                     lambda job: job["state"] in ("finished", "failed"))
        self.assertEqual(view["state"], "finished", view)
        steps = [result["metrics"]["steps"]["value"] for result in view["history"][:4]]
        self.assertEqual(steps[0], 1, "a synchronous round has one step for all")
        self.assertTrue(all(0.05 < step < 0.11 for step in steps[1:]), steps)
        slow = [word for name in NODES for word in ("--step-time", f"{name}=1000")]
        lines = self.sim("run", "--job", job, *self.nodes(), *slow, "--trust-domain", "test.accord", "--json")
        self.assertEqual(json.loads(lines.splitlines()[-1])["model_hash"], view["model_hash"])

    def test_each_nation_has_a_sample(self) -> None:
        lines = self.federation.call("accord", "job", "samples", self.view["id"]).splitlines()
        self.assertEqual(lines[0], f"round 8  model {self.view['model_hash'][:12]}")
        for name, line in zip(NODES, lines[1:], strict=True):
            self.assertTrue(line.startswith(f"{name:10}  {name} lä"), lines)
        self.assertEqual(lines, self.federation.call("accord", "job", "samples", self.view["id"]).splitlines(),
                         "the same draws")

    def test_a_job_is_heard_and_tuned_while_it_runs(self) -> None:
        federation, out = self.federation, self.federation.dir / "early.safetensors"
        (federation.dir / "long.toml").write_text(LONG)
        job = federation.ask("job", "submit", federation.dir / "long.toml")["id"]
        federation.watch(job, lambda view: view["rounds_done"] >= 2)
        tune = ("graduate", "--config", federation.dir / "ada.toml", "--out", out, "--method", "full", "--steps", "5",
                "--lr", "0.01", "--json", "--running")
        graduate = json.loads(federation.call("accord-node", *tune, "long"))
        self.assertLess(graduate["graduate"]["loss"], graduate["common"]["loss"])
        self.assertEqual(graduate["sha256"], hashlib.sha256(out.read_bytes()).hexdigest())
        heard = federation.call("accord-sim", "generate", out, "--job", federation.dir / "long.toml", "--tokens", "4")
        self.assertGreater(len(heard), 1)
        with subprocess.Popen([APPS / "accord", "job", "samples", job, "--follow", "--json"], stdout=subprocess.PIPE,
                              text=True, env=federation.env) as follower:
            timer = threading.Timer(PATIENCE, follower.kill)
            timer.start()
            lines = [follower.stdout.readline() for _ in range(2 * (1 + len(NODES)))]
            self.assertTrue(all(lines), lines)
            answers = [json.loads(line)["data"] for line in lines]
            federation.call("accord", "job", "cancel", job)
            rest = follower.stdout.read().splitlines()
            timer.cancel()
        self.assertEqual([answer.get("name") for answer in answers], 2 * [None, *NODES])
        self.assertLess(int(answers[0]["round"]), int(answers[4]["round"]), "a newer model")
        self.assertNotEqual(answers[0]["model"], answers[4]["model"])
        self.assertTrue(json.loads(rest[-1])["end"], rest)
        for words, error in ((("nothing",), "job.not_found"), (("long", "--state", federation.dir), "node.not_running")):
            refused = subprocess.run([APPS / "accord-node", *map(str, tune), *map(str, words)], capture_output=True,
                                     text=True, env=federation.env, timeout=PATIENCE)
            self.assertEqual(refused.returncode, 2 if error.startswith("node") else 1, refused.stderr)
            self.assertIn(error, refused.stderr)

    def test_a_failure_is_json_for_who_asked_for_it(self) -> None:
        here = ("model", "generate", self.model, "--job", self.job)
        for words, code, error in (
                ((*here, "--prompt", "ada", "--top-p", "0"), 4, "job.invalid"),
                ((*here, "--tokens", "many"), 4, "cli.usage"),
                (("model", "export", self.model, "--job", self.job, "--out", self.model), 4, "cli.exists"),
                (("model", "export", self.job, "--job", self.job, "--out", self.federation.dir / "none"), 1,
                 "safetensors.header"),
                (("model", "card", "nothing"), 1, "job.not_found")):
            done = subprocess.run([APPS / "accord", *map(str, words), "--json"], capture_output=True, text=True,
                                  env=self.federation.env, timeout=PATIENCE)
            answer = json.loads(done.stdout.splitlines()[-1])
            self.assertEqual((done.returncode, answer["ok"], answer["error"]["code"], answer["end"]),
                             (code, False, error, True), done.stdout + done.stderr)
            self.assertEqual(done.stderr, "")

    def test_a_file_that_may_not_grow_is_an_error_like_others(self) -> None:
        """Also of libtorch's writer, which ends a program that tells it of a failure."""
        for form in ("gguf", "hf", "torchscript"):
            done = subprocess.run([APPS / "accord-sim", "export", self.model, "--job", self.job, "--format", form, "--out",
                                   self.federation.dir / f"limited-{form}"], capture_output=True, text=True, timeout=PATIENCE,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("docs/errors/store.io.md", done.stderr)
        self.assertEqual(list(self.federation.dir.glob("limited-*")), [])

    def test_it_is_written_for_others(self) -> None:
        gguf, directory = self.federation.dir / "words.gguf", self.federation.dir / "words"
        export = ("export", self.model, "--job", self.job, "--out")
        self.sim(*export, gguf, "--type", "q8_0")
        self.assertEqual(gguf.read_bytes()[:8], b"GGUF\x03\0\0\0")
        self.sim(*export, directory, "--format", "hf")
        self.assertEqual(json.loads((directory / "config.json").read_text())["vocab_size"], 259)
        self.assertIn(self.view["model_hash"], (directory / "README.md").read_text())
        again = subprocess.run([APPS / "accord-sim", *map(str, (*export, gguf))], capture_output=True, text=True,
                               timeout=PATIENCE)
        self.assertEqual(again.returncode, 4)
        self.assertIn("cli.exists", again.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

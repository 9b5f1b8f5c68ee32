"""The federation of `scripts/demo languages`: six nations train one language model under masks, each tunes a graduate at
home, and both are held against what a nation has that trains alone. Python's standard library only.

Figures are bits per byte of text, less is better, of a source that no node trained on. Lengths of graduates and of models
trained alone are chosen on development text of other sources; the reported text decides nothing. One seed, and rates taken
from the study of docs/results.md: a demonstration, no measurement.
"""

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import demo
from demo import ROOT, RUN, STATE, Demo, DemoError, seconds_since_start, shown

sys.path.insert(0, str(ROOT / "studies" / "language"))
from plot import dots  # noqa: E402
from runs import CONTEXT, Node, Run  # noqa: E402
from splits import Splits  # noqa: E402

OUT = STATE / "languages"
LANGUAGES = {"de": "de", "en": "en", "es": "es", "fr": "fr", "it": "it", "pt-br": "pt-BR"}  # node: corpus
SCARCE, SCARCE_BYTES = "pt-br", 50_000
DEV_BYTES, TEST_BYTES = 30_000, 60_000
PROMPTS = {"de": "Mit diesem Befehl", "en": "This command", "es": "Con esta opción", "fr": "Cette commande",
           "it": "Con questo comando", "pt-br": "Este comando"}
KINDS = ["common", "graduate", "alone"]
RATE, GROWN_RATE, GROWN_BATCH = 0.004, 0.001, 4
GROWN_STEPS, ALONE_PARTS = (60, 240), (0.15, 0.4, 1.0)  # to choose from; parts of the nation's steps in the common training
# Updates of six languages have little in common, so they are large beside their mean, which the clip follows.
BITS, CLIP_RMS = 8, 16.0


class Languages(Demo):
    nations = list(LANGUAGES)
    job = RUN / "job.toml"

    def __init__(self, as_json: bool, corpora: Path | None, quick: bool):
        super().__init__(keep=False, as_json=as_json)
        self.corpora, self.quick = corpora, quick
        self.grown_steps = (2, 4) if quick else GROWN_STEPS

    # --- the steps

    def prepare(self) -> None:
        demo.make_room()
        OUT.mkdir(parents=True, exist_ok=True)
        corpora = self.corpora or ROOT / "build/corpora"
        if not all((corpora / f"{language}.jsonl").is_file() for language in LANGUAGES.values()):
            if self.corpora:
                raise DemoError(f"{corpora} has not all of {', '.join(LANGUAGES.values())}.jsonl; scripts/corpora makes them")
            self.say("== fetching texts of six languages from Debian's packages")
            done = subprocess.run([ROOT / "scripts/corpora", "--out", corpora, "--languages", ",".join(LANGUAGES.values())],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                raise DemoError(f"scripts/corpora failed:\n{done.stderr[-2000:]}")
        splits = Splits(corpora, OUT / "text", DEV_BYTES, TEST_BYTES)
        self.texts = {name: Node(name, splits.train(language, SCARCE_BYTES if name == SCARCE else None),
                                 splits.dev(language), splits.test(language)) for name, language in LANGUAGES.items()}
        self.bytes = {name: text_bytes(node.train) for name, node in self.texts.items()}
        self.say("== text of each nation: " + ", ".join(f"{name} {size / 1e6:.2f} MB" for name, size in self.bytes.items()))
        steps, interval, synchronous = (8, 2, 4) if self.quick else (500, 20, 100)
        self.common = Run("0.47M", list(self.texts.values()), RATE, steps, interval=interval, synchronous=synchronous,
                          warmup=min(50, steps // 4), bits=BITS, clip_rms=CLIP_RMS, name="demo", secure="malicious")
        self.job.write_text(self.common.job())

    def data_section(self, nation: str) -> str:
        return self.data_of(nation, self.texts[nation].dev)

    def data_of(self, nation: str, holdout: Path) -> str:
        return f'[data.text]\nformat = "jsonl"\npath = "{self.texts[nation].train}"\neval_path = "{holdout}"\n'

    def both(self, work, items) -> list:
        """`work` of each of the items, as many at a time as the machine has cores."""
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return list(pool.map(work, items))

    def graduate(self, nation: str) -> Path:
        """The common model, tuned at the nation's own node: of two lengths the one that its development text prefers."""
        tries = []
        for steps in self.grown_steps:
            out = fresh(OUT / f"{nation}.graduate-{steps}.safetensors")
            answer = self.call("accord-node", "graduate", "--config", str(RUN / f"{nation}.toml"), "--state",
                               str(RUN / nation), "--job", str(self.job), "--model", str(OUT / "common.safetensors"),
                               "--method", "full", "--steps", str(steps), "--lr", str(GROWN_RATE), "--batch",
                               str(GROWN_BATCH), "--threads", "1", "--out", str(out), "--json")
            tries.append((json.loads(answer)["graduate"]["bits_per_byte"], out))
        return min(tries)[1]

    def alone(self, nation: str) -> Path:
        """The same model without the others: of three lengths the one that the nation's development text prefers. Text of
        which not even all is read cannot be learnt by heart; there the longest is the best."""
        tries = []
        for part in ALONE_PARTS if self.passes(nation) > 1 else ALONE_PARTS[-1:]:
            run = replace(self.common, nodes=[self.texts[nation]], interval=0, synchronous=0, secure="off",
                          steps=max(1, round(part * self.steps_alone())))
            run.warmup = min(run.warmup, run.steps // 4)
            job, out = RUN / f"{nation}.alone-{part}.toml", fresh(OUT / f"{nation}.alone-{part}.safetensors")
            job.write_text(run.job())
            self.call("accord-sim", "run", "--job", str(job), "--node", f"{nation}={RUN / nation}.toml", "--out", str(out),
                      "--json")
            tries.append((self.worth(nation, out, self.texts[nation].dev), out))
        return min(tries)[1]

    def steps_alone(self) -> int:
        """As many tokens as the nation spent on the common model and its graduate."""
        return self.common.exact_steps + max(self.grown_steps) * GROWN_BATCH // self.common.batch

    def passes(self, nation: str) -> float:
        """How often it reads its text when it trains alone."""
        return self.steps_alone() * self.common.batch * CONTEXT / self.bytes[nation]

    def worth(self, nation: str, model: Path, text: Path) -> float:
        config, job = RUN / f"{nation}.{text.stem}.toml", RUN / f"{nation}.worth.toml"
        config.write_text(self.data_of(nation, text))
        job.write_text(replace(self.common, nodes=[self.texts[nation]], interval=0, synchronous=0, secure="off").job())
        answer = self.call("accord-sim", "eval", str(model), "--job", str(job), "--node", f"{nation}={config}", "--json")
        return json.loads(answer.splitlines()[-1])["worth"][nation]["bits_per_byte"]

    def line(self, nation: str, model: Path) -> str:
        return self.call("accord", "model", "generate", str(model), "--job", str(self.job), "--prompt", PROMPTS[nation],
                         "--tokens", "90", "--temperature", "0.6", "--seed", "1").splitlines()[0]

    def run(self) -> dict:
        self.prepare()
        self.start_coordinator()
        self.start_nodes()
        job = self.train()
        common = OUT / "common.safetensors"
        self.download(job, common)
        self.say("== each nation tunes its graduate, at home")
        models = {"common": dict.fromkeys(self.nations, common),
                  "graduate": dict(zip(self.nations, self.both(self.graduate, self.nations)))}
        self.say("== and what each would have without the others")
        models["alone"] = dict(zip(self.nations, self.both(self.alone, self.nations)))
        pairs = [(nation, kind) for nation in self.nations for kind in KINDS]
        worths = self.both(lambda pair: self.worth(pair[0], models[pair[1]][pair[0]], self.texts[pair[0]].test), pairs)
        table = {nation: {kind: worth for (name, kind), worth in zip(pairs, worths) if name == nation}
                 for nation in self.nations}
        plot, gguf = OUT / "languages.svg", fresh(OUT / "languages.gguf")
        plot.write_text(dots("Six nations: the common model, graduates, and each alone", "bits per byte of the held-out source, less is better",
                             {nation: {kind: [worth] for kind, worth in figures.items()} for nation, figures in table.items()}))
        self.call("accord", "model", "export", job["id"], "--out", str(gguf))
        lines = dict(zip(self.nations, self.both(lambda name: self.line(name, models["graduate"][name]), self.nations)))
        return {"status": "finished", "job": job["id"], "rounds": job["rounds_done"], "secure": self.common.secure,
                "parameters": self.common.parameters, "tokens": self.common.tokens, "bits_per_byte": table,
                "train_bytes": self.bytes, "lines": lines, "plot": str(plot), "gguf": str(gguf),
                "models": {kind: {name: str(path) for name, path in of.items()} for kind, of in models.items()},
                "why": {nation: self.why(nation, figures) for nation, figures in table.items()},
                "seconds_total": seconds_since_start()}

    # --- words at the end

    def why(self, nation: str, figures: dict[str, float]) -> str:
        """Where the nation is best off in this run, and what of its figures may explain it."""
        ours, alone = min(figures["common"], figures["graduate"]), figures["alone"]
        change = 100 * (ours / alone - 1)
        passes, text = self.passes(nation), f"{self.bytes[nation] / 1e6:.2f} MB"
        if change < 0:
            with_others = "the graduate" if figures["graduate"] <= figures["common"] else "the common model"
            reason = (f"alone it reads its {text} {passes:.0f} times at most; perhaps it learns it by heart" if passes > 3 else
                      "perhaps what the languages share is worth more here than room of its own in the model")
            return f"{with_others} wins by {-change:.1f} %: {reason}"
        return (f"ALONE wins by {change:.1f} %: it reads its {text} {passes:.1f} times at most; perhaps a common model of "
                f"{self.common.parameters / 1e6:.1f}M parameters needs more steps, or more room, for six languages")

    def report(self, result: dict) -> None:
        self.say()
        self.say(f"Bits per byte on text of a source that nobody trained on (less is better), after {result['rounds']} rounds of six"
                 f" nations\nunder masks, {result['tokens'] / 1e6:.1f}M tokens, {result['parameters']:,} parameters:")
        self.say()
        self.say(f"  {'nation':8} {'own text':>9}  {'common':>7} {'graduate':>9} {'alone':>7}")
        for nation, figures in result["bits_per_byte"].items():
            self.say(f"  {nation:8} {result['train_bytes'][nation] / 1e6:>6.2f} MB  {figures['common']:>7.3f} "
                     f"{figures['graduate']:>9.3f} {figures['alone']:>7.3f}   {result['why'][nation]}")
        if self.quick:
            self.say("\n  These are figures of a few steps: they mean nothing.")
        self.say("\nWhat the graduates say:")
        for nation, line in result["lines"].items():
            self.say(f"  {nation:6} {line}")
        self.say()
        self.say(f"  plot    {shown(Path(result['plot']))}")
        self.say(f"  GGUF    {shown(Path(result['gguf']))}   # the common model, for llama.cpp")
        self.say(f"  models  {shown(OUT)}")
        self.say(f"  {result['seconds_total']:.0f} s in all")

    def summary(self, result: dict) -> dict:
        return result


def text_bytes(path: Path) -> int:
    with open(path, encoding="utf-8") as lines:
        return sum(len(json.loads(line)["text"].encode()) for line in lines)


def fresh(path: Path) -> Path:
    path.unlink(missing_ok=True)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo languages")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--corpora", type=lambda path: Path(os.environ.get("ACCORD_DEMO_FROM", ".")) / path)
    args = parser.parse_args()
    return demo.play(Languages(args.json, args.corpora, args.quick), args.json)


if __name__ == "__main__":
    sys.exit(main())

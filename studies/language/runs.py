"""Runs of accord-sim, each done once: its figures are kept in a file of the repository, its model in the work directory."""

import hashlib
import json
import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

MODELS = {
    "0.12M": {"hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 2, "num_attention_heads": 2},
    "0.47M": {"hidden_size": 96, "intermediate_size": 256, "num_hidden_layers": 4, "num_attention_heads": 3},
}
CONTEXT = 128
VOCABULARY = 259  # bytes, and three marks


@dataclass
class Node:
    name: str
    train: Path
    dev: Path
    test: Path


@dataclass
class Run:
    """A job of language models: everything that its result depends on."""

    model: str
    nodes: list[Node]
    rate: float
    steps: int                  # local steps of all rounds, synchronous ones among them
    seed: int = 1
    batch: int = 8
    interval: int = 0           # local steps of a round; 0: one round of all steps
    synchronous: int = 0
    bits: int = 4
    clip_rms: float = 6.0       # of updates of few bits
    start: "Run | None" = None  # whose model it begins with
    warmup: int = 50
    name: str = "study"         # and its purpose, which the nodes' policies name
    secure: str = "off"
    outer: dict = field(default_factory=lambda: {"rule": "diloco", "lr": 0.7, "momentum": 0.9})

    @property
    def rounds(self) -> int:
        return self.synchronous + -(-(self.steps - self.synchronous) // self.interval) if self.interval else 1

    @property
    def exact_steps(self) -> int:
        return self.synchronous + (self.rounds - self.synchronous) * self.interval if self.interval else self.steps

    @property
    def parameters(self) -> int:
        width, inner, layers = (MODELS[self.model][key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers"))
        return VOCABULARY * width + layers * (4 * width**2 + 3 * width * inner + 2 * width) + width

    @property
    def tokens(self) -> int:
        return self.exact_steps * self.batch * CONTEXT * len(self.nodes)

    def job(self) -> str:
        alone = len(self.nodes) == 1
        outer = {"rule": "fedavg", "lr": 1.0} if alone else self.outer
        coded = self.bits < 16 and not alone
        sections = {
            "": {"version": 1, "name": self.name, "purpose": self.name, "seed": self.seed, "secure": self.secure},
            "model": {"kind": "llama", **MODELS[self.model], "max_position_embeddings": CONTEXT},
            "data": {"dataset": "text"},
            "inner": {"optimizer": "adamw", "lr": self.rate, "beta1": 0.9, "beta2": 0.95, "weight_decay": 0.1,
                      "local_steps": self.interval or self.steps, "batch": self.batch, "clip_norm": 1.0,
                      "keep_state": True},
            "inner.schedule": {"kind": "cosine", "unit": "step", "warmup_steps": self.warmup, "min_lr": self.rate / 10},
            "outer": outer,
            "update": {"bits": 24 if alone else self.bits, "clip": 0.1 if coded else 16.0 if alone else 2.0,
                       "max_examples": 1_000_000, "weights": "equal", "report_clipped": True,
                       **({"transform": "hadamard", "clip_rms": self.clip_rms} if coded else {})},
            "eval": {"metrics": ["bits_per_byte"], "every": 1_000_000},
            "round": {"count": self.rounds, "synchronous": self.synchronous, "min_nodes": len(self.nodes),
                      "min_survivors": len(self.nodes), "max_wait": "1h"},
        }
        lines = []
        for name, keys in sections.items():
            lines += [f"[{name}]"] if name else []
            lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
        return "\n".join(lines) + "\n"

    def key(self) -> str:
        """What makes the result: the job, the texts, and the model that it starts from."""
        hashes = [hashlib.sha256(path.read_bytes()).hexdigest()
                  for node in self.nodes for path in (node.train, node.dev, node.test)]
        state = [self.job(), [node.name for node in self.nodes], hashes, self.start.key() if self.start else ""]
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]


class Runner:
    """Figures by run. `record` is read at the start and written after each run; `programs` of this many at a time."""

    def __init__(self, sim: Path, work: Path, record: Path, programs: int):
        self._sim, self._work, self._record = sim, work, record
        self._known = json.loads(record.read_text()) if record.exists() else {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(programs)

    def results(self, runs: list[Run]) -> list[dict]:
        """{"dev": {node: bits per byte}, "test": ..., "bytes": of an upload} of each, in order."""
        return list(self._pool.map(self._result, runs))

    def _result(self, run: Run) -> dict:
        key = run.key()
        if key not in self._known:
            figures = self._do(run, key)
            with self._lock:
                self._known[key] = figures
                self._record.parent.mkdir(parents=True, exist_ok=True)
                new = self._record.with_suffix(".new")
                new.write_text(json.dumps(self._known, indent=1, sort_keys=True) + "\n")
                os.replace(new, self._record)
        return self._known[key]

    def model(self, run: Run) -> Path:
        """The file of the model; run again when only its figures are here."""
        path = self._work / f"{run.key()}.safetensors"
        if not path.exists():
            self._do(run, run.key())
        return path

    def job(self, run: Run) -> Path:
        path = self._work / f"{run.key()}.toml"
        path.write_text(run.job())
        return path

    def _nodes(self, run: Run, part: str) -> list[str]:
        """Configurations of the nodes, whose hold-out is `part`; of those with one hold-out the first alone looks at it."""
        words, seen = [], set()
        for node in run.nodes:
            holdout = self._nothing() if part == "none" else getattr(node, part)
            if part != "none" and holdout in seen:
                continue
            seen.add(holdout)
            path = self._work / f"{run.key()}.{node.name}.{part}.toml"
            path.write_text(f'[data.text]\nformat = "jsonl"\npath = "{node.train}"\neval_path = "{holdout}"\n')
            words += ["--node", f"{node.name}={path}"]
        return words

    def _nothing(self) -> Path:
        """A hold-out that takes no time: what a run is worth is asked after it."""
        path = self._work / "nothing.jsonl"
        path.write_text(json.dumps({"text": "nothing " * 100}) + "\n")
        return path

    def _do(self, run: Run, key: str) -> dict:
        self._work.mkdir(parents=True, exist_ok=True)
        job, model = self.job(run), self._work / f"{key}.safetensors"
        model.unlink(missing_ok=True)
        start = ["--from", str(self.model(run.start))] if run.start else []
        lines = self._call("run", "--job", job, *self._nodes(run, "none"), *start, "--out", model, "--json")
        rounds = [line for line in lines if "upload_bytes" in line]
        figures = {"seconds": round(sum(line["seconds"] for line in rounds), 1), "rounds": len(rounds) - 1,
                   "bytes": rounds[-2]["upload_bytes"], "tokens": run.tokens}
        clipped = [line["metrics"]["clipped"] for line in rounds if "clipped" in line.get("metrics", {})]
        figures["clipped"] = sum(clipped) / len(clipped)
        if figures["clipped"] > 0 and (run.bits >= 16 or len(run.nodes) == 1):
            raise SystemExit(f"{job}: a run that is to lose nothing was clipped")
        for part in ("dev", "test"):
            worth = self._call("eval", model, "--job", job, *self._nodes(run, part), "--json")[0]["worth"]
            figures[part] = {name: one["bits_per_byte"] for name, one in worth.items()}
        return figures

    def _call(self, *words) -> list[dict]:
        done = subprocess.run([self._sim, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"accord-sim {' '.join(map(str, words))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def mean(figures: dict[str, float]) -> float:
    return sum(figures.values()) / len(figures)


MOST_EXTENSIONS = 4


def best(runner: Runner, runs: list[Run]) -> Run:
    """The run with the least mean bits per byte on development text. Where its rate is the least or the greatest of those
    tried at its length, a rate beyond is tried, too: a best that is at an edge is none."""
    for _ in range(MOST_EXTENSIONS):
        scores = [mean(result["dev"]) for result in runner.results(runs)]
        found = runs[scores.index(min(scores))]
        rates = [run.rate for run in runs if replace(run, rate=found.rate) == found]
        if min(rates) < found.rate < max(rates):
            return found
        runs = runs + [replace(found, rate=found.rate * 2 if found.rate == max(rates) else found.rate / 2)]
    raise SystemExit(f"the best rate is beyond {found.rate}")

"""The experiments of docs/results.md. Each gives a record of what was chosen on development text and what came of it on
test text, by seed. Rates, steps and whatever else is chosen are chosen with seed 1; test text decides nothing.
"""

from dataclasses import replace

from runs import Node, Run, Runner, best, mean
from splits import Splits

LANGUAGES = ["de", "en", "es", "fr", "it", "pt-BR"]
SEEDS = [1, 2, 3]
NODES = len(LANGUAGES)


def _seeds(runner: Runner, chosen: Run) -> list[Run]:
    runs = [replace(chosen, seed=seed, start=replace(chosen.start, seed=seed) if chosen.start else None) for seed in SEEDS]
    runner.results(runs)
    return runs


def _tuned(runner: Runner, run: Run, rates: list[float]) -> list[Run]:
    """A run of each seed, at the rate that is best on development text."""
    return _seeds(runner, best(runner, [replace(run, rate=rate) for rate in rates]))


def _bits(runner: Runner, runs: list[Run]) -> list[float]:
    return [mean(result["test"]) for result in runner.results(runs)]


def alike(splits: Splits, runner: Runner, steps: int, interval: int, synchronous: int, rates: list[float]) -> dict:
    """(a) Six shards that are alike, 0.12M parameters: the federation and all text in one place."""
    dev, test = splits.pooled(LANGUAGES, "dev"), splits.pooled(LANGUAGES, "test")
    shards = [Node(f"n{i}", path, dev, test) for i, path in enumerate(splits.shards(LANGUAGES, NODES))]
    together = Node("all", splits.pooled(LANGUAGES, "train"), dev, test)
    fed = Run("0.12M", shards, rates[0], steps, interval=interval, synchronous=synchronous)
    central = Run("0.12M", [together], rates[0], fed.exact_steps, batch=8 * NODES)
    small = replace(central, batch=8, steps=fed.exact_steps * NODES)
    runs = {"federation": _tuned(runner, fed, rates), "central, sixfold batch": _tuned(runner, central, rates),
            "central, a node's batch": _tuned(runner, small, rates)}
    return {"tokens": fed.tokens, "exchanges": fed.rounds, "runs": _described(runner, runs)}


def codecs(splits: Splits, runner: Runner, rates: list[float]) -> dict:
    """Twelve rounds of 50 steps behind 100 synchronous ones with updates of 4 bits, rotated, and the same with 24 bits,
    which stand for f32: a step of 2^-22, and nothing clipped."""
    dev, test = splits.pooled(LANGUAGES, "dev"), splits.pooled(LANGUAGES, "test")
    shards = [Node(f"n{i}", path, dev, test) for i, path in enumerate(splits.shards(LANGUAGES, NODES))]
    four = Run("0.12M", shards, rates[0], 700, interval=50, synchronous=100)
    runs = {"4 bits": _tuned(runner, four, rates), "24 bits": _tuned(runner, replace(four, bits=24), rates)}
    return {"runs": _described(runner, runs)}


def nations(splits: Splits, runner: Runner, sizes: dict[str, int | None], rates: list[float]) -> dict:
    """(b), (c) Six languages, 0.47M parameters: the common model, each nation's graduate, and each nation alone with as
    many tokens as it spent on both, at the best of three rates and of three lengths."""
    nodes = [Node(name.lower(), splits.train(name, size), splits.dev(name), splits.test(name)) for name, size in sizes.items()]
    common = best(runner, [Run("0.47M", nodes, rate, 1200, interval=10, synchronous=200) for rate in rates])
    models = _seeds(runner, common)
    out = {"tokens": common.tokens, "exchanges": common.rounds, "runs": _described(runner, {"common": models}), "nations": {}}
    for node in nodes:
        grown = [Run("0.47M", [node], rate, steps, batch=4, start=common, warmup=10)
                 for rate in (5e-4, 1e-3, 2e-3) for steps in (100, 400)]
        alone = [Run("0.47M", [node], rate, steps) for rate in rates for steps in (75, 150, 300, 600, 1400)]
        out["nations"][node.name] = _described(runner, {
            "graduate": _seeds(runner, best(runner, grown)), "alone": _seeds(runner, best(runner, alone))})
    return out


def _described(runner: Runner, runs: dict[str, list[Run]]) -> dict:
    out = {}
    for name, seeds in runs.items():
        results = runner.results(seeds)
        out[name] = {"rate": seeds[0].rate, "steps": seeds[0].exact_steps, "bits": seeds[0].bits, "parameters": seeds[0].parameters,
                     "bytes": [result["bytes"] for result in results], "clipped": [result["clipped"] for result in results],
                     "dev": [result["dev"] for result in results], "test": [result["test"] for result in results]}
    return out


def all_of_them(splits: Splits, runner: Runner) -> dict:
    rates = [2.5e-3, 5e-3, 1e-2]
    plenty = {name: None for name in LANGUAGES}
    return {
        "codecs": lambda: codecs(splits, runner, rates),
        "alike-short": lambda: alike(splits, runner, 600, 10, 100, rates),
        "alike": lambda: alike(splits, runner, 2440, 50, 244, rates),
        "scarce": lambda: nations(splits, runner, {**plenty, "pt-BR": 50_000}, [2e-3, 4e-3, 8e-3]),
        "little": lambda: nations(splits, runner, {name: 100_000 for name in LANGUAGES}, [2e-3, 4e-3, 8e-3]),
        "plenty": lambda: nations(splits, runner, plenty, [2e-3, 4e-3, 8e-3]),
    }

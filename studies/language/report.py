"""docs/results.md and its plots, from the records of the experiments."""

import json
from pathlib import Path

import plot

TITLES = {
    "codecs": "Updates of 4 bits",
    "alike-short": "Six shards that are alike, 10 steps a round",
    "alike": "Six shards that are alike, 50 steps a round",
    "little": "Six languages, 100 kB each",
    "plenty": "The same six languages with all their text",
    "scarce": "pt-BR with 50 kB among five languages with plenty",
}
MODELS = ("common", "graduate", "alone")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _bits(run: dict, part: str) -> list[float]:
    """Mean bits per byte over the nodes, by seed."""
    return [_mean(list(one.values())) for one in run[part]]


def _gap(ours: list[float], theirs: list[float]) -> str:
    gaps = [100 * (a / b - 1) for a, b in zip(ours, theirs)]
    return f"{_mean(gaps):+.2f} % ({', '.join(f'{gap:+.2f}' for gap in gaps)})"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines) + "\n"


def _runs(record: dict, against: str) -> str:
    rows = []
    for name, run in record["runs"].items():
        test = _bits(run, "test")
        gap = _gap(test, _bits(record["runs"][against], "test")) if name != against else ""
        rows.append([name, f"{run['rate']:g}", str(run["steps"]), *(f"{bits:.4f}" for bits in test), gap])
    seeds = [f"seed {i + 1}" for i in range(len(next(iter(record["runs"].values()))["test"]))]
    return _table(["", "rate", "steps", *seeds, f"against {against}, mean (by seed)"], rows)


def _cuts(record: dict) -> str:
    """What the clip cut, of the runs where it cut anything."""
    return "".join(f"In the runs of \"{name}\" the clip cut {', '.join(f'{100 * share:.2f}' for share in run['clipped'])} % of the "
                   "updates' coordinates, by seed.\n" for name, run in record["runs"].items() if any(run.get("clipped", [])))


def _codecs(record: dict) -> str:
    four = record["runs"]["4 bits"]
    wide = record["runs"]["24 bits"]
    return (_runs(record, "24 bits") + "\n24 bits stand for f32: a step of 2^-22, and nothing is clipped. " + _cuts(record) +
            f"An upload of a round is {four['bytes'][0]:,} bytes with 4 bits, "
            f"{four['bytes'][0] / four['parameters']:.3f} a parameter, and {wide['bytes'][0]:,} with 24, six nodes in both.\n")


def _alike(record: dict) -> str:
    return (f"{record['tokens']:,} tokens, {record['exchanges']} exchanges.\n\n" +
            _runs(record, "central, sixfold batch") + "\n" + _runs(record, "central, a node's batch") + "\n" + _cuts(record))


def _nations(record: dict) -> str:
    rows = []
    for nation, runs in record["nations"].items():
        common = [one[nation] for one in record["runs"]["common"]["test"]]
        graduate, alone = _bits(runs["graduate"], "test"), _bits(runs["alone"], "test")
        chosen = ", ".join(f"{runs[name]['rate']:g} x {runs[name]['steps']}" for name in ("graduate", "alone"))
        rows.append([nation, *(f"{_mean(bits):.4f}" for bits in (common, graduate, alone)), _gap(graduate, common),
                     _gap(graduate, alone), chosen])
    nations = record["nations"]
    both = {name: [_bits(runs[name], "test") for runs in nations.values()] for name in ("graduate", "alone")}
    means = {name: [_mean(list(seed)) for seed in zip(*bits)] for name, bits in both.items()}
    wins = [sum(ours < theirs for ours, theirs in zip(*seed)) for seed in zip(zip(*both["graduate"]), zip(*both["alone"]))]
    rows.append(["mean", "", *(f"{_mean(means[name]):.4f}" for name in ("graduate", "alone")), "",
                 _gap(means["graduate"], means["alone"]), ""])
    dev = [[nation, *(f"{_mean(bits):.4f}" for bits in ([one[nation] for one in record["runs"]["common"]["dev"]],
                                                        _bits(runs["graduate"], "dev"), _bits(runs["alone"], "dev")))]
           for nation, runs in nations.items()]
    return (f"{record['tokens']:,} tokens in the common training, {record['exchanges']} exchanges, rate "
            f"{record['runs']['common']['rate']:g}. Of {len(nations)} nations "
            f"{', '.join(map(str, wins))} did better with the federation, by seed.\n\n" +
            _table(["held-out source", "common", "graduate", "alone", "graduate against common", "graduate against alone",
                    "rate x steps of both"], rows) +
            "\n" + _cuts(record) +
            "\nOn development text, by which rates and steps were chosen:\n\n" +
            _table(["", "common", "graduate", "alone"], dev))


def _plotted(record: dict) -> dict[str, dict[str, list[float]]]:
    """Rows, kinds and values of the plot: nations and their models, or methods and seeds."""
    if "nations" not in record:
        return {name: {f"seed {i + 1}": [bits] for i, bits in enumerate(_bits(run, "test"))}
                for name, run in record["runs"].items()}
    common = record["runs"]["common"]["test"]
    return {nation: dict(zip(MODELS, ([one[nation] for one in common], _bits(runs["graduate"], "test"),
                                      _bits(runs["alone"], "test"))))
            for nation, runs in record["nations"].items()}


def _words(table: dict[str, dict[str, list[float]]]) -> str:
    """The plot for who does not see it."""
    rows = [f"{name} " + ", ".join(f"{kind} {_mean(values):.2f}" for kind, values in figures.items())
            for name, figures in table.items()]
    return f"Bits per byte: {'; '.join(rows)}"


def _plot(name: str, title: str, record: dict, kept: Path) -> str:
    """Writes it; gives the line that shows it."""
    table = _plotted(record)
    seeds = "; strokes: the seeds" if "nations" in record else ""
    (kept / f"{name}.svg").write_text(plot.dots(title, f"bits per byte of the held-out source, less is better{seeds}", table))
    return f"![{_words(table)}](results/{name}.svg)\n"


def write(kept: Path, out: Path) -> None:
    """The part of `out` behind its mark is made anew, and the plots in `kept`."""
    parts = []
    for name, title in TITLES.items():
        if (kept / f"{name}.json").exists():
            record = json.loads((kept / f"{name}.json").read_text())
            body = _codecs(record) if name == "codecs" else _alike(record) if name.startswith("alike") else _nations(record)
            parts.append(f"## {title}\n\n`scripts/results --only {name}`\n\n{_plot(name, title, record, kept)}\n{body}")
    head = out.read_text().partition("<!-- results -->")[0]
    out.write_text(head + "<!-- results -->\n\n" + "\n".join(parts))

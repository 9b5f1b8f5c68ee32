"""The measured part of docs/attribution.md."""

from pathlib import Path

MARK = "<!-- measured -->\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]) + "\n"


def found(run: dict, estimate: str = "least_squares") -> bool:
    """Whether the nations with wrong labels have the lowest scores of all."""
    ranked = sorted(run["nodes"], key=lambda name: run["nodes"][name][estimate])
    return sorted(ranked[:len(run["noisy"])]) == run["noisy"]


def _summary(record: dict) -> str:
    rows = []
    for run in record["runs"]:
        for estimate, name in (("least_squares", "least squares"), ("equal_split", "equal split")):
            figures = run[estimate]
            rows.append([str(run["seed"]), name, f"{figures['pearson']:.3f}", f"{figures['spearman']:.3f}",
                         "yes" if found(run, estimate) else "no"])
    return _table(["seed", "estimate", "Pearson", "Spearman", "both noisy nations lowest"], rows)


def _ranking(run: dict) -> str:
    rows = []
    for name in sorted(run["nodes"], key=lambda name: -run["nodes"][name]["exact"]):
        node = run["nodes"][name]
        rows.append([name + (" (noisy)" if name in run["noisy"] else ""),
                     *(f"{1000 * node[key]:+.3f}" for key in ("exact", "least_squares", "equal_split"))])
    return f"Seed {run['seed']}, in thousandths of a nat a round:\n\n" + _table(
        ["nation", "exact", "least squares", "equal split"], rows)


def _by_rounds(record: dict) -> str:
    after = [rounds for rounds in (5, 10, 20, 40) if rounds <= record["setting"]["rounds"]]
    rows = [[str(run["seed"]), *(f"{run['pearson_by_round'][rounds - 1]:.3f}" for rounds in after)] for run in record["runs"]]
    return "Pearson of least squares against the exact values of the same rounds, after so many of them:\n\n" + _table(
        ["seed", *map(str, after)], rows)


def write(record: dict, page: Path) -> None:
    text = page.read_text() if page.exists() else MARK
    head = text[:text.index(MARK) + len(MARK)]
    page.write_text("\n".join([head, _summary(record), _by_rounds(record), *map(_ranking, record["runs"])]))

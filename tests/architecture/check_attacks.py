"""docs/attacks.md names only tests, fuzz targets and error ids that exist, and none of the 26 attacks twice or not at all.

usage: check_attacks.py ROOT
"""

import re
import sys
from pathlib import Path

ATTACKS = range(1, 27)
WORD = re.compile(r"`([^`]+)`")
GTEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", re.MULTILINE)
ERROR = re.compile(r'^ACCORD_ERROR\(\w+, "([a-z0-9_.]+)"', re.MULTILINE)
FIELDS = {"charter.max_clock_skew_s"}  # of the charter, in the shape of an error id


def known_tests(root: Path) -> set:
    names = set()
    for source in (root / "tests").rglob("*_test.cc"):
        names |= {f"{suite}.{name}" for suite, name in GTEST.findall(source.read_text(encoding="utf-8"))}
    for target in (root / "tests/fuzz").glob("fuzz_*.cc"):
        name = target.stem.removeprefix("fuzz_")
        if any((root / "tests/fuzz/corpus" / name).glob("*")):
            names.add(f"fuzz.{name}")
    return names


def unknown_words(cell: str, root: Path, tests: set) -> list:
    """`file.py` is followed by a method that it has; every other word is a test's name."""
    unknown, file = [], ""
    for word in WORD.findall(cell):
        if file:
            found = [path for path in (root / "tests").rglob(file) if f"def {word}(" in path.read_text(encoding="utf-8")]
            unknown += [] if found else [f"{file} {word}"]
            file = ""
        elif word.endswith(".py"):
            file = word
        elif word not in tests:
            unknown.append(word)
    return unknown + ([file] if file else [])


def main() -> int:
    root = Path(sys.argv[1]).resolve()
    page = (root / "docs/attacks.md").read_text(encoding="utf-8")
    errors = set(ERROR.findall((root / "src/base/errors.def").read_text(encoding="utf-8"))) | FIELDS
    tests, faults, numbers = known_tests(root), [], []
    for row in re.findall(r"^\| *(\d*) *\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE):
        number, attack, refusal, names = row
        if attack == "attack":
            continue
        numbers += [int(number)] if number else []
        faults += [f"{attack}: there is no error {word}" for word in WORD.findall(refusal)
                   if re.fullmatch(r"[a-z]+\.[a-z_]+", word) and word not in errors]
        faults += [f"{attack}: there is no test {word}" for word in unknown_words(names, root, tests)]
        faults += [] if WORD.search(names) else [f"{attack}: no test holds it"]
    missing = [int(number) for number in re.findall(r"(\d+) \(", "".join(re.findall(r"^No row yet: .*$", page, re.MULTILINE)))]
    if sorted(numbers + missing) != list(ATTACKS):
        faults.append(f"of 1 to 26, each once, there are {numbers} and, said to be missing, {missing}")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

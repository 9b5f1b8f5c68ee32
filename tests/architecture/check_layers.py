"""Holds the layers and the house rules that a machine can hold; ctest runs it over the source tree.

usage: check_layers.py ROOT

Reads the #includes of src/ and include/, the size of every file, and a few words that must not appear where they
would break a promise (a clock in a pure machine, a sleep in a test). Prints file:line and the rule for each breach;
exit code 1 when there is one.
"""

import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

# module: (level, modules of the same level that it may include, third-party groups that it may include)
PURE: frozenset[str] = frozenset()  # std only, and not its clocks, threads and random devices
MODULES = {
    "base": (0, set(), {"spdlog", "system", "threads"}),
    "crypto": (1, set(), {"openssl", "pkcs11", "system"}),
    "model": (1, {"crypto"}, {"json", "system"}),  # model_hash is a SHA-256; safetensors headers are JSON
    "config": (1, set(), {"toml", "json", "system"}),
    "cohort": (2, set(), PURE),
    "strategy": (2, set(), PURE),
    "privacy": (2, set(), PURE),
    "secagg": (2, {"privacy"}, {"threads"}),
    "ledger": (2, set(), {"json"}),
    "charter": (2, {"ledger"}, {"json"}),
    "dataset": (2, {"ledger"}, {"json"}),
    "bundle": (2.5, set(), {"json"}),  # joins what charter, ledger and dataset each know
    "round": (3, set(), PURE),
    "job": (3, {"round"}, PURE),
    "task": (3, {"round"}, PURE),
    "update": (3, {"round"}, PURE),
    "driver": (3.5, set(), PURE),
    "plan": (3.5, set(), PURE),  # arithmetic over secagg's packing and update's encodings
    "publish": (3.5, set(), {"json"}),  # what a log says to people
    "rpc": (4, set(), {"grpc", "proto", "threads", "system"}),
    "store": (4, set(), {"sqlite", "postgres", "threads", "system"}),
    "data": (4, set(), {"sqlite", "postgres", "zlib", "json", "system"}),
    "trainer": (4, {"data"}, {"torch", "threads", "system"}),
    "web": (4, set(), {"asio", "prometheus", "json", "threads", "system"}),
    "coordinator": (5, set(), {"asio", "json", "threads", "system"}),
    "node": (5, set(), {"asio", "json", "threads", "system"}),
    "cli": (5, set(), {"cli11", "json", "toml", "threads", "system"}),
    "study": (5, {"node"}, {"threads", "system"}),
    "sim": (5, {"coordinator", "node"}, {"asio", "sqlite", "json", "threads", "system"}),
    "apps": (6, set(), {"asio", "cli11", "json", "threads", "system"}),
}
# These link no torch, so that they start in milliseconds and stay small; nor may others reach it through them.
WITHOUT_TRAINER = {"coordinator", "cli"}
# Only this part of a module may include that group.
ONLY_IN = {
    ("base", "spdlog"): "src/base/log",
    ("crypto", "pkcs11"): "src/crypto/pkcs11",
    ("secagg", "threads"): "src/secagg/unmask",  # of its own within one call: it is handed none
}

# The group of a header, by how its name begins. What is not here and is not std is refused until it is added.
GROUPS = [
    (r"google/protobuf/|accord/v1/|.*\.pb\.h$", "proto"), (r"grpc(pp)?/|absl/", "grpc"),
    (r"torch/|ATen/|c10/|caffe2/", "torch"), (r"openssl/", "openssl"), (r"p11-kit/", "pkcs11"),
    (r"boost/(asio|beast|system|core|utility)", "asio"), (r"spdlog/|fmt/", "spdlog"), (r"sqlite3", "sqlite"),
    (r"libpq|postgresql/", "postgres"), (r"zlib\.h$", "zlib"), (r"nlohmann/", "json"), (r"toml\+\+|toml\.hpp", "toml"),
    (r"CLI/", "cli11"), (r"prometheus/", "prometheus"), (r"gtest/|gmock/", "gtest"),
    (r".*intrin\.h$|cpuid\.h$", "std"),
    (r"(thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|latch|barrier)$", "threads"),
    (r"[a-z_0-9]+$", "std"), (r"(sys/|linux/|netinet/|arpa/|net/)?[a-z_0-9]+\.h$", "system"),
]
# In the pure modules time and randomness are arguments, and nothing waits.
PURE_WORDS = re.compile(r"_clock::now\b|\brandom_device\b|\bs?rand\(|\bsleep_for\b|\bgetenv\b")
SLEEP = re.compile(r"\bsleep_for\b|\bsleep_until\b|\busleep\(|(?<![\w.])sleep\(")
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
MAX_LINES = {"src": 400, "include": 400, "proto": 400, "tests": 600}


class Breach(NamedTuple):
    file: Path
    line: int
    rule: str


def group_of(header: str) -> str:
    for pattern, group in GROUPS:
        if re.match(pattern, header):
            return group
    return "unknown"


def check_module_include(module: str, header: str) -> str | None:
    """The rule that `module` breaks by including another module's `header`, or None."""
    level, sideways, _ = MODULES[module]
    target = header.split("/")[0]
    if target == module:
        return None
    if target == "trainer" and module in WITHOUT_TRAINER:
        return f"{module} links no torch, so it may not include trainer"
    target_level = MODULES[target][0]
    if target_level < level or target in sideways:
        return None
    where = "sideways" if target_level == level else "upwards"
    return f"{module} (layer {level:g}) may not include {target} (layer {target_level:g}): {where}"


def check_include(path: str, quote: str, header: str) -> str | None:
    """The rule that the file at `path` (relative, posix) breaks by this #include, or None."""
    public_api = path.startswith("include/")
    if header.startswith("accord/") and not header.startswith("accord/v1/"):
        return None if quote == '"' else "headers of this project are included with quotes"
    target = header.split("/")[0]
    if quote == '"' and "/" in header and target in MODULES:
        if public_api:
            return "include/accord may include only std and accord headers"
        return check_module_include(path.split("/")[1], header)
    group = group_of(header)
    if quote == '"' and group != "proto":
        return f'"{header}": name headers of this project from src/ on, and those of others with <>'
    if group == "std" or (public_api and group == "threads"):
        return None
    if public_api:
        return "include/accord may include only std and accord headers"
    module = path.split("/")[1]
    if group not in MODULES[module][2]:
        return f"{module} may not include <{header}> ({group})"
    only = ONLY_IN.get((module, group))
    if only and not path.startswith(only):
        return f"<{header}> ({group}) belongs in {only}.*"
    return None


def check_source(path: str, lines: list[str]) -> Iterator[tuple[int, str]]:
    """Includes and words of one file below src/ or include/."""
    module = path.split("/")[1]
    pure = path.startswith("src/") and MODULES[module][2] <= {"threads"}
    for number, line in enumerate(lines, 1):
        if match := INCLUDE.match(line):
            if rule := check_include(path, match[1], match[2]):
                yield number, rule
        code = line.split("//")[0]
        if pure and PURE_WORDS.search(code):
            yield number, f"{module} is pure: time and randomness come in as arguments, and nothing waits"
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield number, "nothing unfinished in the tree"


def check_file(root: Path, file: Path) -> Iterator[Breach]:
    path = file.relative_to(root).as_posix()
    top = path.split("/")[0]
    lines = file.read_text(encoding="utf-8").splitlines()
    if len(lines) > MAX_LINES[top]:
        yield Breach(file, len(lines), f"{len(lines)} lines; a file of {top}/ has at most {MAX_LINES[top]}")
    if top in ("src", "include"):
        module = path.split("/")[1]
        if top == "src" and module not in MODULES:
            yield Breach(file, 1, f"src/{module} has no layer: give it one in {Path(__file__).name}")
            return
        for number, rule in check_source(path, lines):
            yield Breach(file, number, rule)
    if top == "tests":
        for number, line in enumerate(lines, 1):
            if file.suffix in (".cc", ".h") and SLEEP.search(line.split("//")[0]):
                yield Breach(file, number, "tests await events; they never sleep")


def check_tree(root: Path) -> list[Breach]:
    breaches = []
    for top, suffixes in (("src", (".cc", ".h", ".def")), ("include", (".h",)), ("proto", (".proto",)),
                          ("tests", (".cc", ".h", ".py"))):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in suffixes and len(file.relative_to(root).parts) > 2 and file.name != "errors.def":
                breaches += check_file(root, file)
    return breaches


def main() -> int:
    root = Path(sys.argv[1]).resolve()
    breaches = check_tree(root)
    for file, line, rule in breaches:
        print(f"{file.relative_to(root)}:{line}: {rule}")
    if breaches:
        print(f"{len(breaches)} breaches of the layers and house rules (the table is in {Path(__file__).name})")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())

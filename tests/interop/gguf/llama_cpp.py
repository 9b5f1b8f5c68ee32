"""llama.cpp itself, through node-llama-cpp, which tests/interop/gguf/install puts into build/node."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE_MODULES = HERE.parents[2] / "build/node/node_modules"


def check(model: Path, expected: dict) -> str:
    """What it prints on a GGUF file of which this is expected (check.mjs says what may be); AssertionError if it is not so."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(expected, file)
        file.flush()
        done = subprocess.run(["node", HERE / "check.mjs", NODE_MODULES, model, file.name],
                              capture_output=True, text=True, timeout=240)
    if done.returncode != 0:
        raise AssertionError(f"{model.name}: {done.stdout}{done.stderr}")
    print(f"{model.name}\n{done.stdout}", end="")
    return done.stdout


def why_skipped() -> str:
    if not (NODE_MODULES / "node-llama-cpp").is_dir():
        return f"no node-llama-cpp in {NODE_MODULES}; tests/interop/gguf/install puts it there"
    if shutil.which("node") is None:
        return "no node on this machine"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
    return "" if int(version.lstrip("v").split(".")[0]) >= 20 else f"node is {version}; node-llama-cpp needs 20"

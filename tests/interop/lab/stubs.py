"""The messages and stubs of proto/accord/v1, generated when a test starts. Nothing generated is kept."""

import atexit
import importlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PROTO = Path(__file__).resolve().parents[3] / "proto"
FILES = ("types", "restore", "ledger", "node", "coordinator")


def _generate() -> Path:
    out = Path(tempfile.mkdtemp(prefix="accord-stubs-"))
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    plugin = shutil.which("grpc_python_plugin")
    if plugin is None:
        raise RuntimeError("grpc_python_plugin is missing: scripts/setup --tests installs it")
    subprocess.run(
        ["protoc", f"-I{PROTO}", f"--python_out={out}", f"--grpc_python_out={out}",
         f"--plugin=protoc-gen-grpc_python={plugin}", *(f"accord/v1/{name}.proto" for name in FILES)],
        check=True,
    )
    return out


sys.path.insert(0, str(_generate()))
types_pb2, _, _, node_pb2, coordinator_pb2 = (importlib.import_module(f"accord.v1.{name}_pb2") for name in FILES)
coordinator_grpc = importlib.import_module("accord.v1.coordinator_pb2_grpc")

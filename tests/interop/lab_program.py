"""The node in Python as a program, for tests in other languages.

usage: lab_program.py join FILE TOKEN        joins; the identity is in FILE
       lab_program.py run FILE REGISTRY      pins the registry of this hash, takes part in one masked job to its end;
                                             prints "started", then the hash of the last model that it came to
"""

import pickle
import sys
from dataclasses import asdict
from pathlib import Path

from lab.conduct import Conduct
from lab.joining import Identity, join
from lab.node import LabNode

PATIENCE = 300.0  # seconds, for a job with hundreds of nodes


def run(file: Path, registry: str) -> None:
    identity = Identity(**pickle.loads(file.read_bytes()))
    node = LabNode(identity, bytes.fromhex(registry), lambda name: Conduct()).start()
    node.await_session()
    print("started", flush=True)
    task = node.await_end(PATIENCE)
    node.stop()
    if task.refused:
        sys.exit(f"this node refused: {task.refused}")
    print((task.next.hash if task.next else task.hash).hex())


if __name__ == "__main__":
    command, file, word = sys.argv[1:]
    if command == "join":
        Path(file).write_bytes(pickle.dumps(asdict(join(word))))
    else:
        run(Path(file), word)

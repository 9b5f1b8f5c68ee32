"""Runs scripts/demo with a small job and looks at what a person gets: the figures, the model, no process left."""

import hashlib
import json
import os
import struct
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent.parent / "scripts/demo_charter.py"
STATE = Path(os.environ["ACCORD_DEMO_STATE"])
PROGRAMS = Path(os.environ["ACCORD_DEMO_PROGRAMS"])


def demo(*options: str, job: str = "job.toml") -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, DEMO, *options], env=os.environ | {"ACCORD_DEMO_JOB": str(HERE / job)},
                          capture_output=True, text=True, timeout=600)


def processes_of(state: Path) -> list[str]:
    """Command lines of the processes that name this state directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if f"{state}/run" in command:
            found.append(command)
    return found


class DemoTest(unittest.TestCase):
    def test_ends_with_a_model_and_leaves_no_process(self):
        done = demo("--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(set(result), {"status", "job", "rounds", "nodes", "test_accuracy", "seconds_total",
                                       "seconds_training", "model_path", "model_sha256", "bundle_path", "charter_sha256"})
        self.assertEqual((result["status"], result["rounds"], result["nodes"]), ("finished", 2, 3))
        self.assertGreater(result["test_accuracy"], 0.2)  # guessing gives 0.1
        model = Path(result["model_path"]).read_bytes()
        self.assertEqual(hashlib.sha256(model).hexdigest(), result["model_sha256"])
        size = struct.unpack("<Q", model[:8])[0]
        tensors = json.loads(model[8:8 + size])
        tensors.pop("__metadata__", None)
        self.assertEqual(max(tensor["data_offsets"][1] for tensor in tensors.values()), len(model) - 8 - size)
        bundle = Path(result["bundle_path"])
        self.assertEqual((bundle / "model.safetensors").read_bytes(), model)
        command = [PROGRAMS / "accord", "model", "verify", bundle, "--charter", result["charter_sha256"]]
        verified = subprocess.run(command, capture_output=True, text=True, timeout=300)  # and nobody is asked
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("endorsed by br, ke, no", verified.stdout)
        others = subprocess.run([sys.executable, HERE.parent / "interop/bundle_test.py", "-", PROGRAMS / "accord", bundle,
                                 result["charter_sha256"]], capture_output=True, text=True, timeout=600)
        self.assertEqual(others.returncode, 0, others.stderr)  # openssl, Go and jsonschema take it, and no flipped bit passes
        self.assertEqual(processes_of(STATE), [])

    def test_keep_leaves_a_federation_up_and_stop_ends_it(self):
        try:
            done = demo("--keep")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("scripts/demo --stop", done.stdout)
            self.assertEqual(len(processes_of(STATE)), 7)
            refused = demo()
            self.assertEqual(refused.returncode, 1)
            self.assertIn("still up", refused.stderr)
        finally:
            demo("--stop")
        self.assertEqual(processes_of(STATE), [])

    def test_says_what_failed_and_still_leaves_no_process(self):
        done = demo("--json", job="no-such-job.toml")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["status"], "failed")
        self.assertIn("no-such-job.toml", done.stderr)
        self.assertEqual(processes_of(STATE), [])


if __name__ == "__main__":
    unittest.main()

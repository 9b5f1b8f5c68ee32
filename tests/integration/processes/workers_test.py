"""A node of several processes: started by hand, by torchrun and by Slurm; workers that die, stall and come back, a node
that does.

usage: workers_test.py DIRECTORY_OF_PROGRAMS
"""

import contextlib
import json
import os
import signal
import struct
import sys
import tempfile
import unittest
from pathlib import Path

import slurm
from federation import Federation, Program, free_port

APPS = Path(sys.argv[1]).resolve()
TORCHRUN = "/usr/bin/torchrun"  # Debian's, of python3-torch
JOB = """version = 1
name = "rows"
purpose = "test"
seed = 3
secure = "off"
model = {{ kind = "mlp", input = [8], hidden = [64, 64], classes = 4 }}
data = {{ dataset = "rows" }}
inner = {{ lr = 0.05, momentum = 0.9, local_steps = {steps}, batch = 33, clip_norm = 1.0 }}
update = {{ max_examples = 2000, bits = 24 }}
eval = {{ metrics = ["loss"], exact = true }}
[round]
count = {rounds}
min_nodes = 1
min_survivors = 1
max_wait = "5m"
attempts = 1000
"""
LONG = 3000  # local steps of a round that something can happen in, also on a machine that is slow to say that it began


def weights(model: Path) -> list:
    """All numbers of a safetensors file, in the order of the file."""
    data = model.read_bytes()
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    return list(struct.unpack(f"<{(len(data) - begin) // 4}f", data[begin:]))


def addresses(pid: int) -> set:
    """The local addresses of a process's TCP sockets, as /proc writes them: without the port."""
    targets = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            targets.append(os.readlink(entry))
    sockets = {target[8:-1] for target in targets if target.startswith("socket:[")}
    lines = [line.split() for table in ("tcp", "tcp6")
             for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]]
    return {words[1].split(":")[0] for words in lines if words[9] in sockets}


class Lab(Federation):
    """One nation whose node is `size` processes with one configuration and one state directory."""

    def __init__(self, directory: Path, size: int = 2, timeout: str = "60s"):
        self.port, self.size, self.timeout = free_port(), size, timeout
        super().__init__(APPS, directory, ["ada"])

    def add_node(self, name: str) -> None:
        self.write_data(name)
        (self.dir / f"{name}.toml").write_text(
            f'[node]\nstate = "{self.dir}/{name}"\nthreads = 1\n[log]\nformat = "json"\n{self.data_section(name)}'
            f'[policy]\nallow_unmasked = true\npurposes = ["test"]\n')
        token = self.ask("member", "invite", name, "--role", "node")["token"]
        self.call("accord-node", "join", token, "--state", self.dir / name)

    def pin_registry(self, nodes: list) -> str:
        return ""

    def run_command(self) -> list:
        return [self.apps / "accord-node", "run", "--config", self.dir / "ada.toml", "--set",
                f"node.coordinator={self.address}", "--set", f"workers.timeout={self.timeout}", "--set", "log.level=debug"]

    def start(self, rank: int, until: str = "") -> Program:
        """One process, as a person starts it."""
        env = {"RANK": str(rank), "WORLD_SIZE": str(self.size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(self.port)}
        program = Program(self.run_command(), self.env | env, self.dir / f"rank{rank}.log")
        self.programs[f"rank{rank}"] = program
        program.wait_for(until or ("coordinator.connected" if rank == 0 else "worker.ready"))
        return program

    def start_all(self) -> None:
        for rank in range(self.size):
            self.start(rank)

    def launch(self, command: list, env: dict) -> Program:
        """All processes at once, by a program that tells each its rank."""
        self.programs["launcher"] = Program([*command, *self.run_command()], env, self.dir / "launcher.log")
        self.programs["launcher"].wait_for("coordinator.connected")
        return self.programs["launcher"]

    def begin(self, steps: int = 30, rounds: int = 2) -> str:
        job = self.dir / "job.toml"
        job.write_text(JOB.format(steps=steps, rounds=rounds))
        return self.ask("job", "submit", job)["id"]

    def begin_and_catch(self, steps: int) -> str:
        """A job whose first round has just begun to train."""
        for program in self.programs.values():
            program.drain()
        job = self.begin(steps)
        self.programs["rank0"].wait_for("trainer.workers_gathered")
        return job

    def finished(self, job: str) -> dict:
        return self.watch(job, lambda view: view["state"] in ("finished", "failed"))

    def model(self, job: str) -> list:
        out = self.dir / "model"
        self.call("accord", "model", "download", job, "--out", out, "--force")
        return weights(out)


class WorkersTest(unittest.TestCase):
    def lab(self, **settings) -> Lab:
        directory = tempfile.TemporaryDirectory(prefix="accord-workers-")
        self.addCleanup(directory.cleanup)
        lab = Lab(Path(directory.name), **settings)
        self.addCleanup(lab.close)
        return lab

    def alone(self, lab: Lab) -> dict:
        """The same job by one process, on one machine."""
        lines = lab.call("accord-sim", "run", "--job", lab.dir / "job.toml", "--node", f"ada={lab.dir}/ada.toml",
                         "--trust-domain", "test.accord", "--out", lab.dir / "alone", "--json")
        return json.loads(lines.splitlines()[-1])

    def assert_near(self, first: list, second: list) -> None:
        self.assertEqual(len(first), len(second))
        self.assertLess(max(abs(a - b) for a, b in zip(first, second)), 1e-4)

    def test_two_processes_come_to_the_model_of_one(self) -> None:
        lab = self.lab()
        lab.start_all()
        worker = lab.programs["rank1"]
        first, second = (lab.finished(lab.begin()) for _ in range(2))
        self.assertEqual((first["state"], second["state"]), ("finished", "finished"), first)
        self.assertEqual(first["model_hash"], second["model_hash"], "the same bits again")
        self.assertEqual({address[-8:] for address in addresses(worker.process.pid)}, {"0100007F"}, "loopback alone")
        alone = self.alone(lab)
        self.assertNotEqual(alone["model_hash"], first["model_hash"], "sums in another order")
        self.assert_near(lab.model(first["id"]), weights(lab.dir / "alone"))
        self.assertEqual((lab.dir / "ada/workers.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(lab.programs["rank0"].stop(), 0)
        worker.wait_for("worker.ended")
        self.assertEqual(worker.process.wait(60), 0, "the node's end is the workers'")

    def test_a_killed_worker_that_comes_back_costs_a_step(self) -> None:
        lab = self.lab()
        lab.start_all()
        undisturbed = lab.finished(lab.begin(steps=LONG))
        job = lab.begin_and_catch(steps=LONG)
        lab.programs["rank1"].kill()
        lab.programs["rank0"].wait_for("trainer.workers_lost")
        lab.start(1)
        ended = lab.finished(job)
        self.assertEqual((ended["state"], ended["model_hash"]), ("finished", undisturbed["model_hash"]))
        self.assertNotIn("train.failed", (lab.dir / "rank0.log").read_text())

    def test_a_worker_that_stalls_fails_the_round_by_name_and_may_come_back(self) -> None:
        lab = self.lab(timeout="5s")
        lab.start_all()
        job = lab.begin_and_catch(steps=LONG)
        lab.programs["rank1"].process.send_signal(signal.SIGSTOP)
        self.assertIn("workers.missing", lab.programs["rank0"].wait_for("train.failed")["why"])
        lab.programs["rank1"].process.send_signal(signal.SIGCONT)
        self.assertEqual(lab.finished(job)["state"], "finished")

    def test_workers_wait_for_a_node_that_was_killed(self) -> None:
        lab = self.lab()
        lab.start_all()
        undisturbed = lab.finished(lab.begin(steps=LONG))
        job = lab.begin_and_catch(steps=LONG)
        lab.programs["rank0"].kill()
        lab.programs["rank1"].wait_for("worker.node_away")
        lab.start(0)
        ended = lab.finished(job)
        self.assertEqual((ended["state"], ended["model_hash"]), ("finished", undisturbed["model_hash"]))

    @unittest.skipUnless(os.access(TORCHRUN, os.X_OK), f"{TORCHRUN} is not here: apt-get install python3-torch")
    def test_torchrun_starts_them(self) -> None:
        lab = self.lab()
        # stdout to files: what Debian's torchrun does by default it cannot do under Python 3.11
        launcher = lab.launch([TORCHRUN, "-r", "1", "-t", "1", "--log_dir", lab.dir / "torchrun", "--nproc_per_node", "2",
                               "--no_python", "--master_addr", "127.0.0.1", "--master_port", str(lab.port)], lab.env)
        self.assertEqual(lab.finished(lab.begin())["state"], "finished")
        launcher.stop()

    @unittest.skipIf(slurm.missing(), slurm.missing())
    def test_slurm_starts_them(self) -> None:
        lab = self.lab()
        directory = lab.dir / "slurm"
        directory.mkdir()
        cluster = slurm.Slurm(directory)
        self.addCleanup(cluster.close)
        launcher = lab.launch(["srun", "-n2"], {**lab.env, **cluster.env})
        job = lab.finished(lab.begin())
        self.assertEqual(job["state"], "finished")
        lines = [json.loads(line) for line in (lab.dir / "launcher.log").read_text().splitlines() if line[0] == "{"]
        self.assertEqual({line["rank"] for line in lines if line["event"] == "group.found"}, {"0", "1"})
        launcher.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

"""A federation of real programs on loopback, for tests: starts, kills and awaits them. Standard library only.

Nothing sleeps: a test waits for a line of a log or of `accord job watch --json`, each wait is bounded.
"""

import atexit
import contextlib
import json
import os
import queue
import random
import socket
import subprocess
import threading
from collections import deque
from pathlib import Path

PATIENCE = 300.0  # seconds for anything awaited, on a busy machine
_claims = []  # held until this process ends


def free_port() -> int:
    """Of this test until it ends, also while the program that listens there is away: no other test that runs meanwhile is
    given it. Below the range of outgoing connections, any of which could take it."""
    for _ in range(1000):
        port = random.randrange(10_000, 30_000)
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with socket.socket() as probe, contextlib.suppress(OSError):
            claim.bind(f"\0accord-test-port-{port}")  # a name that goes with the process, whatever ends it
            probe.bind(("127.0.0.1", port))
            _claims.append(claim)
            return port
        claim.close()
    raise RuntimeError("no free port")


class Program:
    """A running program whose stderr is JSON lines."""

    def __init__(self, command: list, env: dict, log: Path):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
        self.events: queue.Queue = queue.Queue()
        self.last: deque = deque(maxlen=20)  # lines, to tell what a program that ended said
        self.reader = threading.Thread(target=self._read, args=(log,), daemon=True)
        self.reader.start()

    def _read(self, log: Path) -> None:
        with open(log, "a") as file:
            for line in self.process.stderr:
                file.write(line)
                file.flush()
                self.last.append(line)
                try:
                    self.events.put(json.loads(line))
                except ValueError:
                    self.events.put({"event": "text", "text": line})
        self.events.put({"event": "ended"})

    def wait_for(self, event: str) -> dict:
        while True:
            try:
                seen = self.events.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"{event} did not come; the program said last:\n{''.join(self.last)}") from None
            if seen["event"] == event:
                return seen
            if seen["event"] == "ended":
                raise AssertionError(f"the program ended with {self.process.wait(PATIENCE)} while {event} was awaited:\n"
                                     f"{''.join(self.last)}")

    def drain(self) -> None:
        """What was logged until now is not awaited any more."""
        while not self.events.empty():
            self.events.get()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stderr.close()

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stderr.close()
        return code


class Federation:
    def __init__(self, apps: Path, directory: Path, nodes: list):
        self.apps, self.dir, self.programs = apps, directory, {}
        atexit.register(self.close)  # also when what follows fails
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("ACCORD_")}
        self.env |= {"ACCORD_HOME": str(directory / "cli"), "OMP_NUM_THREADS": "1"}
        self.address = f"127.0.0.1:{free_port()}"
        (directory / "coordinator.toml").write_text(
            f'[federation]\ntrust_domain = "test.accord"\n[rpc]\nlisten = "{self.address}"\n'
            f'[http]\nlisten = "127.0.0.1:{free_port()}"\n[store]\nstate = "{directory}/coordinator"\n'
            f'[security]\nallow_unmasked = true\n[log]\nformat = "json"\n')
        self.call("accordd", "init", "--config", directory / "coordinator.toml")
        self.start_coordinator()
        token = (directory / "coordinator/operator.token").read_text().strip()
        self.call("accord", "join", token, "--context", "test")
        for name in nodes:
            self.add_node(name)
        if nodes:
            self.pin_registry(nodes)

    def pin_registry(self, nodes: list) -> str:
        """Every lab pins the registry of all; a running node takes the pin up by itself."""
        registry = self.ask("member", "registry")["hash"]
        for name in nodes:
            self.call("accord-node", "registry", "--state", self.dir / name, "--pin", registry)
        return registry

    def call(self, program: str, *args) -> str:
        done = subprocess.run([self.apps / program, *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=self.env, timeout=PATIENCE)
        if done.returncode != 0:
            raise AssertionError(f"{program} {args} gave {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, *args):
        return json.loads(self.call("accord", *args, "--json").splitlines()[-1])["data"]

    def start_coordinator(self, env: dict | None = None) -> None:
        """`env`: more of its environment."""
        self.programs["coordinator"] = Program([self.apps / "accordd", "--config", self.dir / "coordinator.toml"],
                                               self.env | (env or {}), self.dir / "coordinator.log")
        self.programs["coordinator"].wait_for("coordinator.serving")

    def add_node(self, name: str, token: str = "") -> None:
        """`token`: of another CA than the coordinator's; such a node is not started."""
        self.write_data(name)
        (self.dir / f"{name}.toml").write_text(
            f'[node]\nstate = "{self.dir}/{name}"\nthreads = 1\n[log]\nformat = "json"\n'
            f'{self.data_section(name)}'
            f'[policy]\nallow_unmasked = true\nallow_semi_honest = true\npurposes = ["test"]\n')
        own = token or self.ask("member", "invite", name, "--role", "node")["token"]
        self.call("accord-node", "join", own, "--state", self.dir / name)
        if not token:
            self.start_node(name)

    def start_node(self, name: str, coordinator: str = "", env: dict | None = None,
                   until: str = "coordinator.connected") -> None:
        """`coordinator`: another address to dial than its own; `env`: more of its environment."""
        self.programs[name] = Program([self.apps / "accord-node", "run", "--config", self.dir / f"{name}.toml",
                                       "--set", f"node.coordinator={coordinator or self.address}"],
                                      self.env | (env or {}), self.dir / f"{name}.log")
        self.programs[name].wait_for(until)

    def data_section(self, name: str) -> str:
        return f'[data.rows]\nformat = "csv"\npath = "{self.dir}/{name}.csv"\ntarget = "9"\nholdout = 0.2\n'

    def write_data(self, name: str) -> None:
        """2,000 rows of 8 features; the class is a rule of them, shifted by the node's name."""
        shift = sum(name.encode()) % 5
        with open(self.dir / f"{name}.csv", "w") as out:
            for row in range(2000):
                cells = [(row * (3 + column) * 7919 + shift * column) % 97 for column in range(8)]
                out.write(",".join(map(str, cells)) + f",{(cells[0] + cells[3] * 2 + shift) // 60 % 4}\n")

    def submit(self, rounds: int, steps: int, secure: str = "malicious", nodes: int = 3, max_wait: str = "5m",
               hidden: tuple = (128, 128), attempts: int = 3) -> str:
        job = self.dir / "job.toml"
        job.write_text(f'version = 1\nname = "rows"\npurpose = "test"\nseed = 3\nsecure = "{secure}"\n'
                       f'{"" if secure == "off" else "corrupt = 0" + chr(10)}'
                       f'model = {{ kind = "mlp", input = [8], hidden = {list(hidden)}, classes = 4 }}\n'
                       f'data = {{ dataset = "rows" }}\n'
                       f'inner = {{ lr = 0.05, momentum = 0.9, local_steps = {steps}, batch = 32 }}\n'
                       f'update = {{ max_examples = 2000, weights = "exact" }}\n'
                       f'eval = {{ metrics = ["loss", "accuracy"], exact = true }}\n'
                       f'[round]\ncount = {rounds}\nmin_nodes = {nodes}\nmin_survivors = 3\nmax_wait = "{max_wait}"\n'
                       f'attempts = {attempts}\n')
        answer = self.ask("job", "submit", job)
        return answer.get("job") or answer["id"]

    def watch(self, job: str, until) -> dict:
        """Follows the job until `until(view)` is true; gives that view."""
        watcher = subprocess.Popen([self.apps / "accord", "job", "watch", job, "--json"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True, env=self.env)
        timer = threading.Timer(PATIENCE * 2, watcher.kill)
        timer.start()
        try:
            for line in watcher.stdout:
                answer = json.loads(line)
                if not answer["ok"]:
                    raise AssertionError(f"watch failed: {answer}")
                if answer.get("data") and until(answer["data"]):
                    return answer["data"]
            raise AssertionError("the watch ended before what was awaited")
        finally:
            timer.cancel()
            watcher.kill()
            watcher.communicate()

    def close(self) -> None:
        for program in self.programs.values():
            if program.process.poll() is None:
                program.kill()

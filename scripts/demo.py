"""What the federations of scripts/demo have in common; it has built the programs. Python's standard library only."""

import contextlib
import ctypes
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(os.environ.get("ACCORD_DEMO_PROGRAMS", ROOT / "build/release/src/apps")).resolve()
STATE = Path(os.environ.get("ACCORD_DEMO_STATE", ROOT / "demo-state")).resolve()
RUN = STATE / "run"  # of this federation: states, configurations, logs; made anew by every run
JOB = Path(os.environ.get("ACCORD_DEMO_JOB", ROOT / "configs/job-fashion.toml"))
STARTED = float(os.environ.get("ACCORD_DEMO_STARTED", time.time()))
READY_SECONDS = 120  # for a program to come up on a busy machine


class DemoError(Exception):
    """Something a person should read; not a bug of this script."""


class Demo:
    nations = ["ke", "br", "no"]
    job = JOB

    def __init__(self, keep: bool, as_json: bool):
        self.keep = keep
        self.out = sys.stderr if as_json else sys.stdout
        self.processes: dict[str, subprocess.Popen] = {}
        # The same training bits on every machine with as many cores need a fixed number of threads.
        self.threads = max(1, (os.cpu_count() or 1) // len(self.nations))
        # Everybody has to allow a job without masks; nobody does unless the job at hand is one.
        self.unmasked = "true" if self.job.is_file() and re.search(r'^secure = "off"', self.job.read_text(), re.M) else "false"

    def say(self, text: str = "") -> None:
        print(text, file=self.out, flush=True)

    # --- programs

    def call(self, program: str, *args: str) -> str:
        """Runs a program to its end and returns its standard output."""
        done = subprocess.run([PROGRAMS / program, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=self.environment(), timeout=300)
        if done.returncode != 0:
            raise DemoError(f"{program} {args[0]} failed ({done.returncode}):\n{done.stdout}{done.stderr}".rstrip())
        return done.stdout

    def ask(self, *args: str) -> dict | list:
        """The data of an `accord ... --json` answer."""
        return json.loads(self.call("accord", *args, "--json").splitlines()[-1])["data"]

    def start(self, name: str, program: str, *args: str) -> None:
        """Starts a program that stays; its output goes to RUN/name.log."""
        def die_with_parent():
            if not self.keep:
                ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        with open(RUN / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [PROGRAMS / program, *args], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.environment(), start_new_session=True, preexec_fn=die_with_parent)
        pids = {key: process.pid for key, process in self.processes.items()}
        (RUN / "pids.json").write_text(json.dumps(pids))

    def environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("ACCORD_")}
        return clean | {"ACCORD_HOME": str(RUN / "cli"), "OMP_NUM_THREADS": str(self.threads)}

    def wait_until(self, what: str, ready) -> None:
        """Asks `ready` until it is true, a bounded time, and only while every program is up."""
        end = time.monotonic() + READY_SECONDS
        while not ready():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise DemoError(f"{name} stopped ({process.returncode}):\n{log_tail(name)}")
            if time.monotonic() > end:
                raise DemoError(f"waited {READY_SECONDS} s for {what}; the logs are in {RUN}")
            time.sleep(0.05)

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        end = time.monotonic() + 15
        for process in self.processes.values():
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.processes:  # not the file of a federation that another run left up
            (RUN / "pids.json").unlink(missing_ok=True)

    # --- the steps

    def prepare(self) -> None:
        make_room()
        self.say("== dealing 70,000 images to three nations: training images by label")
        done = subprocess.run([ROOT / "scripts/prepare-fashion", "--out", STATE / "data", "--nations", ",".join(self.nations)],
                              capture_output=True, text=True)
        self.say(done.stdout.rstrip())
        if done.returncode != 0:
            raise DemoError(done.stderr.strip())

    def start_coordinator(self) -> None:
        self.say("== starting the coordinator")
        rpc, http = free_ports(2)
        config, state = RUN / "coordinator.toml", RUN / "coordinator"
        config.write_text(f'[federation]\nname = "demo"\ntrust_domain = "demo.accord"\n'
                          f'[rpc]\nlisten = "127.0.0.1:{rpc}"\n[http]\nlisten = "127.0.0.1:{http}"\n'
                          f'[security]\nallow_unmasked = {self.unmasked}\n')
        self.call("accordd", "init", "--state", str(state), "--name", "demo", "--trust-domain", "demo.accord",
                  "--listen", f"127.0.0.1:{rpc}")
        self.start("coordinator", "accordd", "--config", str(config), "--state", str(state))
        self.rpc, self.http = f"127.0.0.1:{rpc}", f"http://127.0.0.1:{http}"
        self.wait_until("the coordinator", lambda: http_ok(f"{self.http}/readyz"))
        self.call("accord", "join", (state / "operator.token").read_text().strip(), "--context", "demo")

    def start_nodes(self) -> None:
        self.say(f"== enrolling and starting the nodes {', '.join(self.nations)}, {self.threads} thread(s) each")
        with ThreadPoolExecutor() as pool:  # loading libtorch is most of what joining takes
            list(pool.map(self.enrol, self.nations))
            # In a real federation the labs compare this hash with each other, not with the coordinator.
            registry = self.ask("member", "registry")["hash"]
            self.say(f"== every nation pins the registry of keys {registry[:16]}...")
            list(pool.map(lambda nation: self.call("accord-node", "registry", "--state", str(RUN / nation), "--pin", registry),
                          self.nations))
        for nation in self.nations:
            self.start(nation, "accord-node", "run", "--config", str(RUN / f"{nation}.toml"), "--state", str(RUN / nation))
        self.wait_until("the nodes", lambda: sum(node["connected"] for node in self.ask("node", "list")) == len(self.nations))

    def data_section(self, nation: str) -> str:
        data = STATE / "data" / nation
        return (f'[data.fashion]\nformat = "idx"\n'
                f'path = "{data}/train-images-idx3-ubyte"\nlabels = "{data}/train-labels-idx1-ubyte"\n'
                f'eval_path = "{data}/test-images-idx3-ubyte"\neval_labels = "{data}/test-labels-idx1-ubyte"\n')

    def enrol(self, nation: str) -> None:
        """Writes the node's configuration and joins it with a token made for it."""
        (RUN / f"{nation}.toml").write_text(
            f'[node]\nthreads = {self.threads}\n{self.data_section(nation)}[policy]\nallow_unmasked = {self.unmasked}\npurposes = ["demo"]\n')
        token = self.ask("member", "invite", nation, "--role", "node", "--ttl", "1h")["token"]
        self.call("accord-node", "join", token, "--state", str(RUN / nation))

    def submit(self) -> str:
        answer = self.ask("job", "submit", str(self.job))
        job = answer["job"] if "job" in answer else answer["id"]
        self.say(f"== job {job[:12]} submitted: {self.job.name}")
        return job

    def train(self) -> dict:
        job = self.submit()
        watch = subprocess.Popen([PROGRAMS / "accord", "job", "watch", job], stdin=subprocess.DEVNULL, stdout=self.out,
                                 env=self.environment())
        try:
            watch.wait()
        finally:
            if watch.poll() is None:
                watch.terminate()
                watch.wait()
        view = self.ask("job", "show", job)
        if view["state"] != "finished":
            reason = view["reason"] or {}
            raise DemoError(f"the job is {view['state']}: {reason.get('message', 'no reason was given')}\n"
                            f"the logs are in {RUN}")
        return view

    def download(self, job: dict, model: Path) -> None:
        model.unlink(missing_ok=True)
        self.call("accord", "model", "download", job["id"], "--out", str(model))
        sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
        if sha256 != job["model_hash"]:
            raise DemoError(f"{model} has the hash {sha256}, but the job ended with {job['model_hash']}")

    def result(self, job: dict) -> dict:
        model = STATE / "model.safetensors"
        self.download(job, model)
        accuracy = job["final_metrics"]["accuracy"]
        return {"status": "finished", "job": job["id"], "rounds": job["rounds_done"], "nodes": len(self.nations),
                "test_accuracy": accuracy["value"], "seconds_total": None,
                "seconds_training": round((moment(job["finished"]) - moment(job["submitted"])).total_seconds(), 3),
                "model_path": str(model), "model_sha256": job["model_hash"], "test_images": accuracy["examples"]}

    def run(self) -> dict:
        self.prepare()
        self.start_coordinator()
        self.start_nodes()
        result = self.result(self.train())
        result["seconds_total"] = seconds_since_start()
        return result

    def summary(self, result: dict) -> dict:
        """What --json prints."""
        return {key: value for key, value in result.items() if key != "test_images"}

    # --- words at the end

    def report(self, result: dict) -> None:
        self.say()
        self.say(f"Accuracy on the {result['test_images']:,} official test images: {100 * result['test_accuracy']:.2f} %")
        self.say(f"  after {result['rounds']} rounds of {result['nodes']} nations, {result['seconds_training']:.1f} s from"
                 f" submission to the final evaluation ({result['seconds_total']:.0f} s in all)")
        self.say(f"  model   {shown(Path(result['model_path']))}")
        self.say(f"  sha256  {result['model_sha256']}")
        accord = f"ACCORD_HOME={shown(RUN / 'cli')} {shown(PROGRAMS / 'accord')}"
        self.say()
        if not self.keep:
            self.say("The federation is stopped; scripts/demo --keep leaves it up, to look around.")
            self.say(f"What each nation sent, and when:  {shown(PROGRAMS / 'accord-node')} egress --state {shown(RUN / 'ke')}")
            self.say(f"Logs, configurations, states:     {shown(RUN)}")
            return
        self.say("The federation is up. Look around:")
        for command, why in self.around(accord, result):
            self.say(f"  {command}   # {why}")

    def around(self, accord: str, result: dict) -> list[tuple[str, str]]:
        """Commands for a federation that stays up, and what each shows."""
        return [(f"{accord} job show {result['job'][:12]}", "the rounds"),
                (f"{accord} node list", "who is connected"),
                (f"{shown(PROGRAMS / 'accord-node')} egress --state {shown(RUN / self.nations[0])}", "what left a nation"),
                (f"curl {self.http}/metrics", "for Prometheus"),
                ("scripts/demo --stop", "end it")]


def make_room() -> None:
    if running():
        raise DemoError("a federation of an earlier --keep is still up; stop it with: scripts/demo --stop")
    shutil.rmtree(RUN, ignore_errors=True)
    RUN.mkdir(parents=True)


def shown(path: Path) -> str:
    """The path as a person in the source directory would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def seconds_since_start() -> float:
    return round(time.time() - STARTED, 3)


def free_ports(count: int) -> list[int]:
    """Free a moment ago; below the range of outgoing connections, any of which could take one in that moment."""
    ports: set[int] = set()
    for port in random.sample(range(10_000, 30_000), 1000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.add(port)
        if len(ports) == count:
            return list(ports)
    raise RuntimeError("no free ports")


def http_ok(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as answer:
            return answer.status == 200
    except (OSError, urllib.error.HTTPError):
        return False


def log_tail(name: str) -> str:
    return "\n".join((RUN / f"{name}.log").read_text(errors="replace").splitlines()[-15:])


def running() -> dict[str, int]:
    """The programs that an earlier run left up: their ids are theirs only while they still name this state."""
    try:
        pids = json.loads((RUN / "pids.json").read_text())
    except (OSError, ValueError):
        return {}
    def ours(pid: int) -> bool:
        try:
            return str(RUN).encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
    return {name: pid for name, pid in pids.items() if ours(pid)}


def stop_kept() -> int:
    pids = running()
    for pid in pids.values():
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + 15
    while running() and time.monotonic() < end:
        time.sleep(0.05)
    for pid in running().values():
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 15
    while running() and time.monotonic() < end:
        time.sleep(0.05)
    (RUN / "pids.json").unlink(missing_ok=True)
    print(f"stopped {', '.join(pids)}" if pids else "nothing is up")
    return 0


def play(demo: Demo, as_json: bool) -> int:
    """Runs the demo to its end and leaves no process behind, unless it is to stay up; the program's exit code."""
    def interrupted(number, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)

    done = False
    try:
        result = demo.run()
        done = True
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    except (DemoError, subprocess.TimeoutExpired) as error:
        print(f"demo: {error}", file=sys.stderr)
        if as_json:
            print(json.dumps({"status": "failed", "error": str(error), "seconds_total": seconds_since_start()}))
        return 1
    finally:
        if not (done and demo.keep):
            demo.stop()
    demo.report(result)
    if as_json:
        print(json.dumps(demo.summary(result)))
    return 0

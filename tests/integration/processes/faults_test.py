"""Rounds of real programs under random faults: every round is committed or given up for a stated reason, the job ends
finished, and nobody needs to look after it but for saying "go on" where a job says that it waits for a person.

usage: faults_test.py DIRECTORY_OF_PROGRAMS [--rounds N] [--seed S]

Networks that are late, thin, cut, reset, half-open or closed; programs killed or frozen; clocks that are wrong; a disk
that is full. A run is as its seed says, up to what the machine's timing makes of it; seed and faults are printed.
"""

import argparse
import glob
import random
import signal
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from federation import Federation

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

import small_disk  # noqa: E402
from faulty_proxy import FAIR, FaultyProxy, Weather  # noqa: E402

ARGS = argparse.ArgumentParser()
ARGS.add_argument("apps", type=Path)
ARGS.add_argument("--rounds", type=int, default=50)
ARGS.add_argument("--seed", type=int, default=random.randrange(1 << 32))
OPTIONS = ARGS.parse_args()

NODES = ["br", "ke", "no", "se"]
PATIENCE = 1200.0  # seconds for the job, whatever happens to it, on a busy machine
MOST_FAULTS = 1000
DISK = 64 << 20  # of the coordinator
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


def clock(offset: str) -> dict:
    """The environment of a program whose clock is wrong by so much; its monotonic one is right."""
    return {"LD_PRELOAD": FAKETIME, "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1"}


class Faults:
    """What goes wrong, one thing after the other, each for a while and then mended. `turn` ends one and begins the
    next."""

    def __init__(self, federation: Federation, proxies: dict, disk, seed: int):
        self.federation, self.proxies, self.disk, self.random = federation, proxies, disk, random.Random(seed)
        self.mend = lambda: None
        self.done = []
        self.kinds = [self.late, self.thin, self.cut, self.reset, self.half_open_up, self.half_open_down, self.refused,
                      self.kill_node, self.freeze_node, self.kill_coordinator, self.freeze_coordinator]
        if disk is not None:
            self.kinds.append(self.disk_full)
        if FAKETIME is not None:
            self.kinds += [self.node_ahead, self.node_expired, self.coordinator_ahead]

    def turn(self) -> float:
        """Gives the seconds that the new fault lasts."""
        self.mend()
        self.mend = lambda: None
        fault = self.random.choice(self.kinds)
        node = self.random.choice(NODES)
        self.done.append(fault.__name__)
        print(f"fault {len(self.done)}: {fault.__name__} {node}", flush=True)
        fault(node)
        return self.random.uniform(0.2, 2.0)

    def _become(self, node: str, weather: Weather) -> None:
        self.proxies[node].become(weather)
        self.mend = lambda: self.proxies[node].become(FAIR)

    def late(self, node: str) -> None:
        self._become(node, Weather(delay=self.random.uniform(0.005, 0.1)))

    def thin(self, node: str) -> None:
        self._become(node, Weather(bytes_per_second=self.random.uniform(20_000, 200_000)))

    def half_open_up(self, node: str) -> None:
        self._become(node, Weather(silent_up=True))

    def half_open_down(self, node: str) -> None:
        self._become(node, Weather(silent_down=True))

    def refused(self, node: str) -> None:
        self._become(node, Weather(refuse=True))
        self.proxies[node].reset()

    def cut(self, node: str) -> None:
        self.proxies[node].cut()

    def reset(self, node: str) -> None:
        self.proxies[node].reset()

    def kill_node(self, node: str) -> None:
        self.federation.programs[node].kill()
        self.mend = lambda: self.federation.start_node(node, self.proxies[node].address)

    def node_ahead(self, node: str) -> None:
        self.federation.programs[node].kill()
        self.federation.start_node(node, self.proxies[node].address, clock("+3h"))
        self.mend = lambda: self.kill_node(node) or self.mend()

    def node_expired(self, node: str) -> None:
        """Its certificate ran out, says its clock: it says so, and stays away."""
        self.federation.programs[node].kill()
        self.federation.start_node(node, self.proxies[node].address, clock("+2000d"), until="coordinator.lost")
        self.mend = lambda: self.kill_node(node) or self.mend()

    def kill_coordinator(self, _: str) -> None:
        self.federation.programs["coordinator"].kill()
        self.mend = self.federation.start_coordinator

    def coordinator_ahead(self, node: str) -> None:
        self.federation.programs["coordinator"].kill()
        self.federation.start_coordinator(clock("+4m"))
        self.mend = lambda: self.kill_coordinator(node) or self.mend()

    def _freeze(self, name: str) -> None:
        process = self.federation.programs[name].process
        process.send_signal(signal.SIGSTOP)
        self.mend = lambda: process.send_signal(signal.SIGCONT)

    def freeze_node(self, node: str) -> None:
        self._freeze(node)

    def freeze_coordinator(self, _: str) -> None:
        self._freeze("coordinator")

    def disk_full(self, _: str) -> None:
        self.disk.fill()
        self.mend = self.disk.free


class FaultsTest(unittest.TestCase):
    def test_every_round_ends_and_the_job_is_finished(self):
        print(f"seed {OPTIONS.seed}", flush=True)
        directory = tempfile.TemporaryDirectory(prefix="accord-faults-")
        self.addCleanup(directory.cleanup)
        disk = None
        if SMALL_DISKS:
            disk = small_disk.SmallDisk(Path(directory.name) / "coordinator", DISK)
            self.addCleanup(disk.unmount)
        federation = Federation(OPTIONS.apps.resolve(), Path(directory.name), NODES)
        self.addCleanup(federation.close)
        proxies = {}
        for name in NODES:
            proxies[name] = FaultyProxy(federation.address, OPTIONS.seed)
            self.addCleanup(proxies[name].close)
            federation.programs[name].stop()
            federation.start_node(name, proxies[name].address)
        job = federation.submit(rounds=OPTIONS.rounds, steps=40, max_wait="8s")
        faults = Faults(federation, proxies, disk, OPTIONS.seed)
        over = threading.Event()
        end = time.monotonic() + PATIENCE
        lasts = 0.0
        while not over.wait(lasts):
            if time.monotonic() > end or len(faults.done) >= MOST_FAULTS:
                faults.mend()
                self.fail("it goes on and on:\n" + federation.call("accord", "job", "show", job))
            lasts = faults.turn()
            if faults.done[-1] in ("kill_coordinator", "freeze_coordinator", "disk_full"):
                continue  # it answers nobody now, or can write nothing
            view = federation.ask("job", "show", job)
            if view["state"] == "paused" and view["reason"]["code"] in ("job.rounds_failing", "job.attempts_spent"):
                federation.ask("job", "resume", job)  # what it says it waits for: a person
            if view["state"] in ("finished", "failed", "cancelled"):
                over.set()
        faults.mend()
        view = federation.ask("job", "show", job)
        self.assertEqual(view["state"], "finished", view.get("reason"))
        self.assertEqual(view["rounds_done"], OPTIONS.rounds)
        for ended in view["history"]:
            self.assertTrue(ended["committed"] or ended["reason"]["code"], ended)
        given_up = [ended["reason"]["code"] for ended in view["history"] if not ended["committed"]]
        self.assertGreaterEqual(len(faults.done), OPTIONS.rounds // 4, "too little went wrong to say anything")
        print(f"{len(faults.done)} faults; {len(view['history'])} rounds tried, given up: {given_up}", flush=True)
        for name in ("coordinator", *NODES):  # nobody ended by itself, and each ends well when told to
            self.assertIsNone(federation.programs[name].process.poll(), f"{name} has ended")
            self.assertEqual(federation.programs[name].stop(), 0, name)


if __name__ == "__main__":
    SMALL_DISKS = small_disk.enter()
    if not SMALL_DISKS:
        print("no small disk: that needs root or user namespaces; disks stay as they are", flush=True)
    if FAKETIME is None:
        print("no libfaketime: clocks stay right", flush=True)
    unittest.main(argv=sys.argv[:1], verbosity=2)

"""No secret lies where a core dump, a log, a journal or the metrics would show it (secagg.md 2.9 and 6, "Hygiene"). One
does, and is not looked for: gRPC keeps the PEM of the short-lived TLS key in memory of its own.

usage: secrets_test.py DIRECTORY_OF_PROGRAMS
Exit code 77, skipped: this user may not read a daemon's memory (which takes CAP_SYS_PTRACE, since the daemon forbids it).
"""

import base64
import secrets as chance
import sys
import tempfile
import tomllib
import unittest
import urllib.request
from pathlib import Path

import memory_scan
from coordinator.canaries import secrets_of
from coordinator.job import Attempt
from coordinator_federation import PEERS, REAL, CoordinatorFederation, id_of
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from lab.conduct import Conduct
from lab.joining import JoinToken
from lab_federation import LabFederation

APPS = Path(sys.argv[1]).resolve()
SKIPPED = 77
REVEALED = ("b", "PRK of b", "self", "share of b")  # by the node's own Unmask, in p6


def key_in(path: Path, name: str) -> dict[str, bytes]:
    """A private key as its file has it, and as a number in either order."""
    key = load_pem_private_key(path.read_bytes(), None)
    if hasattr(key, "private_numbers"):
        number = key.private_numbers().private_value.to_bytes(32, "big")
        return {name: number, f"{name}, reversed": number[::-1]}
    return {name: key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())}


def written(values: dict[str, bytes]) -> dict[str, bytes]:
    """As text and as bytes: what a file could hold of them."""
    forms = {}
    for name, value in values.items():
        forms |= {name: value, f"{name}, hex": value.hex().encode()}
        forms |= {f"{name}, base64": base64.b64encode(value).rstrip(b"="),
                  f"{name}, base64url": base64.urlsafe_b64encode(value).rstrip(b"=")}
    return forms


class SecretsTest(unittest.TestCase):
    """`canary` is a public value that must be found, so that the search can fail."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix="accord-canary-")
        self.addCleanup(directory.cleanup)
        self.dir = Path(directory.name)
        self.canary = f"canary-{chance.token_hex(8)}"

    def check(self, places, wanted: dict[str, bytes], where: str) -> None:
        found = memory_scan.found_in(places, wanted | {"canary": self.canary.encode()})
        self.assertIn("canary", {name for name, _ in found}, f"{where}: the search does not see what is there")
        self.assertEqual(sorted(one for one in found if one[0] != "canary"), [], where)

    def check_memory(self, pid: int, wanted: dict[str, bytes], where: str) -> None:
        with memory_scan.stopped(pid) as pieces:
            self.check(pieces, wanted, where)

    def check_files(self, wanted: dict[str, bytes], logs: list[Path], states: list[Path]) -> None:
        for log in logs:
            self.check([(log.name, log.read_bytes())], written(wanted), log.name)
        for state in states:
            files = [path for path in state.rglob("*") if path.is_file() and path.name not in KEY_FILES]
            self.check([(str(path), path.read_bytes()) for path in files], written(wanted), str(state))


KEY_FILES = ("key.pem", "protocol.key", "ca.key", "operator.token")


class NodeSecretsTest(SecretsTest):
    """All peers of a real node collude here, so that most of its secrets are known."""

    def test_of_a_node_in_every_phase_of_an_attempt(self):
        federation = CoordinatorFederation(APPS, self.dir)
        self.addCleanup(federation.close)
        pid, state = federation.program.process.pid, self.dir / REAL
        own = key_in(state / "protocol.key", "protocol key") | key_in(state / "tls/current/key.pem", "TLS key")
        job = federation.job(self.canary)
        job.begin_round()
        attempt = Attempt(job, 0)
        attempt.collect  # p3: its shares are out
        with memory_scan.stopped(pid) as pieces:
            shared = list(pieces)
        attempt.survivors  # p4: the update is out; now the peers can tell
        peers = [job.seats[id_of(name)].task.member.attempt for name in PEERS]
        secrets = own | secrets_of(id_of(REAL), peers)
        self.check(shared, secrets, "p3")
        self.check_memory(pid, secrets, "p4")
        attempt.certificate
        self.check_memory(pid, secrets, "p5")
        attempt.result
        kept = {name: value for name, value in secrets.items() if not name.startswith(REVEALED)}
        self.check_memory(pid, kept, "p6")
        attempt.proof
        self.check_memory(pid, kept, "p7")
        federation.node.tell("ended", job.end())
        self.assertEqual(federation.program.stop(), 0)
        self.check_files(secrets, [self.dir / f"{REAL}.log"], [state])


class Witness(Conduct):
    """Honest, and remembers the attempt that it was in."""

    def unmask(self, task, body):
        self.attempt = task.member.attempt
        return body


class CoordinatorSecretsTest(SecretsTest):
    def test_of_a_coordinator_that_ran_a_round(self):
        witness = Witness()
        federation = LabFederation(APPS, self.dir, ["a", "b"], lambda name: witness)
        self.addCleanup(federation.close)
        view = federation.await_end(federation.submit_plan(self.canary, nodes=3, corrupt=1))
        self.assertEqual(view["state"], "finished")
        state = self.dir / "coordinator"
        own = key_in(state / "ca.key", "CA key") | key_in(state / "tls/current/key.pem", "TLS key")
        drawn = witness.attempt.the_secrets
        secrets = own | {"sk_c": drawn.sk_c, "m": drawn.m, "sk_m": drawn.sk_m}
        secrets |= {f"K_d {place}": key for place, key in enumerate(witness.attempt.kds.values())}
        self.check_memory(federation.programs["coordinator"].process.pid, secrets, "after the round")
        token = JoinToken.parse(federation.ask("member", "invite", "late", "--role", "node")["token"])
        everything = secrets | {"b": drawn.b, "join token": token.secret}
        metrics = self.metrics()
        self.assertIn(b"accord_", metrics)
        self.assertEqual(memory_scan.found_in([("metrics", metrics)], written(everything)), set())
        self.assertEqual(federation.programs["coordinator"].stop(), 0)
        self.check_files(everything, [self.dir / "coordinator.log"], [state])

    def metrics(self) -> bytes:
        config = tomllib.loads((self.dir / "coordinator.toml").read_text())
        with urllib.request.urlopen(f"http://{config['http']['listen']}/metrics", timeout=60) as answer:
            return answer.read()


if __name__ == "__main__":
    if not memory_scan.may_read():
        print("SKIPPED: reading a daemon's memory takes CAP_SYS_PTRACE")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1], verbosity=2)

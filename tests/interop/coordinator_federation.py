"""A federation whose coordinator is in Python: one real accord-node, which joined it with a token and pinned its
registry, and nodes in this process. Nothing sleeps, and each wait is bounded."""

import json
import os
import sys
import time
from collections import deque
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration" / "processes"))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: E402
from federation import Federation, Program  # noqa: E402
from fsa1.primitives import lv, sha256  # noqa: E402
from fsa1.registry import Registry  # noqa: E402
from fsa1.signatures import public_key  # noqa: E402
from lab.conduct import Conduct  # noqa: E402
from lab.joining import Identity  # noqa: E402
from lab.plan import Plan  # noqa: E402
from lab.stubs import coordinator_pb2  # noqa: E402
from lab.task import JobTask, Node  # noqa: E402

from coordinator.authority import Authority, node_id, spiffe_id  # noqa: E402
from coordinator.job import TOKEN, Job  # noqa: E402
from coordinator.seats import LinkSeat, LocalSeat  # noqa: E402
from coordinator.server import PATIENCE, Server  # noqa: E402

DOMAIN = "test.accord"
REAL = "north"
PEERS = ("ada", "bo", "cy", "di")  # in this process
CROWD = ("x1", "x2", "x3")  # in the registry, of one organisation
EXPIRED = "old"  # in the registry, no longer valid
MAX_PER_ORG = 2


class CoordinatorFederation(Federation):
    def __init__(self, apps: Path, directory: Path) -> None:
        self.apps, self.dir, self.programs = apps, directory, {}
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("ACCORD_")}
        self.env |= {"OMP_NUM_THREADS": "1"}
        self.authority = Authority(DOMAIN)
        self.server = Server(self.authority)
        self.address = self.server.address  # where the base class sends its nodes
        self.keys = {name: _new_key() for name in (*PEERS, *CROWD, EXPIRED)}
        try:
            self._join()
            self.registry = self._make_registry()
            self.call("accord-node", "registry", "--state", self.dir / REAL, "--pin", self.registry.hash.hex())
            self.start_node(REAL)
            self.node = LinkSeat(REAL, self.await_session())
        except BaseException:
            self.close()
            raise

    def _join(self) -> None:
        self.write_data(REAL)
        (self.dir / f"{REAL}.toml").write_text(
            f'[node]\nstate = "{self.dir}/{REAL}"\nthreads = 1\ncoordinator = "{self.server.address}"\n'
            f'[log]\nformat = "json"\n'
            f'[data.rows]\nformat = "csv"\npath = "{self.dir}/{REAL}.csv"\ntarget = "9"\nholdout = 0.2\n'
            f'[policy]\nmax_per_org = {MAX_PER_ORG}\npurposes = ["test"]\n')
        token = self.server.invite(spiffe_of(REAL), REAL)
        self.call("accord-node", "join", token, "--state", self.dir / REAL)

    def _make_registry(self) -> Registry:
        now = int(time.time())
        for name, key in self.keys.items():
            org = "crowd" if name in CROWD else name
            until = now - 1 if name == EXPIRED else now + 86_400
            spiffe = spiffe_of(name)
            self.server.vouched[spiffe] = self.authority.vouch(spiffe, org, public_key(key), until)
        vouched = sorted(self.server.vouched.values(), key=lambda one: one.entry.id)
        items = (coordinator_pb2.Registry.Entry(spiffe_id=one.spiffe_id, entry=one.entry.encode(),
                                                signature=one.signature) for one in vouched)
        self.server.registry = coordinator_pb2.Registry(version=1, entries=items)
        return Registry(1, tuple(one.entry for one in vouched))

    def await_session(self):
        return self.server.sessions.get(timeout=PATIENCE)

    def close(self) -> None:
        super().close()
        self.server.stop()

    # ------------------------------------------------------------ jobs

    def peer_seat(self, name: str, plan: Plan) -> LocalSeat:
        identity = Identity("", "", spiffe_of(name), b"", b"", b"", self.keys[name])
        words: deque = deque()
        task = JobTask(Node(identity, self.registry, None, words.append), plan, Conduct())
        return LocalSeat(name, task, words)

    def job(self, name: str, peers: tuple[str, ...] = PEERS, **fields) -> Job:
        """Prepared at all of its nodes."""
        plan = plan_of(name, **fields)
        seats = [self.node, *(self.peer_seat(peer, plan) for peer in peers)]
        job = Job(DOMAIN, self.registry, plan, {seat.id: seat for seat in seats})
        self.node.tell("prepare", job.prepare)
        prepared = self.node.expect("prepared")
        assert prepared.registry == self.registry.hash
        return job

    # ------------------------------------------------------------ what the lab has on record

    def egress(self) -> list[dict]:
        lines = map(json.loads, self.call("accord-node", "egress", "--json", "--state", self.dir / REAL).splitlines())
        return [line for line in lines if "kind" in line]

    def log(self) -> list[dict]:
        return list(map(json.loads, (self.dir / f"{REAL}.log").read_text().splitlines()))

    @property
    def program(self) -> Program:
        return self.programs[REAL]


def spiffe_of(name: str) -> str:
    return spiffe_id(DOMAIN, "node", name)


def id_of(name: str) -> bytes:
    return node_id(spiffe_of(name))


def plan_of(name: str, **fields) -> Plan:
    """A job file; fields in TOML, over what is here. Small: all goes inline."""
    told = {"purpose": '"test"', "secure": '"malicious"', "corrupt": "0", "dataset": '"rows"', "count": "1",
            "min_survivors": "3"} | fields
    text = (f'version = 1\nname = "{name}"\npurpose = {told["purpose"]}\nseed = 5\nsecure = {told["secure"]}\n'
            f'{"" if told["secure"] == chr(34) + "off" + chr(34) else "corrupt = " + told["corrupt"]}\n'
            f'model = {{ kind = "mlp", input = [8], hidden = [4], classes = 4 }}\n'
            f'data = {{ dataset = {told["dataset"]} }}\n'
            f'inner = {{ lr = 0.05, local_steps = 2, batch = 32 }}\n'
            f'outer = {{ rule = "fedavg", lr = 0.75 }}\n'
            f'update = {{ max_examples = 2000, weights = "coarse" }}\n'
            f'eval = {{ metrics = ["loss", "accuracy"], exact = true }}\n'
            f'[round]\ncount = {told["count"]}\nmin_nodes = {told["min_survivors"]}\n'
            f'min_survivors = {told["min_survivors"]}\nmax_wait = "1m"\n').encode()
    return Plan(sha256(b"accord/job/1\0", lv(text), lv(TOKEN)), text)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

"""A federation of real programs and one node in Python: theirs is tests/integration/processes/federation.py."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration" / "processes"))

from federation import PATIENCE, Federation  # noqa: E402
from lab.conduct import Conduct  # noqa: E402
from lab.joining import join  # noqa: E402
from lab.node import LabNode  # noqa: E402

NAME = "py"  # of the node in Python
AT_REST = ("finished", "failed", "cancelled", "paused")


class LabFederation(Federation):
    """`conduct_of` says how the node in Python behaves in a job, by the job's name."""

    def __init__(self, apps: Path, directory: Path, nodes: list, conduct_of: Callable[[str], Conduct]) -> None:
        self.lab: LabNode | None = None
        self.conduct_of = conduct_of
        try:
            super().__init__(apps, directory, nodes)
        except BaseException:
            self.close()
            raise

    def pin_registry(self, nodes: list) -> str:
        """The node in Python joins first, so that all pin a registry with it in."""
        identity = join(self.ask("member", "invite", NAME, "--role", "node")["token"])
        registry = super().pin_registry(nodes)
        self.lab = LabNode(identity, bytes.fromhex(registry), self.conduct_of).start()
        self.lab.await_session()
        return registry

    def close(self) -> None:
        if self.lab is not None:
            self.lab.stop()
        super().close()

    def write_plan(self, name: str, nodes: int, corrupt: int, **plan) -> Path:
        """`corrupt` 0: the round goes on with t of the nodes; n - 2: it needs every word of every node."""
        path = self.dir / f"{name}.job.toml"
        path.write_text(f'version = 1\nname = "{name}"\npurpose = "test"\nseed = 5\ncorrupt = {corrupt}\n'
                        f'secure = "{plan.get("secure", "malicious")}"\n'
                        f'model = {{ kind = "mlp", input = [8], hidden = {plan.get("hidden", [16])}, classes = 4 }}\n'
                        f'data = {{ dataset = "rows" }}\n'
                        f'inner = {{ lr = 0.05, local_steps = 5, batch = 32 }}\n'
                        f'outer = {{ rule = "fedavg", lr = 0.75 }}\n'
                        f'update = {{ max_examples = 2000, weights = "coarse", clip = {plan.get("clip", 1.0)}, '
                        f'report_clipped = {plan.get("report_clipped", "false")} }}\n'
                        f'eval = {{ metrics = ["loss", "accuracy"], exact = {plan.get("exact", "true")} }}\n'
                        f'[round]\ncount = {plan.get("rounds", 1)}\nmin_nodes = {nodes}\n'
                        f'min_survivors = {nodes if corrupt else 3}\nmax_wait = "{plan.get("max_wait", "1m")}"\n')
        return path

    def submit_plan(self, name: str, nodes: int, corrupt: int, **plan) -> str:
        answer = self.ask("job", "submit", self.write_plan(name, nodes, corrupt, **plan))
        return answer.get("job") or answer["id"]

    def await_end(self, job: str) -> dict:
        view = self.watch(job, lambda view: view["state"] in AT_REST)
        if self.lab.failure is not None:
            raise self.lab.failure
        return view

    def log_of(self, job: str) -> list[dict]:
        lines = map(json.loads, self.call("accord", "job", "logs", job, "--json").splitlines())
        return [line["data"] for line in lines if line.get("data")]

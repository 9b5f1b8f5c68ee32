"""What a plan (a job file) says of its rounds: the parameters of an attempt, the header words
(node.proto, "What a plan makes of a round")."""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from fsa1.encoding import apply_weight_policy, omega_of
from fsa1.graph import MALICIOUS
from fsa1.params import FIRST_HEADERS, OMEGA_MAX, Params, field_width, least_u_min, threshold
from fsa1.primitives import lv, sha256

from .model import Tensor, mlp_layout
from .ring import FULL_UP_TO, smallest_graph

TRAIN, EVALUATE = 0, 1  # as in train_cfg_hash
CHUNK_WORDS = 65_536
FULL = 2**39  # a figure at its bound
MAX_LOSS = 64.0
MODES = {"semi-honest": 0, "malicious": 1}


@dataclass(frozen=True)
class Evaluation:
    """What a node measured on its hold-out."""

    examples: int
    loss_sum: float
    correct: int


@dataclass(frozen=True)
class Plan:
    job: bytes
    text: bytes

    @classmethod
    def taken(cls, job: bytes, plan: bytes, token: bytes) -> "Plan":
        if sha256(b"accord/job/1\0", lv(plan), lv(token)) != job:
            raise ValueError("the plan is not the one that the job's id names")
        return cls(job, plan)

    @cached_property
    def toml(self) -> dict:
        return tomllib.loads(self.text.decode())

    @property
    def name(self) -> str:
        return self.toml["name"]

    @property
    def seed(self) -> int:
        return self.toml.get("seed", 0)

    @property
    def mode(self) -> int:
        return MODES[self.toml.get("secure", "malicious")]

    @property
    def update(self) -> dict:
        return {"bits": 16, "clip": 1.0, "weights": "coarse", "report_clipped": False} | self.toml["update"]

    @property
    def outer_lr(self) -> float:
        outer = {"rule": "fedavg", "lr": 1.0} | self.toml.get("outer", {})
        if outer["rule"] != "fedavg":
            raise ValueError("this node knows FedAvg only")
        return float(outer["lr"])

    @cached_property
    def layout(self) -> list[Tensor]:
        if self.toml["model"]["kind"] != "mlp":
            raise ValueError("this node knows the kind mlp only")
        return mlp_layout(self.toml["model"])

    @property
    def parameters(self) -> int:
        return sum(tensor.size for tensor in self.layout)

    def train_cfg_hash(self, purpose: int) -> bytes:
        return sha256(b"accord/train-cfg/v1\0", self.job, bytes([purpose]))

    def params(self, purpose: int, n: int) -> Params:
        """Those of an attempt with a cohort of n nodes; whatever an offer says must be equal."""
        corrupt = self.toml.get("corrupt", 0 if n < 5 else n // 5)
        u_min = max(least_u_min(n, corrupt, self.mode), self.toml["round"]["min_survivors"])
        bits = self.update["bits"]
        k, t_k = smallest_graph(n, corrupt, n // 10, self.mode) if n > FULL_UP_TO else (0, 0)
        return Params(
            verify=1, graph=int(k > 0), n=n, corrupt=corrupt, t=threshold(n, corrupt, self.mode), u_min=u_min, k=k,
            t_k=t_k, b=bits, f=field_width(bits, n), d=self.parameters if purpose == TRAIN else 1,
            c=float(self.update["clip"]), w_max=self.update["max_examples"], chunk_words=CHUNK_WORDS,
            headers=FIRST_HEADERS + self.extra_headers(purpose))

    @property
    def malicious(self) -> bool:
        return self.mode == MALICIOUS

    @property
    def _eval(self) -> dict:
        return {"metrics": [], "exact": False} | self.toml.get("eval", {})

    def extra_headers(self, purpose: int) -> tuple[tuple[bytes, int], ...]:
        clipped = ((b"clipped", self.parameters),) if self._counts_clipped(purpose) else ()
        return clipped + self._eval_headers

    @property
    def _eval_headers(self) -> tuple[tuple[bytes, int], ...]:
        if not self._eval["metrics"]:
            return ()
        if not self._eval["exact"]:
            return tuple((metric.encode(), FULL) for metric in self._eval["metrics"])
        most = self.update["max_examples"]
        figures = ((metric.encode(), FULL if metric == "loss" else most) for metric in self._eval["metrics"])
        return ((b"eval_examples", most), *figures)

    def extra_values(self, purpose: int, weight: int, delta: Sequence[float], found: Evaluation) -> tuple[int, ...]:
        clip = float(self.update["clip"])
        clipped = (sum(abs(x) > clip for x in delta),) if self._counts_clipped(purpose) else ()
        return clipped + self._eval_values(weight, found)

    def _counts_clipped(self, purpose: int) -> bool:
        return purpose == TRAIN and self.update["report_clipped"]

    def _eval_values(self, weight: int, found: Evaluation) -> tuple[int, ...]:
        metrics = self._eval["metrics"]
        if not metrics:
            return ()
        if self._eval["exact"]:
            return (found.examples, *(self._exact(metric, found) for metric in metrics))
        w_max = self.update["max_examples"]
        omega = omega_of(apply_weight_policy(weight, w_max, self.update["weights"]), w_max)
        return tuple(_weighted(metric, omega, found) for metric in metrics)

    def _exact(self, metric: str, found: Evaluation) -> int:
        if metric == "accuracy":
            return found.correct
        bits = 39 - 6 - self.update["max_examples"].bit_length()
        loss = min(max(found.loss_sum, 0.0), MAX_LOSS * found.examples)
        return math.floor(math.ldexp(loss, bits) + 0.5)


def _weighted(metric: str, omega: int, found: Evaluation) -> int:
    if found.examples == 0:
        return 0
    total, bound = (found.loss_sum, MAX_LOSS) if metric == "loss" else (float(found.correct), 1.0)
    share = min(max(total / found.examples, 0.0), bound) / bound
    return math.floor(share * (omega / float(OMEGA_MAX)) * float(FULL) + 0.5)

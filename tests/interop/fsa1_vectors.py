"""Reads the frozen vectors of FSA-1 (tests/golden/fsa1) into the library's types."""

import json
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fsa1 import messages as m
from fsa1.context import Offer
from fsa1.member import Identity, Member
from fsa1.policy import LocalState, MemoryJournal, Policy
from fsa1.randomness import VectorRandomness
from fsa1.registry import Registry
from fsa1.signatures import Signed
from fsa1.upload import Input

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "fsa1"
Json = Any
unhex = bytes.fromhex


@cache
def load(name: str) -> Json:
    return json.loads((GOLDEN / name).read_text())


def names(prefix: str) -> list[str]:
    return sorted(path.name for path in GOLDEN.glob(f"{prefix}*.json"))


def words(values: list[str]) -> list[int]:
    return [int(value, 16) for value in values]


def float_of(bits: str) -> float:
    """An IEEE float of 8 hex digits or a double of 16."""
    (value,) = struct.unpack(">f" if len(bits) == 8 else ">d", unhex(bits))
    return value


def bits_of(value: float) -> str:
    return struct.pack(">d", value).hex()


def signed(j: Json) -> Signed:
    return Signed(unhex(j["body"]), unhex(j["sig"]))


def signatures(j: Json) -> m.Signatures:
    return tuple((unhex(node), unhex(sig)) for node, sig in j)


def offer(j: Json, text: Callable[[str], bytes] = str.encode) -> Offer:
    """`text` reads the two names, which are plain in the transcripts and hex in encoding.json."""
    return Offer(
        text(j["federation_id"]),
        text(j["job_id"]),
        j["round"],
        j["attempt"],
        unhex(j["registry_hash"]),
        tuple(unhex(node) for node in j["cohort"]),
        unhex(j["model_hash"]),
        unhex(j["train_cfg_hash"]),
        unhex(j["params"]),
        j["mode"],
    )


def roster(j: Json) -> m.Roster:
    return m.Roster(tuple(signed(advert) for advert in j["adverts"]))


def inbound(j: Json) -> m.Inbound:
    return m.Inbound(
        tuple(m.InboundHead(signed(h), None if h["entry"] is None else unhex(h["entry"])) for h in j["heads"])
    )


def survivors(j: Json) -> m.Survivors:
    return m.Survivors(unhex(j["u2_hash"]), tuple(signed(end) for end in j["ends"]))


def survivors_cert(j: Json) -> m.SurvivorsCert:
    return m.SurvivorsCert(unhex(j["u3_hash"]), signatures(j["sigs"]))


def result(j: Json) -> m.Result:
    chunks = tuple(unhex(chunk) for chunk in j["chunks"])
    return m.Result(unhex(j["u3_hash"]), j["nwords"], unhex(j["z_root"]), tuple(words(j["tau"])), chunks)


def result_cert(j: Json) -> m.ResultCert:
    return m.ResultCert(unhex(j["u3_hash"]), unhex(j["z_root"]), signatures(j["sigs"]))


def shares(j: Json) -> m.SharesUpload:
    return m.SharesUpload(signed(j), {unhex(to): unhex(entry) for to, entry in j["entries"].items()})


def masked(j: Json) -> m.MaskedUpload:
    return m.MaskedUpload(signed(j), tuple(unhex(chunk) for chunk in j["chunks"]))


READERS: dict[str, Callable[[Json], Any]] = {
    "offer": offer,
    "roster": roster,
    "inbound": inbound,
    "survivors": survivors,
    "survivors_cert": survivors_cert,
    "result": result,
    "result_cert": result_cert,
    "advertise": signed,
    "shares": shares,
    "masked": masked,
    "u3": signed,
    "unmask": signed,
    "z": signed,
}


class Transcript:
    """One complete round, by step."""

    def __init__(self, name: str) -> None:
        self.json = load(name)
        self.steps = [message["step"] for message in self.json["messages"]]
        self._content = {message["step"]: message["content"] for message in self.json["messages"]}
        self.registry = Registry.parse(unhex(self.json["registry"]["bytes"]))
        self.offer = offer(self.json["offer"])
        self.nodes = [unhex(node) for node in self.json["private"]]

    def private(self, node: bytes) -> Json:
        return self.json["private"][node.hex()]

    def sent_by(self, step: str, node: bytes) -> Any:
        """What a node sends in a step."""
        return READERS[step](self._content[step][node.hex()])

    def sent_to(self, step: str, node: bytes) -> Any:
        """What the coordinator sends a node in a step."""
        content = self._content[step]
        return READERS[step](content[node.hex()] if step == "inbound" else content)

    def input_of(self, node: bytes) -> Input:
        private = self.private(node)
        return Input([float_of(bits) for bits in private["delta_f32"]], private["weight"], private["extra"])

    def local(self) -> LocalState:
        return LocalState(self.offer.model_hash, self.offer.train_cfg_hash, self.json["now"])

    def member(self, node: bytes) -> Member:
        private = self.private(node)
        identity = Identity(node, unhex(private["sk_ed"]))
        source = VectorRandomness(unhex(private["rng_seed"]))
        return Member(identity, self.registry, Policy(), MemoryJournal(), source)

"""Between the messages of proto/accord/v1 and those of FSA-1, as the table in node.proto has it."""

from collections.abc import Iterable, Sequence

from fsa1.context import Offer
from fsa1.messages import GraphSet, Inbound, InboundHead, MaskedUpload, Result, ResultCert, Roster, SharesUpload
from fsa1.messages import Signatures, Survivors, SurvivorsCert
from fsa1.primitives import words_of
from fsa1.signatures import Signed

from .plan import CHUNK_WORDS
from .stubs import node_pb2

CHUNK_BYTES = 8 * CHUNK_WORDS
INLINE_BYTES = 64 << 10


def to_signed(body: Signed) -> node_pb2.Signed:
    return node_pb2.Signed(body=body.body, signature=body.sig)


def signed(wire: node_pb2.Signed) -> Signed:
    return Signed(wire.body, wire.signature)


def offer(wire: node_pb2.Offer) -> Offer:
    """`mode` of the spec is that of the wire less two: semi-honest 0, malicious 1."""
    return Offer(wire.federation.encode(), wire.job, wire.round, wire.attempt, wire.registry_hash,
                 tuple(wire.cohort), wire.model_hash, wire.train_cfg_hash, wire.params, wire.mode - 2)


def roster(wire: node_pb2.Roster) -> Roster:
    return Roster(tuple(map(signed, wire.adverts)))


def graph_set(wire: node_pb2.GraphSet) -> GraphSet:
    return GraphSet(tuple(map(signed, wire.nonces)))


def to_entries(shares: SharesUpload) -> list[node_pb2.Shared.Entry]:
    return [node_pb2.Shared.Entry(receiver=to, entry=entry) for to, entry in sorted(shares.entries.items())]


def inbound(wire: node_pb2.Collect) -> Inbound:
    return Inbound(tuple(InboundHead(signed(item.head), item.entry or None) for item in wire.shares))


def survivors(wire: node_pb2.Survivors) -> Survivors:
    return Survivors(wire.u2_hash, tuple(map(signed, wire.ends)))


def signatures(wire: Iterable[node_pb2.NodeSignature]) -> Signatures:
    return tuple((item.node, item.signature) for item in wire)


def certificate(wire: node_pb2.Certificate) -> SurvivorsCert:
    return SurvivorsCert(wire.u3_hash, signatures(wire.signatures))


def chunks(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES))


def result(wire: node_pb2.Commit, total: bytes) -> Result:
    opened = wire.opened
    return Result(opened.u3_hash, wire.words, opened.z_root, tuple(opened.tau), chunks(total))


def result_cert(wire: node_pb2.ModelProof) -> ResultCert:
    return ResultCert(wire.u3_hash, wire.z_root, signatures(wire.result))


def data_of(upload: MaskedUpload) -> bytes:
    return b"".join(upload.chunks)


def words(total: bytes) -> Sequence[int]:
    return words_of(total)

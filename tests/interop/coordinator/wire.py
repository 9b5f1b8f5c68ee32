"""From the messages of FSA-1 that a coordinator makes to those of proto/accord/v1, and a node's words back: the other
direction of lab/wire.py."""

from dataclasses import dataclass

from fsa1.context import Offer
from fsa1.messages import Inbound, MaskedUpload, Result, ResultCert, Roster, SharesUpload, Signatures, Survivors
from fsa1.messages import SurvivorsCert
from fsa1.primitives import sha256
from lab.stubs import node_pb2
from lab.wire import chunks, signed, to_signed


@dataclass(frozen=True)
class Place:
    """Which attempt a message is of."""

    job: bytes
    round: int
    attempt: int

    def fields(self) -> dict:
        return {"job": self.job, "round": self.round, "attempt": self.attempt}


def place_of(offer: Offer) -> Place:
    return Place(offer.job_id, offer.round, offer.attempt)


def to_offer(offer: Offer) -> node_pb2.Offer:
    return node_pb2.Offer(**place_of(offer).fields(), federation=offer.federation_id.decode(),
                          registry_hash=offer.registry_hash, cohort=offer.cohort, model_hash=offer.model_hash,
                          train_cfg_hash=offer.train_cfg_hash, params=offer.params, mode=offer.mode + 2)


def to_roster(place: Place, roster: Roster) -> node_pb2.Roster:
    return node_pb2.Roster(**place.fields(), adverts=map(to_signed, roster.adverts))


def to_collect(place: Place, cohort: tuple[bytes, ...], inbound: Inbound) -> node_pb2.Collect:
    shares = (node_pb2.InboundShares(head=to_signed(item.head), entry=item.entry) for item in inbound.heads)
    return node_pb2.Collect(**place.fields(), cohort=cohort, shares=shares)


def to_survivors(place: Place, survivors: Survivors) -> node_pb2.Survivors:
    return node_pb2.Survivors(**place.fields(), u2_hash=survivors.u2_hash, ends=map(to_signed, survivors.ends))


def to_signatures(items: Signatures) -> list[node_pb2.NodeSignature]:
    return [node_pb2.NodeSignature(node=node, signature=sig) for node, sig in items]


def to_certificate(place: Place, cert: SurvivorsCert) -> node_pb2.Certificate:
    return node_pb2.Certificate(**place.fields(), u3_hash=cert.u3_hash, signatures=to_signatures(cert.sigs))


@dataclass(frozen=True)
class Outcome:
    """Beside the sum, what p7 says of it."""

    cohort: tuple[bytes, ...]
    survivors: tuple[bytes, ...]
    model_hash: bytes


def to_commit(place: Place, outcome: Outcome, result: Result) -> node_pb2.Commit:
    total = b"".join(result.chunks)
    opened = node_pb2.Commit.Opened(u3_hash=result.u3_hash, z_root=result.z_root, tau=result.tau)
    return node_pb2.Commit(**place.fields(), cohort=outcome.cohort, survivors=outcome.survivors,
                           words=result.nwords, sum_hash=sha256(total), sum=total, model_hash=outcome.model_hash,
                           opened=opened)


def to_proof(offer: Offer, words: int, cert: ResultCert, model: Signatures) -> node_pb2.ModelProof:
    return node_pb2.ModelProof(offer=to_offer(offer), u3_hash=cert.u3_hash, words=words, z_root=cert.z_root,
                               result=to_signatures(cert.sigs), model=to_signatures(model))


def shares_upload(told: node_pb2.Shared) -> SharesUpload:
    return SharesUpload(signed(told.head), {item.receiver: item.entry for item in told.entries})


def masked_upload(told: node_pb2.Update) -> MaskedUpload:
    return MaskedUpload(signed(told.end), chunks(told.words))

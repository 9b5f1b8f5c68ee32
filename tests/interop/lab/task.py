"""One job at this node: each message of the coordinator in, the answer out (node.proto). Its "training" moves
every weight by a constant, and its hold-out is a figure: all else is what any node does."""

import array
import time
from collections.abc import Callable
from dataclasses import dataclass

import grpc
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from fsa1.encoding import decode_mean
from fsa1.context import Offer
from fsa1.keys import public_noise_seed
from fsa1.member import Identity as Member_id
from fsa1.member import Member
from fsa1.messages import MaskedUpload, SharesUpload
from fsa1.policy import LocalState, MemoryJournal, Policy
from fsa1.primitives import merkle_root, require_ascending, sha256
from fsa1.randomness import SystemRandomness
from fsa1.refusal import Refusal
from fsa1.registry import Registry
from fsa1.signatures import Signed
from fsa1.upload import Input

from . import model, transfer, wire
from .conduct import Conduct
from .joining import Identity
from .plan import EVALUATE, TRAIN, Evaluation, Plan
from .stubs import coordinator_grpc, coordinator_pb2, node_pb2, types_pb2

STEP = 2.0**-10  # what "training" adds to each weight
EXAMPLES = 120
HOLD_OUT = Evaluation(examples=40, loss_sum=40.0, correct=10)
MODEL_LABEL = b"accord/model/v1\0"


@dataclass(frozen=True)
class Node:
    """What the jobs of this node share."""

    identity: Identity
    registry: Registry
    stub: coordinator_grpc.CoordinatorStub
    send: Callable[[node_pb2.NodeMessage], None]


@dataclass(frozen=True)
class Next:
    """The model after a verified sum; used once others have certified it."""

    offer: Offer
    weights: array.array
    hash: bytes


class JobTask:
    def __init__(self, node: Node, plan: Plan, conduct: Conduct) -> None:
        self.node, self.plan, self.conduct = node, plan, conduct
        self.round, self.purpose = 0, TRAIN
        self.weights, self.hash = array.array("f"), b""
        self.next: Next | None = None
        self.verified: list[int] = []  # rounds whose sum this node found good
        self.refused: list[str] = []
        self.ended: node_pb2.Ended | None = None
        identity = node.identity
        policy = Policy(modes=frozenset((plan.mode,)), weights=plan.update["weights"])
        self.member = Member(Member_id(identity.id, identity.protocol_key), node.registry, policy, MemoryJournal(),
                             SystemRandomness())

    @property
    def at(self) -> tuple[int, int]:
        """Round and attempt of the living attempt."""
        offer = self.member.attempt.offer
        return offer.round, offer.attempt

    # ------------------------------------------------------------ p1

    def on_train(self, told: node_pb2.Train) -> None:
        purpose = told.purpose - 1
        if (told.round, purpose, told.model_hash) != (self.round, self.purpose, self.hash):
            try:
                self._take_model(told)
            except (Refusal, ValueError, grpc.RpcError) as refusal:
                self.refused.append(f"train: {refusal}")
                error = types_pb2.Error(id="secagg.wrong_model", message="the model is not proven")
                return self._send(declined=node_pb2.Declined(job=self.plan.job, round=told.round, error=error))
            self.round, self.purpose = told.round, purpose
        self._send(trained=node_pb2.Trained(job=self.plan.job, round=told.round))

    def _take_model(self, told: node_pb2.Train) -> None:
        """The first model is the plan's; a later one is ours, once certified, or one that others vouch for."""
        layout = self.plan.layout
        if told.round == 1:
            weights = model.initial_weights(layout, self.plan.seed)
            if model.model_hash(layout, weights) != told.model_hash:
                raise ValueError("the first model is not the plan's")
        elif told.model_hash == self.hash:
            weights = self.weights
        elif self.next is not None and self.next.offer == wire.offer(told.proof.offer):
            self.member.result_cert(wire.result_cert(told.proof))
            if self.next.hash != told.model_hash:
                raise ValueError("the certified sum gives another model than the one told")
            weights = self.next.weights
        else:
            self._check_proof(told.proof, told.model_hash)
            weights = model.read_model(layout, transfer.get_blob(self.node.stub, told.model_hash))
        self.weights, self.hash, self.next = weights, told.model_hash, None

    def _check_proof(self, proof: node_pb2.ModelProof, wanted: bytes) -> None:
        """t members of a cohort that this node would have masked with signed the model: one of them is honest. The
        registry may be another version; whoever left since does not count."""
        offer = wire.offer(proof.offer)
        self._check_terms(offer, TRAIN)
        require_ascending(offer.cohort)
        ctx, keys = offer.ctx(), self.node.registry.by_id
        signers = [item.node for item in proof.model]
        require_ascending(signers)
        if sum(node in keys for node in signers) < self.plan.params(TRAIN, len(offer.cohort)).t:
            raise ValueError("too few signatures of the model")
        for item in proof.model:
            if item.node not in offer.cohort:
                raise ValueError("somebody else signed the model")
            if item.node not in keys:
                continue
            try:
                key = Ed25519PublicKey.from_public_bytes(keys[item.node].pk_ed)
                key.verify(item.signature, MODEL_LABEL + ctx + wanted)
            except InvalidSignature:
                raise ValueError("a signature of the model does not hold") from None

    def _check_terms(self, offer: Offer, purpose: int) -> None:
        """What the offer must say by this node's own reading of the plan, beside the checks of 7.6."""
        if offer.job_id != self.plan.job or offer.federation_id != self.node.identity.federation.encode():
            raise Refusal("wrong_config")
        if offer.train_cfg_hash != self.plan.train_cfg_hash(purpose):
            raise Refusal("wrong_config")
        if offer.params != self.plan.params(purpose, len(offer.cohort)).encode():
            raise Refusal("bad_params")

    # ------------------------------------------------------------ p2 to p6

    def on_offer(self, told: node_pb2.Offer) -> None:
        offer = wire.offer(told)
        if offer.registry_hash != self.node.registry.hash:
            raise Refusal("wrong_registry")
        self._check_terms(offer, self.purpose)
        if told.round != self.round:
            raise Refusal("out_of_phase")
        local = LocalState(self.hash, self.plan.train_cfg_hash(self.purpose), int(time.time()))
        advert = self.conduct.advert(self, self.member.offer(offer, local))
        if advert is not None:
            self._answer(told, node_pb2.Advertised, advert=wire.to_signed(advert))

    def on_roster(self, told: node_pb2.Roster) -> None:
        """Shares in the full graph; else the nonce by which this node draws the graph with all others."""
        answer = self.member.roster(wire.roster(told))
        if isinstance(answer, SharesUpload):
            return self._share(told, answer)
        self._answer(told, node_pb2.GraphNonce, nonce=wire.to_signed(answer))

    def on_graph_set(self, told: node_pb2.GraphSet) -> None:
        self._share(told, self.member.graph_set(wire.graph_set(told)))

    def _share(self, told: node_pb2.Roster | node_pb2.GraphSet, made: SharesUpload) -> None:
        shares = self.conduct.shares(self, made)
        if shares is not None:
            head, entries = wire.to_signed(shares.head), wire.to_entries(shares)
            self._answer(told, node_pb2.Shared, head=head, entries=entries)

    def on_collect(self, told: node_pb2.Collect) -> None:
        self.member.inbound(wire.inbound(told))
        self.conduct.upload(self, self.member.upload(self._input()))

    def _input(self) -> Input:
        """An evaluation sends the one coordinate 0; its weight is the hold-out."""
        if self.purpose == EVALUATE:
            delta, weight = [0.0], HOLD_OUT.examples
        else:
            trained = array.array("f", (w + STEP for w in self.weights))
            delta = array.array("f", (after - before for after, before in zip(trained, self.weights)))
            weight = EXAMPLES
        seed = public_noise_seed(self.plan.seed, self.round, self.node.identity.id)
        return Input(delta, weight, self.plan.extra_values(self.purpose, weight, delta, HOLD_OUT), seed)

    def send_upload(self, made: MaskedUpload) -> None:
        """Small ones whole; large ones in parts, closed by a message of their own."""
        if len(wire.data_of(made)) <= wire.INLINE_BYTES:
            return self.send_update(made)
        transfer.put_update(self.node.stub, self.upload_key(), wire.data_of(made))
        self.send_end(made.end)

    def upload_key(self) -> coordinator_pb2.UploadKey:
        round_number, attempt = self.at
        return coordinator_pb2.UploadKey(job=self.plan.job, round=round_number, attempt=attempt)

    def send_update(self, made: MaskedUpload) -> None:
        round_number, attempt = self.at
        self._send(update=node_pb2.Update(job=self.plan.job, round=round_number, attempt=attempt,
                                          words=wire.data_of(made), root=merkle_root(made.chunks),
                                          end=wire.to_signed(made.end)))

    def send_end(self, end: Signed) -> None:
        round_number, attempt = self.at
        self._send(masked=node_pb2.Masked(job=self.plan.job, round=round_number, attempt=attempt,
                                          end=wire.to_signed(end)))

    def on_survivors(self, told: node_pb2.Survivors) -> None:
        """Signs them; a semi-honest job opens them at once."""
        answer = self.member.survivors(wire.survivors(told))
        if answer is None:
            return  # not among them: silent for good
        if not self.plan.malicious:
            return self._unmask(told, answer)
        self._answer(told, node_pb2.SurvivorsSigned, u3=wire.to_signed(answer))

    def on_certificate(self, told: node_pb2.Certificate) -> None:
        self._unmask(told, self.member.survivors_cert(wire.certificate(told)))

    def _unmask(self, told: node_pb2.Survivors | node_pb2.Certificate, made: Signed) -> None:
        unmask = self.conduct.unmask(self, made)
        if unmask is not None:
            self._answer(told, node_pb2.Unmasked, unmask=wire.to_signed(unmask))

    # ------------------------------------------------------------ p7

    def on_commit(self, told: node_pb2.Commit) -> None:
        """Checks the sum, makes the outer step for itself, and says which model came out."""
        total = told.sum or transfer.get_blob(self.node.stub, told.sum_hash)
        if len(total) != 8 * told.words or sha256(total) != told.sum_hash:
            raise Refusal("wrong_length")
        if tuple(told.survivors) != tuple(self.member.attempt.u3):
            raise Refusal("second_u3")
        signed = self.member.result(wire.result(told, total))
        weights = self._step()
        found = model.model_hash(self.plan.layout, weights)
        offer = self.member.attempt.offer
        if self.purpose == TRAIN:
            self.next = Next(offer, weights, found)
        statement = MODEL_LABEL + offer.ctx() + found
        key = Ed25519PrivateKey.from_private_bytes(self.node.identity.protocol_key)
        proof = node_pb2.Verified.Proof(result=wire.to_signed(signed), model_signature=key.sign(statement))
        if found == told.model_hash and told.round not in self.verified:
            self.verified.append(told.round)
        self._answer(told, node_pb2.Verified, model_hash=found, proof=proof)

    def _step(self) -> array.array:
        if self.purpose == EVALUATE:
            return self.weights
        attempt = self.member.attempt
        sums = attempt.sums
        mean = decode_mean(attempt.params, len(attempt.u3), sums.omega, sums.fields)
        return model.fedavg(self.weights, mean, self.plan.outer_lr)

    # ------------------------------------------------------------ saying no

    def refuse(self, told, refusal: Refusal) -> None:
        self.refused.append(str(refusal))
        ctx_known = not isinstance(told, node_pb2.Offer)
        error = types_pb2.Error(id=f"secagg.{refusal.name}", message="refused")
        abort = wire.to_signed(self.member.abort_notice(refusal, ctx_known))
        self._answer(told, node_pb2.Refused, error=error, abort=abort)

    def _answer(self, told, message: type, **fields) -> None:
        body = message(job=self.plan.job, round=told.round, attempt=told.attempt, **fields)
        self._send(**{FIELD_OF[message]: body})

    def _send(self, **kind) -> None:
        self.node.send(node_pb2.NodeMessage(**kind))


FIELD_OF = {
    getattr(node_pb2, field.message_type.name): field.name
    for field in node_pb2.NodeMessage.DESCRIPTOR.fields
    if hasattr(node_pb2, field.message_type.name)  # a model given back after a restore is not of a round
}

"""Lies about who survived: the set, and the certificate that opens it."""

from collections.abc import Callable
from dataclasses import replace

from fsa1.bodies import U3, MaskedEnd
from fsa1.context import u3_hash
from fsa1.signatures import Signed
from lab.stubs import node_pb2
from lab.wire import signed, to_signed

from coordinator import wire
from coordinator.job import Missing

from .telling import ADA, BO, CY, DI, FOREIGN, LIES, ME, Lie, Talk, edited, flipped, lie


def ends_with(told: node_pb2.Survivors, node: bytes, *ends: Signed) -> node_pb2.Survivors:
    others = [item for item in told.ends if not item.body.startswith(node)]
    return edited(told, ends=sorted((*others, *map(to_signed, ends)), key=lambda item: item.body))


def end_of(told: node_pb2.Survivors, node: bytes) -> Signed:
    (found,) = [item for item in told.ends if item.body.startswith(node)]
    return signed(found)


def end_lie(name: str, refusal: str, node: bytes, change: Callable[[MaskedEnd], dict], signs: bool) -> None:
    def tell(talk: Talk) -> tuple[str, object]:
        told = talk.attempt.survivors
        old = end_of(told, node)
        body = MaskedEnd.parse(old.body)
        other = replace(body, **change(body))
        return "survivors", ends_with(told, node, talk.sign(node, other) if signs else Signed(other.encode(), old.sig))

    LIES[name] = Lie(refusal, tell)


end_lie("survivor-that-masked-against-another-set", "bad_masked_end", ADA, lambda e: {"u2_hash": FOREIGN}, True)
end_lie("survivor-with-another-length", "bad_masked_end", ADA, lambda e: {"nwords": e.nwords + 1}, True)
end_lie("survivor-without-tags", "bad_masked_end", ADA, lambda e: {"tags": ()}, True)
end_lie("survivor-that-did-not-sign", "bad_signature", ADA, lambda e: {"root": FOREIGN}, False)
end_lie("another-upload-in-my-name", "bad_signature", ME, lambda e: {"root": FOREIGN}, False)


@lie("wrong_u2")
def survivors_of_another_set_of_heads(talk):
    return "survivors", edited(talk.attempt.survivors, u2_hash=FOREIGN)


@lie("u3_too_small")
def two_survivors(talk):
    told = talk.attempt.survivors
    return "survivors", edited(told, ends=[item for item in told.ends if item.body[:16] in (ME, ADA)])


@lie("u3_not_subset", missing=Missing(shares=frozenset({ADA})))
def a_survivor_that_dealt_no_shares(talk):
    told = talk.attempt.survivors
    end = replace(MaskedEnd.parse(end_of(told, BO).body), id=ADA)
    return "survivors", ends_with(told, ADA, talk.sign(ADA, end))


@lie("bad_encoding")
def a_survivor_twice(talk):
    told = talk.attempt.survivors
    return "survivors", ends_with(told, ADA, end_of(told, ADA), end_of(told, ADA))


@lie("bad_encoding")
def survivors_out_of_order(talk):
    return "survivors", edited(talk.attempt.survivors, ends=talk.attempt.survivors.ends[::-1])


@lie("out_of_phase", ends=False)
def survivors_before_the_upload(talk):
    talk.attempt.collect
    end = talk.sign(ADA, MaskedEnd(ADA, FOREIGN, 1, FOREIGN, ()))
    return "survivors", node_pb2.Survivors(**talk.attempt.place.fields(), u2_hash=FOREIGN, ends=[to_signed(end)])


@lie("wrong_u2")
def the_survivors_of_an_older_attempt(talk):
    older = talk.attempt.survivors
    talk.again().survivors
    return "survivors", edited(older, attempt=1)


@lie("second_u3", ends=False)
def another_set_for_this_half(talk):
    talk.attempt.certificate  # signed: the set of all
    return "survivors", ends_with(talk.attempt.survivors, ADA)


@lie("second_u3", ends=False)
def a_survivor_dropped_after_the_shares_are_out(talk):
    talk.attempt.result  # opened: the share of ada's own mask; now the share of its mask key is asked for
    return "survivors", ends_with(talk.attempt.survivors, ADA)


@lie("spent_model")
def a_set_that_differs_by_one_from_one_signed_before(talk):
    talk.attempt.certificate
    return "survivors", ends_with(talk.again().survivors, ADA)


def certified(talk: Talk, u2: bytes, u3: bytes, *nodes: bytes) -> node_pb2.Certificate:
    """What these accomplices sign of a set."""
    sigs = tuple((node, talk.sign(node, U3(node, u2, u3)).sig) for node in sorted(nodes))
    return node_pb2.Certificate(**talk.attempt.place.fields(), u3_hash=u3, signatures=wire.to_signatures(sigs))


def other_set(talk: Talk, without: bytes) -> bytes:
    """u3_hash of the set without one of its nodes."""
    told = ends_with(talk.attempt.survivors, without)
    return u3_hash(told.u2_hash, [(item.body[:16], item.body) for item in told.ends])


@lie("no_certificate", ends=False)
def a_certificate_before_the_survivors(talk):
    talk.attempt.survivors
    return "certificate", certified(talk, talk.attempt.coordinator.u2_hash, talk.attempt.coordinator.u3_hash, ADA, BO,
                                    CY)


@lie("bad_certificate")
def a_signature_too_few(talk):
    told = talk.attempt.certificate
    return "certificate", edited(told, signatures=told.signatures[: talk.attempt.coordinator.params.t - 1])


@lie("bad_certificate")
def a_signature_twice(talk):
    first, second, *_ = talk.attempt.certificate.signatures
    return "certificate", edited(talk.attempt.certificate, signatures=[first, second, second])


@lie("bad_certificate")
def signatures_out_of_order(talk):
    told = talk.attempt.certificate
    return "certificate", edited(told, signatures=told.signatures[::-1])


@lie("bad_certificate")
def a_forged_signature(talk):
    *good, last = talk.attempt.certificate.signatures
    forged = edited(last, signature=flipped(last.signature))
    return "certificate", edited(talk.attempt.certificate, signatures=[*good, forged])


@lie("bad_certificate", missing=Missing(upload=frozenset({ADA})))
def a_signature_of_one_who_is_not_in_the_set(talk):
    told = talk.attempt.certificate
    extra = certified(talk, talk.attempt.coordinator.u2_hash, told.u3_hash, ADA).signatures
    return "certificate", edited(told, signatures=sorted((*told.signatures, *extra), key=lambda item: item.node))


@lie("bad_certificate")
def signatures_of_another_set(talk):
    talk.attempt.certificate
    forged = certified(talk, talk.attempt.coordinator.u2_hash, other_set(talk, ADA), BO, CY, DI)
    return "certificate", edited(forged, u3_hash=talk.attempt.coordinator.u3_hash)


@lie("second_u3")
def the_certificate_of_the_other_half(talk):
    talk.attempt.certificate
    return "certificate", certified(talk, talk.attempt.coordinator.u2_hash, other_set(talk, ADA), BO, CY, DI)


@lie("second_u3", ends=False)
def a_second_certificate_after_the_shares_are_out(talk):
    talk.attempt.result
    return "certificate", certified(talk, talk.attempt.coordinator.u2_hash, other_set(talk, ADA), BO, CY, DI)


@lie("second_u3")
def the_certificate_of_an_older_attempt(talk):
    older = talk.attempt.certificate
    talk.again().certificate
    return "certificate", edited(older, attempt=1)


@lie("out_of_phase", ends=False)
def a_certificate_before_the_upload(talk):
    talk.attempt.collect
    return "certificate", certified(talk, FOREIGN, FOREIGN, ADA, BO, CY)

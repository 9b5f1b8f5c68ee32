"""The node's checks of Survivors and SurvivorsCert, in the order of 7.6."""

from .attempt import Attempt
from .bodies import U3, MaskedEnd
from .certificate import check_certificate
from .check_inbound import require_live_neighbours
from .context import u3_hash
from .messages import Survivors, SurvivorsCert
from .params import Params
from .primitives import ID_BYTES, require_ascending, sender_of
from .refusal import Refusal
from .signatures import Signed


def set_hash(message: Survivors) -> bytes:
    """The u3_hash that a Survivors message stands for, whatever else is wrong with it."""
    return u3_hash(message.u2_hash, [(end.body[:ID_BYTES], end.body) for end in message.ends])


def check_survivors(message: Survivors, attempt: Attempt) -> tuple[bytes, ...] | None:
    """U3, or None where this node is not in it; spent_model is the caller's, who has the journal."""
    if message.u2_hash != attempt.u2_hash:
        raise Refusal("wrong_u2")
    u3 = tuple(sender_of(end.body) for end in message.ends)
    require_ascending(u3)
    for node in u3:
        if node not in attempt.u2:
            raise Refusal("u3_not_subset", node)
    if len(u3) < attempt.params.u_min:
        raise Refusal("u3_too_small")
    if attempt.me not in u3:
        return None
    for node, end in zip(u3, message.ends):
        _check_end(node, end, attempt)
    require_live_neighbours(u3, attempt)
    return u3


def _check_end(node: bytes, signed: Signed, attempt: Attempt) -> None:
    try:
        end = MaskedEnd.parse(signed.body)
    except Refusal as refusal:
        raise Refusal(refusal.name, node, refusal.why) from None
    attempt.require_signature(node, MaskedEnd.kind, signed)
    if end.u2_hash != attempt.u2_hash or not fits(end, attempt.params):
        raise Refusal("bad_masked_end", node)
    assert attempt.upload is not None
    if node == attempt.me and signed.body != attempt.upload.end.body:
        raise Refusal("own_entry_changed")


def fits(end: MaskedEnd, params: Params) -> bool:
    """Word count and number of tags are those of the parameters."""
    return end.nwords == params.nwords and len(end.tags) == (2 if params.verify else 0)


def check_survivors_cert(message: SurvivorsCert, attempt: Attempt) -> None:
    """A certificate for the set that this node signed itself."""
    if message.u3_hash != attempt.u3_hash:
        raise Refusal("second_u3")

    def verify(node: bytes, sig: bytes) -> bool:
        body = U3(node, attempt.u2_hash, attempt.u3_hash).encode()
        return attempt.signed_by(node, U3.kind, Signed(body, sig))

    check_certificate(message.sigs, attempt.u3, attempt.params.t, verify)

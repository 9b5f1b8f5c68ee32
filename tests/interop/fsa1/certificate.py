"""A quorum's signatures over one statement (spec 7.6: SurvivorsCert, ResultCert)."""

from collections.abc import Callable, Collection

from .messages import Signatures
from .primitives import require_ascending
from .refusal import Refusal

Verify = Callable[[bytes, bytes], bool]  # (node, signature): does the node's signature hold?


def check_certificate(sigs: Signatures, members: Collection[bytes], t: int, verify: Verify) -> None:
    """`bad_certificate`: order, not a member, fewer than t, a signature."""
    signers = [node for node, _ in sigs]
    try:
        require_ascending(signers)
    except Refusal:
        raise Refusal("bad_certificate", why="order") from None
    for node in signers:
        if node not in members:
            raise Refusal("bad_certificate", node, "not a member")
    if len(signers) < t:
        raise Refusal("bad_certificate", why="fewer than t")
    for node, sig in sigs:
        if not verify(node, sig):
            raise Refusal("bad_certificate", node, "signature")

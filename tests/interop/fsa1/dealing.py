"""P2 at a node: the shares of its two secrets and its K_d, sealed to each receiver (spec 2.2, 2.4, 7.5)."""

from . import keys
from .attempt import Attempt
from .bodies import DealtShares, Entry, Shares
from .context import SHARE_OF_B, SHARE_OF_M, ShareOf, commitment, entry_digest
from .primitives import NO_HASH
from .randomness import Randomness
from .shamir import BLIND_BYTES, deal


def make_shares(attempt: Attempt, source: Randomness) -> tuple[Shares, dict[bytes, bytes]]:
    """The head and the entries by receiver; draws K_d where this node is a dealer."""
    me, roster = attempt.me, attempt.the_roster
    if attempt.is_dealer(me):
        attempt.kd = source.draw(b"kd", 32, attempt.ctx, me)
    dealt = _deal(attempt, source)
    receivers = roster.u1 if attempt.kd is not None else sorted(attempt.neighbours)
    entries = {to: _entry(attempt, to, dealt.get(to)).encode() for to in receivers if to != me}
    com_mac = commitment("mac", attempt.ctx, me, attempt.kd) if attempt.kd is not None else b""
    com_b = commitment("b", attempt.ctx, me, attempt.the_secrets.b)
    digests = tuple((to, entry_digest(entry)) for to, entry in entries.items())
    return Shares(me, roster.hash, com_b, com_mac, digests), entries


def _deal(attempt: Attempt, source: Randomness) -> dict[bytes, DealtShares]:
    """By receiver: this node's neighbours, never itself."""
    points = {peer: attempt.the_roster.point(peer) for peer in attempt.neighbours}

    def draw(label: bytes, size: int = 32) -> bytes:
        return source.draw(label, size, attempt.ctx, attempt.me)

    secrets, t = attempt.the_secrets, attempt.params.share_threshold
    of_b = deal(secrets.b, t, points.values(), draw(b"coef_b"))
    of_m = deal(secrets.m, t, points.values(), draw(b"coef_m"))
    def blind(label: bytes) -> bytes:
        return draw(label, BLIND_BYTES)

    return {
        peer: DealtShares(of_b[x], blind(b"blind_b" + peer), of_m[x], blind(b"blind_m" + peer))
        for peer, x in points.items()
    }


def _entry(attempt: Attempt, to: bytes, shares: DealtShares | None) -> Entry:
    aad = attempt.channel_aad(attempt.me, to)
    com_b = com_m = NO_HASH
    ct = ctk = b""
    if shares is not None:
        com_b = ShareOf(attempt.ctx, SHARE_OF_B, attempt.me, to).commit(shares.share_b, shares.blind_b)
        com_m = ShareOf(attempt.ctx, SHARE_OF_M, attempt.me, to).commit(shares.share_m, shares.blind_m)
        ct = keys.seal(attempt.channel_key("share", attempt.me, to), aad, shares.encode())
    if attempt.kd is not None:
        ctk = keys.seal(attempt.channel_key("mackey", attempt.me, to), aad, attempt.kd)
    return Entry(to, com_b, com_m, ct, ctk)

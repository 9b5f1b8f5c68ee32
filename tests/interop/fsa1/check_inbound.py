"""The node's checks of an Inbound, in the order of 7.6: every head of U2, and what is in it for this node."""

from dataclasses import dataclass, field

from . import keys
from .attempt import Attempt
from .bodies import DealtShares, Entry, Shares
from .context import SHARE_OF_B, SHARE_OF_M, ShareOf, commitment, entry_digest, u2_hash
from .messages import Inbound, InboundHead
from .primitives import NO_HASH, require_ascending
from .refusal import Refusal
from .shamir import parse_share


@dataclass
class InboundView:
    """What an accepted Inbound gives: U2, its hash, and what each dealer sent to this node."""

    u2: list[bytes] = field(default_factory=list)
    u2_hash: bytes = NO_HASH
    dealt: dict[bytes, DealtShares] = field(default_factory=dict)
    kds: dict[bytes, bytes] = field(default_factory=dict)


def check_inbound(message: Inbound, attempt: Attempt) -> InboundView:
    view = InboundView()
    for item in message.heads:
        head = _check_head(item, attempt)
        view.u2.append(head.id)
        if head.id != attempt.me:
            _open_entry(item.entry, head, attempt, view)
    require_ascending(view.u2)
    if attempt.me not in view.u2:
        raise Refusal("own_entry_changed")
    if len(view.u2) < attempt.params.u_min:
        raise Refusal("u2_too_small")
    require_live_neighbours(view.u2, attempt)
    if attempt.expects_mac and not set(attempt.the_roster.dealers) & set(view.u2):
        raise Refusal("no_dealer")
    bodies = [item.head.body for item in message.heads]
    view.u2_hash = u2_hash(attempt.the_roster.hash, list(zip(view.u2, bodies)))
    return view


def require_live_neighbours(members: list[bytes] | tuple[bytes, ...], attempt: Attempt) -> None:
    """|N(i) & members| >= t_k in the k-graph (spec 2.6); in the full graph u_min says all."""
    live = set(attempt.neighbours) & set(members)
    if attempt.params.graph and len(live) < attempt.params.t_k:
        raise Refusal("few_live_neighbours")


def _check_head(item: InboundHead, attempt: Attempt) -> Shares:
    head = Shares.parse(item.head.body)
    if head.id not in attempt.the_roster.adverts:
        raise Refusal("unknown_node", head.id)
    attempt.require_signature(head.id, Shares.kind, item.head)
    if head.roster_hash != attempt.the_roster.hash:
        raise Refusal("wrong_roster", head.id)
    if bool(head.com_mac) != attempt.is_dealer(head.id):
        raise Refusal("bad_mac_key", head.id)
    assert attempt.shares is not None
    if head.id == attempt.me and item.head.body != attempt.shares.head.body:
        raise Refusal("own_entry_changed")
    return head


def _open_entry(data: bytes | None, head: Shares, attempt: Attempt, view: InboundView) -> None:
    near, dealer = head.id in attempt.neighbours, attempt.is_dealer(head.id)
    digest = dict(head.digests).get(attempt.me)
    expected = near or dealer
    if (data is not None) != expected or (digest is not None) != expected:
        raise Refusal("bad_entry", head.id, "missing or unexpected")
    if data is None:
        return
    if entry_digest(data) != digest:
        raise Refusal("bad_entry", head.id, "digest")
    entry = _parse_entry(data, head.id)
    if entry.receiver != attempt.me or (entry.ct and not near) or (entry.ctk and not dealer):
        raise Refusal("bad_entry", head.id, "receiver, or more than is due")
    if near:
        view.dealt[head.id] = _open_shares(entry, head.id, attempt)
    if dealer:
        view.kds[head.id] = _open_mac_key(entry, head, attempt)


def _parse_entry(data: bytes, dealer: bytes) -> Entry:
    try:
        return Entry.parse(data)
    except Refusal as refusal:
        raise Refusal(refusal.name, dealer, refusal.why) from None


def _unseal(use: str, dealer: bytes, ciphertext: bytes, attempt: Attempt) -> bytes:
    key = attempt.channel_key(use, dealer, attempt.me)
    try:
        return keys.unseal(key, attempt.channel_aad(dealer, attempt.me), ciphertext)
    except Refusal as refusal:
        raise Refusal(refusal.name, dealer) from None


def _open_shares(entry: Entry, dealer: bytes, attempt: Attempt) -> DealtShares:
    if not entry.ct:
        raise Refusal("bad_share", dealer, "no shares")
    shares = DealtShares.parse(_unseal("share", dealer, entry.ct, attempt))
    for kind, expected in ((SHARE_OF_B, entry.com_share_b), (SHARE_OF_M, entry.com_share_m)):
        share, blind = shares.of_kind(kind)
        try:
            parse_share(share)
        except Refusal as refusal:
            raise Refusal(refusal.name, dealer) from None
        if ShareOf(attempt.ctx, kind, dealer, attempt.me).commit(share, blind) != expected:
            raise Refusal("bad_share", dealer, "commitment")
    return shares


def _open_mac_key(entry: Entry, head: Shares, attempt: Attempt) -> bytes:
    if not entry.ctk:
        raise Refusal("bad_mac_key", head.id, "no K_d")
    kd = _unseal("mackey", head.id, entry.ctk, attempt)
    if commitment("mac", attempt.ctx, head.id, kd) != head.com_mac:
        raise Refusal("bad_mac_key", head.id, "com_mac")
    return kd

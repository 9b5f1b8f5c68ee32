"""The coordinator's checks of what nodes send (spec 7.7); each raises what it holds against the sender."""

from dataclasses import dataclass

from . import keys
from .attempt import RosterView
from .bodies import Advertise, Entry, Graph, MaskedEnd, OpenedShare, Shares, Unmask
from .check_survivors import fits
from .context import ShareOf, commitment, entry_digest
from .messages import MaskedUpload, SharesUpload
from .params import Params
from .primitives import NO_HASH, merkle_root
from .refusal import Refusal
from .shamir import parse_share


@dataclass(frozen=True)
class Setting:
    """What all checks of an attempt stand on; the roster and the graph are known from P1 on."""

    ctx: bytes
    params: Params
    roster: RosterView
    neighbours: dict[bytes, tuple[bytes, ...]]

    def is_dealer(self, node: bytes) -> bool:
        return self.params.verify == 1 and node in self.roster.dealers

    def receivers(self, node: bytes) -> list[bytes]:
        """Who gets an entry of this node, ascending (spec 7.5)."""
        to = self.roster.u1 if self.is_dealer(node) else self.neighbours[node]
        return sorted(set(to) - {node})


def check_advert(advert: Advertise, params: Params, taken_keys: set[bytes]) -> None:
    """What would make every node refuse the roster: duplicate_key, the graph commitment, bad_key."""
    if advert.pk_c == advert.pk_m or taken_keys & {advert.pk_c, advert.pk_m}:
        raise Refusal("duplicate_key", advert.id)
    if (advert.com_graph == NO_HASH) != (params.graph == 0):
        raise Refusal("bad_encoding", advert.id, "graph commitment")
    for pk in (advert.pk_c, advert.pk_m):
        keys.pair_prk(NO_HASH, bytes(32), keys.Party(advert.id, pk))  # of low order with one key, so with all


def check_graph(opening: Graph, ctx: bytes, roster: RosterView) -> None:
    if opening.roster_hash != roster.hash:
        raise Refusal("wrong_roster", opening.id)
    if commitment("graph", ctx, opening.id, opening.nonce) != roster.adverts[opening.id].com_graph:
        raise Refusal("bad_graph_nonce", opening.id)


def check_shares(upload: SharesUpload, head: Shares, setting: Setting) -> dict[bytes, Entry]:
    """The entries by receiver; everything wrong is `bad_entry`."""
    receivers = setting.receivers(head.id)
    if head.roster_hash != setting.roster.hash or [to for to, _ in head.digests] != receivers:
        raise Refusal("bad_entry", head.id, "roster_hash or receivers")
    if bool(head.com_mac) != setting.is_dealer(head.id):
        raise Refusal("bad_entry", head.id, "com_mac")
    if sorted(upload.entries) != receivers:
        raise Refusal("bad_entry", head.id, "an entry is missing or not due")
    for to, digest in head.digests:
        if entry_digest(upload.entries[to]) != digest:
            raise Refusal("bad_entry", head.id, "digest")
    return {to: _parse_entry(data, head.id, to, setting) for to, data in upload.entries.items()}


def _parse_entry(data: bytes, dealer: bytes, to: bytes, setting: Setting) -> Entry:
    """What the receiver would refuse at once, by whoever's fault, is the dealer's: it signed the digest."""
    try:
        entry = Entry.parse(data)
    except Refusal as refusal:
        raise Refusal("bad_entry", dealer, refusal.why) from None
    due = (to, to in setting.neighbours[dealer], setting.is_dealer(dealer))
    if (entry.receiver, bool(entry.ct), bool(entry.ctk)) != due:
        raise Refusal("bad_entry", dealer, "receiver, or not what is due")
    return entry


def check_masked(upload: MaskedUpload, end: MaskedEnd, u2_hash: bytes, params: Params) -> None:
    if end.u2_hash != u2_hash:
        raise Refusal("wrong_u2", end.id)
    sizes = [len(chunk) for chunk in upload.chunks]
    if end.nwords != params.nwords or sizes != params.chunk_sizes():
        raise Refusal("wrong_length", end.id)
    if merkle_root(upload.chunks) != end.root:
        raise Refusal("bad_root", end.id)
    if not fits(end, params):
        raise Refusal("bad_masked_end", end.id, "number of tags")


def check_kinds(unmask: Unmask, due: dict[bytes, int]) -> None:
    """`due`: the kind by dealer, for every neighbour in U2."""
    if {share.id: share.kind for share in unmask.shares} != due:
        raise Refusal("bad_share", unmask.id, "kind, or not the neighbours in U2")


def opens(share: OpenedShare, receiver: bytes, entry: Entry, ctx: bytes) -> bool:
    """Whether a released share is the one that its dealer committed to in the entry."""
    try:
        parse_share(share.share)
    except Refusal:
        return False
    expected = entry.com_share_m if share.kind else entry.com_share_b
    return ShareOf(ctx, share.kind, share.id, receiver).commit(share.share, share.blind) == expected

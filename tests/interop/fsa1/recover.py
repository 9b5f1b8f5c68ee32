"""From opened shares to secrets, and from secrets to the sum (spec 2.4, 2.7, 7.7 Recovery)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import keys
from .check_node import Setting
from .context import SHARE_OF_B, SHARE_OF_M, commitment
from .masking import add_stream, add_tag_mask, add_tags, add_words, sign
from .refusal import Refusal
from .shamir import recover


@dataclass
class Opened:
    """What the Unmask messages gave: b in the clear by node, shares by (dealer, kind) and point."""

    b: dict[bytes, bytes] = field(default_factory=dict)
    shares: dict[tuple[bytes, int], dict[int, bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Secrets:
    """b of each survivor, m of each dropped node that has a survivor for a neighbour."""

    b: dict[bytes, bytes]
    m: dict[bytes, bytes]


def recover_secrets(
    opened: Opened, u2: Sequence[bytes], u3: Sequence[bytes], com_b: Mapping[bytes, bytes], setting: Setting
) -> Secrets:
    """`too_few_shares`, or `bad_dealer` where committed shares give another secret than the dealer's."""
    b, m = {}, {}
    for node in u3:
        b[node] = opened.b.get(node) or _interpolate(node, SHARE_OF_B, opened, setting)
        if commitment("b", setting.ctx, node, b[node]) != com_b[node]:
            raise Refusal("bad_dealer", node)
    for node in sorted(set(u2) - set(u3)):
        if set(setting.neighbours[node]) & set(u3):
            m[node] = _interpolate(node, SHARE_OF_M, opened, setting)
            if keys.x25519_public(keys.mask_private_key(m[node])) != setting.roster.adverts[node].pk_m:
                raise Refusal("bad_dealer", node)
    return Secrets(b, m)


def _interpolate(dealer: bytes, kind: int, opened: Opened, setting: Setting) -> bytes:
    try:
        return recover(opened.shares.get((dealer, kind), {}), setting.params.share_threshold)
    except Refusal as refusal:
        if refusal.name == "bad_secret":
            raise Refusal("bad_dealer", dealer) from None
        raise


def unmask(
    uploads: Mapping[bytes, tuple[list[int], list[int]]], secrets: Secrets, setting: Setting
) -> tuple[list[int], list[int]]:
    """The sum of words and of tags over U3 (the keys of `uploads`) without any mask."""
    pairs = list(uploads.values())
    words, tags = pairs[0]
    for more_words, more_tags in pairs[1:]:
        words, tags = add_words(words, more_words), add_tags(tags, more_tags)
    for node, b in secrets.b.items():
        words = add_stream(words, keys.self_key(setting.ctx, b, "data", node), -1)
        tags = add_tag_mask(tags, keys.self_key(setting.ctx, b, "tag", node), -1)
    roster = setting.roster
    for gone, m in secrets.m.items():
        for node in sorted(set(setting.neighbours[gone]) & set(uploads)):
            prk = keys.pair_prk(setting.ctx, keys.mask_private_key(m), roster.m_key(node))
            pair = (roster.m_key(gone), roster.m_key(node))
            words = add_stream(words, keys.mask_key(prk, "data", *pair), -sign(node, gone))
            tags = add_tag_mask(tags, keys.mask_key(prk, "tag", *pair), -sign(node, gone))
    return words, tags

"""Every secret of a node's attempt that its peers come to know when all of them collude: so a test can look for them
where they must not be."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from fsa1 import keys
from fsa1.attempt import Attempt
from fsa1.bodies import Entry
from fsa1.primitives import hkdf_extract
from fsa1.shamir import recover


def _of_pair(attempt: Attempt, node: bytes) -> dict[str, bytes]:
    """What this peer shares with the node."""
    advert, secrets = attempt.the_roster.adverts[node], attempt.the_secrets
    found = {}
    for kind, sk, pk in (("c", secrets.sk_c, advert.pk_c), ("m", secrets.sk_m, advert.pk_m)):
        key = X25519PrivateKey.from_private_bytes(sk)
        found[f"X25519 {kind}"] = key.exchange(X25519PublicKey.from_public_bytes(pk))
    found |= {"PRK c": attempt.c_prks[node], "PRK m": attempt.m_prks[node]}
    found |= {f"mask {use}": attempt.mask_key(use, node) for use in ("data", "tag")}
    for use in ("share", "mackey"):
        found[f"channel {use} in"] = attempt.channel_key(use, attempt.me, node)
        found[f"channel {use} out"] = attempt.channel_key(use, node, attempt.me)
    sealed = Entry.parse(attempt.shares.entries[node]).ct
    aad = attempt.channel_aad(attempt.me, node)
    plain = keys.unseal(found["channel share in"], aad, sealed)
    return found | {"share of b": plain[:40], "share of m": plain[56:96]}


def secrets_of(node: bytes, peers: list[Attempt]) -> dict[str, bytes]:
    """By what each is; from the heads of U2 on, when the peers hold their shares of it."""
    found = {}
    for peer in peers:
        found |= {f"{name}, with {peer.me.hex()[:6]}": value for name, value in _of_pair(peer, node).items()}
    first = peers[0]
    points = {peer.the_roster.point(peer.me): peer.dealt[node] for peer in peers}
    least = first.params.share_threshold
    b = recover({x: dealt.share_b for x, dealt in points.items()}, least)
    m = recover({x: dealt.share_m for x, dealt in points.items()}, least)
    dealt_keys = [first.kds[dealer] for dealer in sorted(first.kds)]
    found |= {"b": b, "m": m, "sk_m": keys.mask_private_key(m), "PRK of b": hkdf_extract(first.ctx, b),
              "PRK of the check": hkdf_extract(first.ctx, b"".join(dealt_keys))}
    found |= {f"self {use}": keys.self_key(first.ctx, b, use, node) for use in ("data", "tag")}
    return found | {f"K_d {place}": key for place, key in enumerate(dealt_keys)}

"""The node's checks of a Result and a ResultCert, in the order of 7.6, and of both after a drop-out."""

from .attempt import Attempt
from .bodies import Z
from .certificate import check_certificate
from .messages import Result, ResultCert
from .poly_mac import POINTS
from .primitives import P
from .refusal import Refusal
from .signatures import Signed
from .sums import Sums, check_sum


def check_result(message: Result, attempt: Attempt) -> Sums:
    if message.u3_hash != attempt.u3_hash:
        raise Refusal("second_u3")
    sums = check_sum(message, attempt.params, len(attempt.u3))
    if len(message.tau) != (POINTS if attempt.expects_mac else 0) or any(tau >= P for tau in message.tau):
        raise Refusal("bad_tag")
    if attempt.expects_mac:
        expected = attempt.mac_key().expected(attempt.u3, sums.headers + sums.fields)
        if expected != list(message.tau):
            raise Refusal("bad_tag")
    return sums


def check_result_cert(message: ResultCert, attempt: Attempt) -> None:
    if message.u3_hash != attempt.u3_hash or message.z_root != attempt.z_root:
        raise Refusal("forked_result")
    _check_signers(message, attempt, attempt.u3)


def check_as_outsider(result: Result, cert: ResultCert, attempt: Attempt) -> Sums:
    """A node that dropped out accepts a sum on t signatures of members of the cohort (spec 2.2, P6)."""
    if (result.u3_hash, result.z_root) != (cert.u3_hash, cert.z_root):
        raise Refusal("forked_result")
    sums = check_sum(result, attempt.params, None)
    _check_signers(cert, attempt, attempt.offer.cohort)
    return sums


def _check_signers(cert: ResultCert, attempt: Attempt, members: tuple[bytes, ...]) -> None:
    def verify(node: bytes, sig: bytes) -> bool:
        body = Z(node, cert.u3_hash, attempt.params.nwords, cert.z_root).encode()
        return attempt.signed_by(node, Z.kind, Signed(body, sig))

    check_certificate(cert.sigs, members, attempt.params.t, verify)

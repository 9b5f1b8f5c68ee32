"""The CA of a federation: certificates, join tokens, and entries of the registry that it vouches for
(coordinator.proto, its head and Registry)."""

import base64
import datetime
import os
from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from fsa1.primitives import lv, sha256, u8, u32
from fsa1.registry import RegistryEntry
from lab.checksum import crc32c
from lab.joining import ECDSA, ENTRY_LABEL, PREFIX

HOST = "localhost"  # the DNS name in the server's certificate
LIFE = datetime.timedelta(days=7)
SLACK = datetime.timedelta(minutes=5)


def spiffe_id(domain: str, role: str, name: str) -> str:
    return f"spiffe://{domain}/{role}/{name}"


def node_id(spiffe: str) -> bytes:
    return sha256(spiffe.encode())[:16]


@dataclass(frozen=True)
class Vouched:
    """A registry entry and the CA's signature."""

    spiffe_id: str
    entry: RegistryEntry
    signature: bytes

    def encode(self) -> bytes:
        """As EnrolReply.registry_entry has it."""
        return lv(self.spiffe_id.encode()) + self.entry.encode() + lv(self.signature)


class Authority:
    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
        usage = _usage(digital_signature=True, key_cert_sign=True, crl_sign=True)
        self.certificate = (
            self._builder(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(_names(f"spiffe://{domain}"), critical=False)
            .sign(self.key, hashes.SHA256()))

    @cached_property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, spiffe: str, key: ec.EllipticCurvePublicKey, *hosts: str) -> bytes:
        """A leaf for this key, as PEM."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, spiffe.rsplit("/", 1)[1])])
        peer = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        leaf = (
            self._builder(subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(peer, critical=False)
            .add_extension(_names(spiffe, *hosts), critical=False)
            .sign(self.key, hashes.SHA256()))
        return leaf.public_bytes(Encoding.PEM)

    def issue_for_request(self, spiffe: str, csr_pem: str) -> bytes:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        if not request.is_signature_valid:
            raise ValueError("the request is not signed by its own key")
        return self.issue(spiffe, request.public_key())

    def server_pair(self) -> tuple[bytes, bytes]:
        """Key and chain of the coordinator: leaf, then the CA that tokens name."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self.issue(spiffe_id(self.domain, "coordinator", "capital"), key.public_key(), HOST)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), leaf + self.pem

    def token(self, address: str, spiffe: str) -> tuple[str, bytes]:
        """A join token, and the secret in it."""
        secret = os.urandom(32)
        fingerprint = self.certificate.fingerprint(hashes.SHA256())
        body = u8(1) + lv(address.encode()) + fingerprint + lv(spiffe.encode()) + secret
        packed = base64.urlsafe_b64encode(body + u32(crc32c(body))).decode()
        return PREFIX + packed.rstrip("="), secret

    def vouch(self, spiffe: str, org: str, pk_ed: bytes, not_after: int) -> Vouched:
        entry = RegistryEntry(node_id(spiffe), org.encode(), pk_ed, not_after)
        return Vouched(spiffe, entry, self.key.sign(ENTRY_LABEL + lv(spiffe.encode()) + entry.encode(), ECDSA))

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.utcnow()
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(now - SLACK).not_valid_after(now + LIFE)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(issuer, critical=False))


def _names(uri: str, *hosts: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri), *map(x509.DNSName, hosts)])


def _usage(**allowed: bool) -> x509.KeyUsage:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in every})

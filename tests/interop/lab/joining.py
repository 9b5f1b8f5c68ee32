"""From a join token to an identity: the server pinned by the CA's fingerprint, a CSR, the registry that a person
pinned (coordinator.proto, Enrolment and GetRegistry)."""

import base64
import ssl
import socket
from dataclasses import dataclass
from functools import cached_property

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fsa1.primitives import Reader, lv, sha256
from fsa1.registry import Registry, RegistryEntry

from .checksum import crc32c
from .stubs import coordinator_grpc, coordinator_pb2

PREFIX = "accord1_"
ENTRY_LABEL = b"accord/registry-entry/v1\0"
SESSION_LIMIT = 32 << 20  # bytes of a session message
ECDSA = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True)
class JoinToken:
    address: str
    ca_fingerprint: bytes
    spiffe_id: str
    secret: bytes

    @classmethod
    def parse(cls, text: str) -> "JoinToken":
        if not text.startswith(PREFIX):
            raise ValueError("not a join token")
        packed = text[len(PREFIX):]
        body = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        if crc32c(body[:-4]) != int.from_bytes(body[-4:], "big"):
            raise ValueError("the join token is damaged")
        reader = Reader(body[:-4])
        if reader.u8() != 1:
            raise ValueError("a join token of another version")
        token = cls(reader.lv().decode(), reader.hash(), reader.lv().decode(), reader.take(32))
        reader.end()
        return token


@dataclass(frozen=True)
class Identity:
    """A node that has joined. `host` is a name in the server's certificate: gRPC insists on one, Accord does not."""

    address: str
    host: str
    spiffe_id: str
    ca_pem: bytes
    certificate_pem: bytes
    key_pem: bytes
    protocol_key: bytes  # Ed25519, the private 32 bytes

    @property
    def id(self) -> bytes:
        return sha256(self.spiffe_id.encode())[:16]

    @property
    def federation(self) -> str:
        return self.spiffe_id.split("/")[2]

    def channel(self) -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials(self.ca_pem, self.key_pem, self.certificate_pem)
        return _channel(self.address, self.host, credentials)

    @cached_property
    def ca(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.ca_pem)


def _channel(address: str, host: str, credentials: grpc.ChannelCredentials) -> grpc.Channel:
    options = [("grpc.ssl_target_name_override", host), ("grpc.max_receive_message_length", SESSION_LIMIT),
               ("grpc.max_send_message_length", -1), ("grpc.enable_http_proxy", 0),
               ("grpc.use_local_subchannel_pool", 1)]
    return grpc.secure_channel(address, credentials, options)


def _presented_chain(address: str) -> list[x509.Certificate]:
    """What the server presents, leaf first, believed by nobody yet."""
    host, port = address.rsplit(":", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["h2"])
    with socket.create_connection((host.strip("[]"), int(port)), 30) as raw:
        with context.wrap_socket(raw) as tls:
            chain = tls._sslobj.get_unverified_chain()  # public from Python 3.13 on
    return [x509.load_pem_x509_certificate(c.public_bytes().encode()) for c in chain]


def _names(leaf: x509.Certificate) -> x509.SubjectAlternativeName:
    return leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def pin_server(token: JoinToken) -> tuple[bytes, str]:
    """The pinned CA's PEM and a name of the server, out of what it presents; `ValueError` when it is another."""
    chain = _presented_chain(token.address)
    pinned = [c for c in chain if c.fingerprint(hashes.SHA256()) == token.ca_fingerprint]
    if not pinned:
        raise ValueError("the server does not present the CA that the token names")
    names = _names(chain[0])
    domain = token.spiffe_id.split("/")[2]
    (uri,) = names.get_values_for_type(x509.UniformResourceIdentifier)
    if not uri.startswith(f"spiffe://{domain}/coordinator/"):
        raise ValueError(f"{uri} is not a coordinator of {domain}")
    return pinned[0].public_bytes(Encoding.PEM), names.get_values_for_type(x509.DNSName)[0]


def join(text: str) -> Identity:
    """Makes both keys here, sends a request for the one and the public half of the other."""
    token = JoinToken.parse(text)
    ca_pem, host = pin_server(token)
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    protocol_key = Ed25519PrivateKey.generate()
    public = protocol_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    with _channel(token.address, host, grpc.ssl_channel_credentials(ca_pem)) as channel:
        reply = coordinator_grpc.EnrolmentStub(channel).Enrol(
            coordinator_pb2.EnrolRequest(token_secret=token.secret, protocol_key=public,
                                         csr_pem=request.public_bytes(Encoding.PEM).decode()), timeout=30)
    identity = Identity(
        token.address, host, reply.spiffe_id, reply.ca_pem.encode(), reply.certificate_pem.encode(),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        protocol_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    if reply.spiffe_id != token.spiffe_id or identity.ca.fingerprint(hashes.SHA256()) != token.ca_fingerprint:
        raise ValueError("the answer is for another identity or of another CA")
    own = Reader(reply.registry_entry)
    if own.lv().decode() != identity.spiffe_id or read_entry(own).pk_ed != public:
        raise ValueError("the registry entry is not for this node's protocol key")
    return identity


def read_entry(reader: Reader) -> RegistryEntry:
    return RegistryEntry(reader.id(), reader.lv(), reader.take(32), reader.u64())


def fetch_registry(identity: Identity, channel: grpc.Channel, pinned: bytes) -> Registry:
    """The registry whose hash a person compared with the other labs; each entry signed by the CA."""
    wire = coordinator_grpc.CoordinatorStub(channel).GetRegistry(
        coordinator_pb2.GetRegistryRequest(hash=pinned), timeout=30)
    entries = []
    for item in wire.entries:
        signed = ENTRY_LABEL + lv(item.spiffe_id.encode()) + item.entry
        identity.ca.public_key().verify(item.signature, signed, ECDSA)
        reader = Reader(item.entry)
        entry = read_entry(reader)
        reader.end()
        if entry.id != sha256(item.spiffe_id.encode())[:16]:
            raise ValueError("an entry is not of the node that it names")
        entries.append(entry)
    registry = Registry.parse(Registry(wire.version, tuple(entries)).encode())
    if registry.hash != pinned:
        raise ValueError("the coordinator serves another registry than the pinned one")
    return registry

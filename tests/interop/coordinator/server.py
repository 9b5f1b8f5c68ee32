"""The coordinator's RPCs: joining, the registry, and the sessions of nodes. What is said on a session is its
owner's affair (see Link)."""

import queue
import threading
import time
from collections.abc import Iterator
from concurrent import futures

import grpc
from lab.joining import SESSION_LIMIT
from lab.stubs import coordinator_pb2, node_pb2

from .authority import Authority, Vouched, node_id

PATIENCE = 120.0  # seconds for anything awaited, on a busy machine
BEAT_MS = 60_000
SERVICE = "accord.v1.Coordinator"
SESSIONS = 16


class Link:
    """One session of a node: what it was told, what it said, in order."""

    def __init__(self, spiffe: str) -> None:
        self.spiffe = spiffe
        self.said: list[tuple[str, object]] = []  # kind and message, heartbeats left out
        self._incoming: queue.Queue = queue.Queue()
        self._outgoing: queue.Queue = queue.Queue()

    def tell(self, message: node_pb2.CoordinatorMessage | bytes) -> None:
        """Bytes go out as they are: a hostile coordinator may send what is no message."""
        self._outgoing.put(message)

    def hear(self) -> tuple[str, object]:
        """The next word of the node, by kind; ("ended", None) when the session is over."""
        return self._incoming.get(timeout=PATIENCE)

    def close(self) -> None:
        self._outgoing.put(None)

    def read(self, requests: Iterator[node_pb2.NodeMessage]) -> None:
        try:
            for message in requests:
                kind = message.WhichOneof("kind")
                if kind != "heartbeat":
                    word = (kind, getattr(message, kind))
                    self.said.append(word)
                    self._incoming.put(word)
        except grpc.RpcError:
            pass  # the node went, or cut the stream
        self._incoming.put(("ended", None))
        self.close()

    def write(self) -> Iterator[node_pb2.CoordinatorMessage | bytes]:
        while (message := self._outgoing.get()) is not None:
            yield message


class Server:
    """On two ports of loopback, since Python's gRPC cannot ask for a certificate without insisting on it: `joining`
    for those who have none yet, `address` for nodes."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.invited: dict[bytes, tuple[str, str]] = {}  # by secret of the token: SPIFFE id, organisation
        self.vouched: dict[str, Vouched] = {}
        self.registry = coordinator_pb2.Registry()  # as it is served
        self.sessions: queue.Queue[Link] = queue.Queue()
        self.mute = False  # then new sessions are taken, but not welcomed
        pair = authority.server_pair()
        enrolment = grpc.ssl_server_credentials([pair])
        mutual = grpc.ssl_server_credentials([pair], authority.pem, require_client_auth=True)
        self._servers: list[grpc.Server] = []
        self.joining, self.address = (self._start(credentials) for credentials in (enrolment, mutual))

    def invite(self, spiffe: str, org: str) -> str:
        token, secret = self.authority.token(self.joining, spiffe)
        self.invited[secret] = (spiffe, org)
        return token

    def stop(self) -> None:
        for server in self._servers:
            server.stop(None).wait(PATIENCE)

    def _start(self, credentials: grpc.ServerCredentials) -> str:
        """Where it listens."""
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", SESSION_LIMIT),
                   ("grpc.max_send_message_length", -1), ("grpc.http2.max_ping_strikes", 0)]
        server = grpc.server(futures.ThreadPoolExecutor(SESSIONS), options=options)
        server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler("accord.v1.Enrolment", {
                "Enrol": _unary(self._enrol, coordinator_pb2.EnrolRequest)}),
            grpc.method_handlers_generic_handler(SERVICE, {
                "GetRegistry": _unary(lambda request, context: self.registry, coordinator_pb2.GetRegistryRequest),
                "Session": grpc.stream_stream_rpc_method_handler(
                    self._session, node_pb2.NodeMessage.FromString, _bytes_of)})))
        port = server.add_secure_port("127.0.0.1:0", credentials)
        if port == 0:
            raise OSError("no port on loopback")
        server.start()
        self._servers.append(server)
        return f"127.0.0.1:{port}"

    def _enrol(self, request, context) -> coordinator_pb2.EnrolReply:
        spiffe, org = self.invited.pop(request.token_secret)
        until = int(time.time()) + 7 * 86_400
        vouched = self.vouched[spiffe] = self.authority.vouch(spiffe, org, request.protocol_key, until)
        leaf = self.authority.issue_for_request(spiffe, request.csr_pem)
        return coordinator_pb2.EnrolReply(
            certificate_pem=leaf.decode(), ca_pem=self.authority.pem.decode(), spiffe_id=spiffe,
            registry_entry=vouched.encode(), registry_signature=vouched.signature)

    def _session(self, requests, context) -> Iterator:
        names = context.auth_context().get("x509_subject_alternative_name", [])
        (spiffe,) = [name.decode() for name in names if name.startswith(b"spiffe://")]
        next(requests)  # Hello
        link = Link(spiffe)
        now = int(time.time() * 1000)
        context.send_initial_metadata(())
        if not self.mute:
            link.tell(node_pb2.CoordinatorMessage(welcome=node_pb2.Welcome(
                protocol=1, node=node_id(spiffe), heartbeat_ms=BEAT_MS, time_ms=now)))
        threading.Thread(target=link.read, args=(requests,), daemon=True).start()
        self.sessions.put(link)
        yield from link.write()


def _unary(method, request) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(method, request.FromString, lambda reply: reply.SerializeToString())


def _bytes_of(message: node_pb2.CoordinatorMessage | bytes) -> bytes:
    return message if isinstance(message, bytes) else message.SerializeToString()

"""A node: one Session stream to the coordinator, and a task for each job (node.proto, the order at its head)."""

import queue
import threading
from collections.abc import Callable, Iterator

import grpc
from fsa1.refusal import Refusal

from .conduct import Conduct
from .joining import Identity, fetch_registry
from .plan import Plan
from .stubs import coordinator_grpc, node_pb2, types_pb2
from .task import JobTask, Node

PROTOCOL = 1
SESSION = "/accord.v1.Coordinator/Session"
FIRST_BEAT = 1.0  # seconds, until Welcome says how often
PATIENCE = 120.0


class LabNode:
    """Runs on a thread of its own from `start` to `stop`; dials again when the stream ends.

    `conduct_of` gives the conduct for a job by the name of its plan.
    """

    def __init__(self, identity: Identity, pinned: bytes, conduct_of: Callable[[str], Conduct]) -> None:
        self.identity, self.pinned, self.conduct_of = identity, pinned, conduct_of
        self.tasks: dict[bytes, JobTask] = {}
        self.failure: BaseException | None = None
        self.ends: list[str] = []  # why each session ended
        self._sessions: queue.Queue = queue.Queue()  # one item for each Welcome
        self._ended: queue.Queue = queue.Queue()  # the task of each job that ended; None: this node failed
        self._beat, self._stopping = FIRST_BEAT, threading.Event()
        self._outgoing: queue.Queue = queue.Queue()
        self._channel = identity.channel()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "LabNode":
        stub = coordinator_grpc.CoordinatorStub(self._channel)
        registry = fetch_registry(self.identity, self._channel, self.pinned)
        self._node = Node(self.identity, registry, stub, self.send)
        self._thread.start()
        return self

    def await_session(self) -> None:
        """The next session that the coordinator welcomed."""
        self._sessions.get(timeout=PATIENCE)

    def await_end(self, patience: float) -> JobTask:
        """The next job that ended, with what this node made of it."""
        task = self._ended.get(timeout=patience)
        if task is None:
            raise self.failure
        return task

    def stop(self) -> None:
        self._stopping.set()
        self._outgoing.put(None)
        self._channel.close()
        self._thread.join(30)

    def send(self, message: node_pb2.NodeMessage | bytes) -> None:
        """Bytes go out as they are: a hostile node may send what is no message."""
        self._outgoing.put(message)

    def task_of(self, name: str) -> JobTask:
        (task,) = [task for task in self.tasks.values() if task.plan.name == name]
        return task

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._session()
                self.ends.append("closed")
            except grpc.RpcError as error:
                self.ends.append(f"{error.code().name}: {error.details()}")
            except ValueError:  # of a closed channel
                return
            except BaseException as failure:  # a bug of this node: the test shows it
                self.failure = failure
                self._ended.put(None)
                raise
            self._stopping.wait(0.2)

    def _session(self) -> None:
        outgoing = self._outgoing = queue.Queue()
        hello = node_pb2.Hello(protocol_oldest=PROTOCOL, protocol_newest=PROTOCOL, version="interop",
                               held=[job for job, task in self.tasks.items() if task.ended is None])
        outgoing.put(node_pb2.NodeMessage(hello=hello))
        call = self._channel.stream_stream(
            SESSION, request_serializer=lambda m: m if isinstance(m, bytes) else m.SerializeToString(),
            response_deserializer=node_pb2.CoordinatorMessage.FromString)
        for message in call(self._requests(outgoing)):
            self._on_message(message)

    def _requests(self, outgoing: queue.Queue) -> Iterator[node_pb2.NodeMessage | bytes]:
        while not self._stopping.is_set():
            try:
                message = outgoing.get(timeout=self._beat)
            except queue.Empty:
                message = node_pb2.NodeMessage(heartbeat=node_pb2.Heartbeat())
            if message is None:
                return
            yield message
            if isinstance(message, bytes):
                return  # nothing that follows would be read

    def _on_message(self, message: node_pb2.CoordinatorMessage) -> None:
        kind = message.WhichOneof("kind")
        told = getattr(message, kind)
        if kind == "welcome":
            self._beat = told.heartbeat_ms / 2000
            self._sessions.put(told)
        elif kind == "prepare":
            self._on_prepare(told)
        elif kind == "ended" and told.job in self.tasks:
            self.tasks[told.job].ended = told
            self._ended.put(self.tasks[told.job])
        elif kind not in ("drain", "ended"):
            self._on_duty(kind, told)

    def _on_prepare(self, told: node_pb2.Prepare) -> None:
        try:
            if told.job not in self.tasks:
                plan = Plan.taken(told.job, told.plan, told.token)
                assert plan.layout and plan.outer_lr and plan.mode is not None  # what this node cannot do fails here
                self.tasks[told.job] = JobTask(self._node, plan, self.conduct_of(plan.name))
        except (ValueError, KeyError):
            error = types_pb2.Error(id="task.refused", message="not a job for this node")
            return self.send(node_pb2.NodeMessage(declined=node_pb2.Declined(job=told.job, error=error)))
        registry = self._node.registry.hash
        self.send(node_pb2.NodeMessage(prepared=node_pb2.Prepared(job=told.job, registry=registry)))

    def _on_duty(self, kind: str, told) -> None:
        task = self.tasks.get(told.job)
        if task is None:
            return  # told again once prepared
        try:
            getattr(task, f"on_{kind}")(told)
        except Refusal as refusal:
            task.refuse(told, refusal)
        except grpc.RpcError as error:  # of a blob or an upload; the coordinator tells what comes next
            task.refused.append(f"{kind}: {error.details()}")

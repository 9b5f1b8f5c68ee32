"""Where the nodes of a job sit: at the other end of a session, or here in this process. Both are told messages of
proto/ and answer in order."""

from collections import deque

from fsa1.refusal import Refusal
from lab.task import JobTask
from lab.stubs import node_pb2

from .authority import node_id
from .server import Link


class Seat:
    """`tell` one message, `hear` the next word; `expect` a word of this kind and no other."""

    id: bytes
    name: str

    def tell(self, kind: str, message) -> None:
        raise NotImplementedError

    def hear(self) -> tuple[str, object]:
        raise NotImplementedError

    def expect(self, wanted: str):
        kind, word = self.hear()
        if kind != wanted:
            raise AssertionError(f"{self.name} was to say {wanted}, and said {kind}:\n{word}")
        return word


class LinkSeat(Seat):
    """A real node. It gets another `link` when it dials again."""

    def __init__(self, name: str, link: Link) -> None:
        self.name, self.id = name, node_id(link.spiffe)
        self.links = [link]

    @property
    def link(self) -> Link:
        return self.links[-1]

    @property
    def said(self) -> list[tuple[str, object]]:
        """On all of its sessions."""
        return [word for link in self.links for word in link.said]

    def tell(self, kind: str, message) -> None:
        self.link.tell(node_pb2.CoordinatorMessage(**{kind: message}))

    def hear(self) -> tuple[str, object]:
        return self.link.hear()


class LocalSeat(Seat):
    """A node of lab/ without its session, in one job."""

    def __init__(self, name: str, task: JobTask, words: deque) -> None:
        self.name, self.task, self.words, self.id = name, task, words, task.node.identity.id

    def tell(self, kind: str, message) -> None:
        try:
            getattr(self.task, f"on_{kind}")(message)
        except Refusal as refusal:
            self.task.refuse(message, refusal)

    def hear(self) -> tuple[str, object]:
        message = self.words.popleft()
        kind = message.WhichOneof("kind")
        return kind, getattr(message, kind)

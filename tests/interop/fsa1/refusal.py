"""The one way in which a message is refused (spec 7.6, 7.7): a name, and the node that it concerns."""


class Refusal(Exception):
    """A refusal by the name that the specification gives it; `concerns` is a node id, or None for nobody."""

    def __init__(self, name: str, concerns: bytes | None = None, why: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.concerns = concerns
        self.why = why

    def __str__(self) -> str:
        about = f" (concerns {self.concerns.hex()})" if self.concerns is not None else ""
        return f"{self.name}{about}{': ' + self.why if self.why else ''}"

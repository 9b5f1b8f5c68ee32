"""How a node behaves: what it sends of what it made. This one is honest; hostile ones replace a method."""

from typing import TYPE_CHECKING

from fsa1.messages import MaskedUpload, SharesUpload
from fsa1.signatures import Signed

if TYPE_CHECKING:
    from .task import JobTask


class Conduct:
    def advert(self, task: "JobTask", body: Signed) -> Signed | None:
        """p2; None: say nothing."""
        return body

    def shares(self, task: "JobTask", made: SharesUpload) -> SharesUpload | None:
        """p3"""
        return made

    def upload(self, task: "JobTask", made: MaskedUpload) -> None:
        """p4"""
        task.send_upload(made)

    def unmask(self, task: "JobTask", body: Signed) -> Signed | None:
        """p6"""
        return body

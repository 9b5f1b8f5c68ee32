"""Hostile conducts for the node in Python. Each lies once, in the first attempt of the first round, and is honest
from then on: so a job shows that the lie was refused and that its next attempt or round goes on."""

import os
from dataclasses import replace

from fsa1.bodies import Entry, MaskedEnd, Shares, Unmask
from fsa1.context import entry_digest
from fsa1.messages import MaskedUpload, SharesUpload
from fsa1.primitives import P, sha256
from fsa1.signatures import Signed, sign
from lab import transfer, wire
from lab.conduct import Conduct
from lab.task import JobTask


def resigned(task: JobTask, body, ctx: bytes | None = None) -> Signed:
    """A body of this node with a good signature, under another ctx if one is given."""
    attempt = task.member.attempt
    return sign(task.node.identity.protocol_key, body.kind, ctx or attempt.ctx, body.encode())


def other_end(task: JobTask, end: Signed, **changed) -> Signed:
    return resigned(task, replace(MaskedEnd.parse(end.body), **changed))


def other_tags(task: JobTask, end: Signed) -> Signed:
    tags = MaskedEnd.parse(end.body).tags
    return other_end(task, end, tags=((tags[0] + 1) % P, *tags[1:]))


class WrongRoot(Conduct):
    """The signed root is not that of the words."""

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        task.send_update(replace(made, end=other_end(task, made.end, root=sha256(b"another"))))


class WrongTag(Conduct):
    """Tags that do not fit the words, and all that follows by the book: nobody can tell until the sum is opened."""

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        task.member.attempt.upload = replace(made, end=other_tags(task, made.end))
        task.send_update(task.member.attempt.upload)


class WrongLength(Conduct):
    """A word too many, then the right words under an end that claims one more."""

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        longer = (*made.chunks[:-1], made.chunks[-1] + bytes(8))
        task.send_update(replace(made, chunks=longer))
        nwords = MaskedEnd.parse(made.end.body).nwords + 1
        task.send_update(replace(made, end=other_end(task, made.end, nwords=nwords)))


class SecondEnd(Conduct):
    """Another end after the upload was closed."""

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        task.send_update(made)
        task.send_end(other_tags(task, made.end))


class SecondEndFirst(Conduct):
    """Two ends before the words that they close: the first is the one that counts."""

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        task.send_end(made.end)
        task.send_end(other_tags(task, made.end))
        transfer.put_update(task.node.stub, task.upload_key(), wire.data_of(made))


class OtherContext(Conduct):
    """An advert signed for the next attempt."""

    def advert(self, task: JobTask, body: Signed) -> Signed:
        offer = task.member.attempt.offer
        other = replace(offer, attempt=offer.attempt + 1).ctx()
        return sign(task.node.identity.protocol_key, "advertise", other, body.body)


class BadEntry(Conduct):
    """Entries that are not those of the signed head."""

    def shares(self, task: JobTask, made: SharesUpload) -> SharesUpload:
        return replace(made, entries={to: _flipped(entry) for to, entry in made.entries.items()})


class BadCiphertext(Conduct):
    """Entries that nobody can open, under a head that signs them."""

    def shares(self, task: JobTask, made: SharesUpload) -> SharesUpload:
        entries = {to: _flipped(entry) for to, entry in made.entries.items()}
        digests = tuple((to, entry_digest(entry)) for to, entry in sorted(entries.items()))
        return SharesUpload(resigned(task, replace(Shares.parse(made.head.body), digests=digests)), entries)


def _flipped(entry: bytes) -> bytes:
    opened = Entry.parse(entry)
    return replace(opened, ct=bytes([opened.ct[0] ^ 1]) + opened.ct[1:]).encode()


class BadDealer(Conduct):
    """Shares of another mask seed than that behind the advertised key, and then silence."""

    def advert(self, task: JobTask, body: Signed) -> Signed:
        attempt = task.member.attempt
        attempt.secrets = replace(attempt.the_secrets, m=os.urandom(32))
        return body

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        pass


class BadShare(Conduct):
    """An opened share that is not the one that was committed to."""

    def unmask(self, task: JobTask, body: Signed) -> Signed:
        opened = Unmask.parse(body.body)
        first = replace(opened.shares[0], blind=bytes(16))
        return resigned(task, replace(opened, shares=(first, *opened.shares[1:])))


class CutUpload(Conduct):
    """Half an upload, and then nothing more of it."""

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        transfer.put_part_of_update(task.node.stub, task.upload_key(), wire.data_of(made), 1)


class ResumedUpload(Conduct):
    """Half an upload, then the rest on another stream: no lie at all."""

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        transfer.put_part_of_update(task.node.stub, task.upload_key(), wire.data_of(made), 1)
        task.send_upload(made)


class Speaks(Conduct):
    """Says something else on the session instead of its advert."""

    def __init__(self, said: bytes) -> None:
        self.said = said

    def advert(self, task: JobTask, body: Signed) -> None:
        task.node.send(self.said)


class Once(Conduct):
    """`lie` in the first attempt of the first round, honest otherwise, also when asked again."""

    def __init__(self, lie: Conduct) -> None:
        self.lie, self.honest = lie, Conduct()
        self.told: set[str] = set()

    def _now(self, step: str, task: JobTask) -> Conduct:
        if task.at != (1, 0) or step in self.told:
            return self.honest
        self.told.add(step)
        return self.lie

    def advert(self, task: JobTask, body: Signed) -> Signed | None:
        return self._now("advert", task).advert(task, body)

    def shares(self, task: JobTask, made: SharesUpload) -> SharesUpload | None:
        return self._now("shares", task).shares(task, made)

    def upload(self, task: JobTask, made: MaskedUpload) -> None:
        self._now("upload", task).upload(task, made)

    def unmask(self, task: JobTask, body: Signed) -> Signed | None:
        return self._now("unmask", task).unmask(task, body)

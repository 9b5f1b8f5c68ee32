"""Bulk between node and coordinator: blobs, and updates in parts (coordinator.proto, GetBlob and PutUpdate)."""

import threading
import time
from collections.abc import Iterator

import grpc
from fsa1.primitives import merkle_root, sha256

from .checksum import crc32c
from .stubs import coordinator_grpc, coordinator_pb2
from .wire import CHUNK_BYTES, chunks

PATIENCE = 120.0
BUSY = "upload.busy"  # the stream before is not over at the coordinator, which hears later than we that it was cut
PAUSE = 0.1  # seconds before it is asked again: nobody tells when it is


def get_blob(stub: coordinator_grpc.CoordinatorStub, wanted: bytes) -> bytes:
    content = b""
    for chunk in stub.GetBlob(coordinator_pb2.GetBlobRequest(hash=wanted), timeout=PATIENCE):
        if chunk.offset != len(content) or crc32c(chunk.data) != chunk.crc32c:
            raise ValueError("the blob came damaged")
        content += chunk.data
    if sha256(content) != wanted:
        raise ValueError("the blob came with other bytes")
    return content


def parts(key: coordinator_pb2.UploadKey, data: bytes, first_seq: int = 0) -> Iterator[coordinator_pb2.UpdatePart]:
    """The parts of an update from a chunk on; the first has the key, the last the root."""
    pieces = chunks(data)
    for seq in range(first_seq, len(pieces)):
        part = coordinator_pb2.UpdatePart(seq=seq, crc32c=crc32c(pieces[seq]), data=pieces[seq])
        if seq == first_seq:
            part.key.CopyFrom(key)
            part.words = len(data) // 8
        if seq == len(pieces) - 1:
            part.root = merkle_root(pieces)
        yield part


def put_update(stub: coordinator_grpc.CoordinatorStub, key: coordinator_pb2.UploadKey, data: bytes) -> None:
    """Sends it whole, from where it stands."""
    end = time.monotonic() + PATIENCE
    while True:
        at = stub.GetUpload(key, timeout=PATIENCE)
        first = 0 if at.complete else at.next_seq
        try:
            reply = stub.PutUpdate(parts(key, data, first), timeout=PATIENCE)
            break
        except grpc.RpcError as error:
            if BUSY not in (error.details() or "") or time.monotonic() > end:
                raise
        threading.Event().wait(PAUSE)
    if reply.next_seq != -(-len(data) // CHUNK_BYTES):
        raise ValueError("the coordinator has not all of the update")


def put_part_of_update(stub: coordinator_grpc.CoordinatorStub, key: coordinator_pb2.UploadKey, data: bytes,
                       count: int) -> None:
    """Sends so many parts, and breaks the stream off; the coordinator has got some of them, or all."""
    cut, sent = threading.Event(), threading.Event()

    def some() -> Iterator[coordinator_pb2.UpdatePart]:
        for _, part in zip(range(count), parts(key, data)):
            yield part
        sent.set()
        cut.wait(PATIENCE)

    call = stub.PutUpdate.future(some(), timeout=PATIENCE)
    sent.wait(PATIENCE)
    call.cancel()
    cut.set()
    try:
        call.result()
    except (grpc.RpcError, grpc.FutureCancelledError):
        pass

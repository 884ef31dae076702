"""Uploaded arrays: states, fields and histories, kept for their owner under a name made of their contents."""

import errno
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from mfn_grpc.arrays import AnyArray, PartAssembler
from mfn_grpc.core.limits import InvalidInput, Violation, refuse
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ArrayPart, ElementType
from mfn_server.errors import Fault
from mfn_server.grids import MOST_CELLS, grid_violations
from mfn_server.parts import add_part, header_violations
from mfn_server.shelf import Shelf

MAX_ARRAY_BYTES = 2**30
"""Room for the largest state (three species of float64, 4096 x 4096), the largest field (float64, 8192 x 8192), and
for histories: 128 steps of float64, 1024 x 1024."""
FIELD_TYPES = ElementType.ELEMENT_TYPE_FLOAT64, ElementType.ELEMENT_TYPE_FLOAT32
"""What states, fields and histories are made of."""
STORED_TYPES = (*FIELD_TYPES, ElementType.ELEMENT_TYPE_UINT8, ElementType.ELEMENT_TYPE_BOOL)
"""What some field of the contract takes; none needs work to be understood once it is here."""
DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
REF = re.compile(r"arrays/([0-9a-f]{64})")


class ArrayStore:
    """Arrays by content: uploading the same array again gives the same reference, on every server that shares it.

    quota_bytes: what one principal may keep. total_bytes: what all of them together may. ttl_s: age since the last use
    at which an array is deleted. Methods block: call them on a thread of their own.
    """

    def __init__(self, directory: Path, *, quota_bytes: int, total_bytes: int, ttl_s: float) -> None:
        self._shelf = Shelf(directory, ".npy", ttl_s=ttl_s)
        self._quota_bytes, self._total_bytes, self.ttl_s = quota_bytes, total_bytes, ttl_s

    def save(self, principal: str, array: AnyArray) -> str:
        """Keep an array; the reference to it. Refuses what exceeds the principal's quota or the server's room."""
        key = _digest(array)
        path = self._shelf.path(principal, key)
        if not path.exists():
            self._require_room(principal, array.nbytes)
            self._write(principal, key, array)
        self._shelf.touch(path)
        return f"arrays/{key}"

    def load(self, principal: str, field: str, ref: str) -> np.ndarray[Any, np.dtype[Any]]:
        """A read-only map of the principal's array; refuses a reference, given in `field`, that names none."""
        found = REF.fullmatch(ref)
        try:
            path = self._shelf.path(principal, found.group(1) if found else "")
            array: np.ndarray[Any, np.dtype[Any]] = np.load(path, mmap_mode="r", allow_pickle=False)
            self._shelf.touch(path)
        except (OSError, ValueError, EOFError):
            text = f"{field} {ref[:80]!r} names no array of this caller; upload it (again)"
            raise Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, text) from None
        return array

    def sweep(self) -> None:
        """Delete what has not been used for the time to live."""
        self._shelf.sweep()

    def _write(self, principal: str, key: str, array: AnyArray) -> None:
        try:
            self._shelf.write(principal, key, partial(np.save, arr=array))
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            text = "the server has no room to keep the array; try again later"
            raise Fault(reasons.ERROR_REASON_STORAGE_FULL, text) from None

    def _require_room(self, principal: str, size: int) -> None:
        used = self._shelf.used_bytes(principal)
        if used + size > self._quota_bytes:
            text = f"{used} bytes of arrays are kept for this caller; {size} more would exceed {self._quota_bytes}"
            raise Fault(reasons.ERROR_REASON_QUOTA_EXCEEDED, f"{text}; wait until some expire")
        kept = self._shelf.used_bytes()
        if kept + size > self._total_bytes:
            text = f"{kept} bytes of arrays are kept for all callers; {size} more would exceed {self._total_bytes}"
            raise Fault(reasons.ERROR_REASON_STORAGE_FULL, f"{text}; try again when some have expired")


async def first_part(requests: AsyncIterator[pb.UploadArrayRequest], most_cells: int = MOST_CELLS) -> ArrayPart:
    """The part that says how large the array is; refused before anything of that size is allocated."""
    request = await anext(requests, None)
    if request is None:
        raise Fault(reasons.ERROR_REASON_MISSING_REQUEST, "the upload was closed before its first part")
    refuse(_first_violations(request.part, most_cells))
    return request.part


def _first_violations(part: ArrayPart, most_cells: int) -> Iterator[Violation]:
    if part.total_bytes > MAX_ARRAY_BYTES:
        text = f"is {part.total_bytes}, must be at most {MAX_ARRAY_BYTES}, the largest array that is kept"
        yield Violation("part.total_bytes", str(part.total_bytes), text)
    yield from header_violations(part, STORED_TYPES)
    yield from grid_violations(part.header.shape, "part.header.shape", most_cells)


async def assemble(first: ArrayPart, requests: AsyncIterator[pb.UploadArrayRequest]) -> AnyArray:
    """The array whose parts arrive; refuses parts that are out of order, damaged, missing or surplus."""
    assembler = PartAssembler(MAX_ARRAY_BYTES)
    done = add_part(assembler, first, "part 0")
    count = 1
    async for request in requests:
        if done is not None:
            raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, "a part arrived after the array was complete")
        done = add_part(assembler, request.part, f"part {count}")
        count += 1
    if done is None:
        text = f"the upload ended after {count} parts, before the array was complete"
        raise InvalidInput([Violation("part", "", text)])
    return done.elements


def _digest(array: AnyArray) -> str:
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()

"""Arrays that arrive in parts: waited for, checked before anything of their size is allocated, put together."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any, TypeVar

from mfn_grpc.arrays import ArrayError, AssembledArray, PartAssembler, name_faults
from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.types_pb2 import ArrayPart, ElementType
from mfn_server.decoding import type_violations
from mfn_server.errors import Fault, draining

M = TypeVar("M")


async def arriving(
    requests: AsyncIterator[M], idle_s: float, drained: asyncio.Event, remedy: str
) -> AsyncGenerator[M, None]:
    """The messages as they come; refuses a caller that falls silent, who would hold memory, and ends with the server.

    drained: set when the server shuts down. remedy: what a silent caller is told to do.
    """
    leaving = asyncio.ensure_future(drained.wait())
    try:
        while (request := await _next(requests, idle_s, leaving, remedy)) is not None:
            yield request
    finally:
        leaving.cancel()


async def _next(requests: AsyncIterator[M], idle_s: float, leaving: asyncio.Future[Any], remedy: str) -> M | None:
    """The next message, None at the end of the stream."""
    reading = asyncio.ensure_future(anext(requests, None))
    try:
        await asyncio.wait((reading, leaving), timeout=idle_s, return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            raise draining()
        if not reading.done():
            raise Fault(reasons.ERROR_REASON_STREAM_IDLE, f"no message arrived for {idle_s:g} s; {remedy}")
        return reading.result()
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)  # a read that goes on would keep the call from ending


def header_violations(part: ArrayPart, accepted: tuple[ElementType, ...]) -> Iterator[Violation]:
    """What is wrong with the header of an array's first part, where only these element types are accepted."""
    if not part.HasField("header"):
        yield Violation("part.header", "", "is missing, must be set in the first part")
        return
    yield from type_violations(part.header.element_type, accepted, "part.header.element_type")
    for fault in name_faults(part.header):
        yield Violation(f"part.{fault.field}", "", fault.description)
    for name in ("scale", "offset"):
        if part.header.HasField(name):
            value = str(getattr(part.header, name))
            yield Violation(f"part.header.{name}", value, "is set, must be left out: the array is taken as it is")


def add_part(assembler: PartAssembler, part: ArrayPart, name: str) -> AssembledArray | None:
    """The array that this part completes, or None; refuses a part, by its name, that is out of order or damaged."""
    try:
        return assembler.add(part)
    except ArrayError as error:
        violations = [Violation(f"part.{fault.field}", name, f"{fault.description} ({name})") for fault in error.faults]
        if error.expected_offset is None:
            raise InvalidInput(violations) from None
        metadata = {"expected_offset": str(error.expected_offset)}
        text = f"{name} does not continue the array at byte {error.expected_offset}, or passes its end"
        raise Fault(reasons.ERROR_REASON_OFFSET_MISMATCH, text, violations=violations, metadata=metadata) from None

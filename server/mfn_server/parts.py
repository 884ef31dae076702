"""Arrays that arrive in parts: waited for, checked before anything of their size is allocated, put together."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from mfn_grpc.arrays import ArrayError, AssembledArray, PartAssembler
from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.types_pb2 import ArrayPart, ElementType
from mfn_server.errors import Fault

M = TypeVar("M")


async def arriving(requests: AsyncIterator[M], idle_s: float) -> AsyncIterator[M]:
    """The messages as they come; refuses a caller that falls silent, who would hold memory and a running slot."""
    while True:
        try:
            async with asyncio.timeout(idle_s):
                request = await anext(requests)
        except StopAsyncIteration:
            return
        except TimeoutError:
            text = f"no message arrived for {idle_s:g} s; send the array again"
            raise Fault(reasons.ERROR_REASON_STREAM_IDLE, text) from None
        yield request


def header_violations(part: ArrayPart, accepted: tuple[ElementType, ...]) -> Iterator[Violation]:
    """What is wrong with the header of an array's first part, where only these element types are accepted."""
    if not part.HasField("header"):
        yield Violation("part.header", "", "is missing, must be set in the first part")
        return
    if part.header.element_type not in accepted:
        names = " or ".join(ElementType.Name(number) for number in accepted)
        number = str(part.header.element_type)
        yield Violation("part.header.element_type", number, f"is {number}, must be {names}")
    for name in ("scale", "offset"):
        if part.header.HasField(name):
            value = str(getattr(part.header, name))
            yield Violation(f"part.header.{name}", value, "is set, must be left out: the array is taken as it is")


def add_part(assembler: PartAssembler, part: ArrayPart, name: str) -> AssembledArray | None:
    """The array that this part completes, or None; refuses a part, by its name, that is out of order or damaged."""
    try:
        return assembler.add(part)
    except ArrayError as error:
        faults = [Violation("part", name, f"{name}: {fault}") for fault in error.faults]
        raise InvalidInput(faults) from None

"""A model on its way to participants: announced, then its bytes, read and summed when the writer's turn comes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from functools import partial

from mfn_grpc.tensors import chunks
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.disk import Disk
from mfn_server.federation.machine.records import Model
from mfn_server.federation.payload_keys import model_key
from mfn_server.federation.storage.payload import Payload
from mfn_server.federation.storage.payload_store import PayloadStore
from mfn_server.simulation.prefetch import one_ahead

AT_ONCE_BYTES = 1024 * 1024
"""Read in one go; a model that is no larger is read once for all participants."""


class ModelReader:
    """The chunks of one federation's models."""

    def __init__(self, models: PayloadStore, disk: Disk) -> None:
        self._models, self._disk = models, disk
        self._small: tuple[Model, asyncio.Task[list[pb.Chunk]]] | None = None

    async def chunks(self, model: Model, total_bytes: int, offset: int) -> AsyncGenerator[pb.Chunk, None]:
        """The bytes of a model from `offset` on; raises PayloadMissing and SealBroken."""
        if offset == total_bytes:
            return
        if offset == 0 and total_bytes <= AT_ONCE_BYTES:
            for chunk in await self._small_one(model, total_bytes):
                yield chunk
            return
        payload = await self._disk.run(partial(self._models.open, model_key(model.version)))
        with closing(payload):  # grpc may keep this frame for as long as it likes when the call breaks off
            async with aclosing(blocks(payload, offset, self._disk)) as following:
                async for block in following:
                    for chunk in block:
                        yield chunk

    async def _small_one(self, model: Model, total_bytes: int) -> list[pb.Chunk]:
        """All chunks of a small model, kept until another one is asked for."""
        if self._small is None or self._small[0] != model or _failed(self._small[1]):
            self._small = model, asyncio.create_task(self._read_whole(model, total_bytes))
        return await asyncio.shield(self._small[1])

    async def _read_whole(self, model: Model, total_bytes: int) -> list[pb.Chunk]:
        def read() -> list[pb.Chunk]:
            with closing(self._models.open(model_key(model.version))) as payload:
                return _read(payload, 0, total_bytes)

        return await self._disk.run(read)


def blocks(payload: Payload, offset: int, disk: Disk) -> AsyncGenerator[list[pb.Chunk], None]:
    """A payload from `offset` on, in chunks by the MiB; the next ones are read while the last ones are sent."""
    return one_ahead(_blocks(payload, offset, disk))


async def _blocks(payload: Payload, offset: int, disk: Disk) -> AsyncGenerator[list[pb.Chunk], None]:
    for start in range(offset, payload.size, AT_ONCE_BYTES):
        yield await disk.run(partial(_read, payload, start, min(start + AT_ONCE_BYTES, payload.size)))


def _read(payload: Payload, start: int, stop: int) -> list[pb.Chunk]:
    return list(chunks(payload.read, stop, start))


def _failed(task: "asyncio.Task[list[pb.Chunk]]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)

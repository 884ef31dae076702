"""Questions to a federation's journal, asked on the disk's threads."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault, draining
from mfn_server.federation.live.live import Live
from mfn_server.federation.resources.gone import no_federation
from mfn_server.federation.resources.watching import ReadAfter
from mfn_server.federation.storage.journal import Journal

EVENTS_AT_ONCE = 100
T = TypeVar("T")


async def read(live: Live, question: Callable[[Journal], T]) -> T:
    """The answer; NOT_FOUND when the federation is deleted meanwhile, SERVER_DRAINING when it is given up."""
    try:
        return await live.disk.run(partial(question, live.folder.journal))
    except sqlite3.ProgrammingError as closed:
        raise (no_federation(live.name) if live.deleted else draining()) from closed


def kept_events(live: Live) -> ReadAfter:
    """Gives the kept events of a federation after a sequence, a bounded number at a time."""

    async def read_after(sequence: int) -> list[pb.WatchFederationResponse] | None:
        try:
            page = await read(live, lambda journal: journal.watch_after(sequence, EVENTS_AT_ONCE))
        except Fault:
            if live.deleted:
                return None
            raise
        return [pb.WatchFederationResponse.FromString(row.message) for row in page.rows]

    return read_after

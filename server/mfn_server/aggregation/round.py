"""One open round: its clients, their bytes on the way to the spool, and who is out of it already."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial

from mfn_grpc.core.aggregation import ClientVerdict, Update
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1.federation_pb2 import AggregateChunk, AggregateClientBegin
from mfn_server.aggregation.announcements import Layouts, screening_of
from mfn_server.aggregation.requests import MOST_CLIENTS, Plan, check_announcement, weight_of
from mfn_server.aggregation.spool import Share, SpoolFile, aligned
from mfn_server.aggregation.uploads import Place, Screening, Upload
from mfn_server.aggregation.verdicts import missing, screened
from mfn_server.aggregation.writing import Writer
from mfn_server.chunks import require_chunk
from mfn_server.errors import Fault
from mfn_server.federation.disk import Disk


class Round:
    """The clients of one round. digests: what each announced, by client id. verdicts: on those that are out.

    A client's fault screens it out and leaves the round as it is; a caller's fault is raised and ends the call.
    """

    def __init__(self, plan: Plan, file: SpoolFile, share: Share, disk: Disk) -> None:
        self.plan = plan
        self.digests: dict[str, bytes] = {}
        self.verdicts: dict[str, ClientVerdict] = {}
        self.writer = Writer(disk)
        self._uploads: dict[str, Upload] = {}
        self._layouts = Layouts(plan.manifest)
        self._file, self._share, self._disk = file, share, disk
        self._end = 0

    def announce(self, begin: AggregateClientBegin) -> ClientVerdict | None:
        """Take in a client; its verdict when its announcement fails a screen."""
        check_announcement(begin, self.digests)
        if len(self.digests) == MOST_CLIENTS:
            text = f"{MOST_CLIENTS} clients are announced, the most that a round has; aggregate in two steps"
            raise Fault(reasons.ERROR_REASON_QUOTA_EXCEEDED, text)
        self.digests[begin.client_id] = begin.sha256
        if screening := screening_of(begin, self.plan):
            return self._screen(begin.client_id, screening)
        size = aligned(begin.total_bytes)
        self._share.take(size)
        place = Place(self._file, self._end, begin.total_bytes, self._layouts.of(begin))
        self._uploads[begin.client_id] = Upload(begin.client_id, weight_of(begin), begin.sha256, place)
        self._end += size
        return None

    async def take(self, message: AggregateChunk) -> ClientVerdict | None:
        """Take a piece of an update; the client's verdict when it completes one that fails a screen."""
        client_id, chunk = message.client_id, message.chunk
        if client_id in self.verdicts:
            return None
        if (upload := self._uploads.get(client_id)) is None:
            text = f"chunk.client_id {client_id[:80]!r} was not announced in this round"
            raise Fault(reasons.ERROR_REASON_UNEXPECTED_MESSAGE, text)
        require_chunk(chunk, upload.received, upload.total_bytes, "chunk.chunk")
        upload.received += len(chunk.data)
        await self.writer.put(upload, chunk.data)
        if not upload.complete:
            return None
        await self.writer.flush()
        screening = await self._disk.run(upload.verify)
        return self._screen(client_id, screening) if screening else None

    def end_input(self) -> list[ClientVerdict]:
        """No more bytes come: the verdicts on those whose updates are not complete."""
        late = [missing(upload) for upload in self._uploads.values() if not upload.complete]
        for verdict in late:
            self._drop(verdict)
        return late

    @asynccontextmanager
    async def updates(self) -> AsyncIterator[list[Update]]:
        """The updates that nothing has been found wrong with, readable as long as this lasts."""
        if not self._uploads:
            yield []
            return
        with closing(await self._disk.run(partial(self._file.view, self._end))) as view:
            yield [Update(each.client_id, each.elements(view), each.weight) for each in self._uploads.values()]

    def _screen(self, client_id: str, screening: Screening) -> ClientVerdict:
        verdict = screened(client_id, screening)
        self._drop(verdict)
        return verdict

    def _drop(self, verdict: ClientVerdict) -> None:
        self._uploads.pop(verdict.client_id, None)
        self.verdicts[verdict.client_id] = verdict

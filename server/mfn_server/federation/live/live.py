"""One federation that this process owns: its state, its sessions, and whatever the machine wants done."""

import logging
import time
from collections import ChainMap
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.disk import Disk
from mfn_server.federation.live.actor import NO_ROWS, Actor, Submission
from mfn_server.federation.live.auditing import audit_verdicts
from mfn_server.federation.live.chores import Chores, Hopeless
from mfn_server.federation.live.opening import MANIFEST, Found, tidy, tidy_drafts
from mfn_server.federation.live.recording import Recorder, Recording, Stepped
from mfn_server.federation.live.retaining import retention_of, spare_keys
from mfn_server.federation.live.seats import Seat, Seats
from mfn_server.federation.live.telling import tell
from mfn_server.federation.live.timers import Timers
from mfn_server.federation.machine import actions as todo
from mfn_server.federation.machine.events import Aggregated, Deleted, Disconnected, Event, Restarted
from mfn_server.federation.machine.records import FinishReason, SkipReason
from mfn_server.federation.machine.state import State
from mfn_server.federation.messages import Messages
from mfn_server.federation.payload_keys import keys_of_version
from mfn_server.federation.resources.gone import no_federation
from mfn_server.federation.resources.policies import say_update_type
from mfn_server.federation.resources.watching import Watchers
from mfn_server.federation.storage.folder import FederationFolder
from mfn_server.federation.storage.rows import Batch
from mfn_server.federation.stream.claims import ManifestCheck
from mfn_server.federation.stream.receiving import forget
from mfn_server.federation.stream.sending import ModelReader
from mfn_server.telemetry.audit import Audit
from mfn_server.telemetry.metrics.federations import FederationMetrics
from mfn_server.telemetry.tracing.spans import span

log = logging.getLogger(__name__)


class Aggregating(Protocol):
    """Makes a model of updates."""

    async def aggregate(self, live: "Live", action: todo.Aggregate) -> tuple[Aggregated, Batch]:
        """What came of it, durable, and the rows that go with it."""


class Live:
    """One federation. Made inside the event loop; `start` lets it go on where its journal ends.

    name: federations/{f}. created: what never changes of it. enrolled: what is stored of its participants, by their
    full names. manifest: of its model, None before there is one. stored_bytes: of its files, as last measured.
    """

    def __init__(
        self,
        folder: FederationFolder,
        found: Found,
        disk: Disk,
        aggregating: Aggregating,
        audit: Audit,
        metrics: FederationMetrics,
    ) -> None:
        self.folder, self.disk, self.created, self.policy = folder, disk, found.created, found.policy
        self.name, self.uid = found.created.name, found.created.uid
        self.enrolled = found.enrolled
        self.manifest: pb.TensorManifest | None = None
        self.messages = Messages(found.created)
        self.seats = Seats()
        self.watchers = Watchers(found.sequence, finished=found.state.finish_reason is not None)
        self.stored_bytes = 0
        self.timers = Timers(self._due)
        self.models = ModelReader(folder.models, disk)
        self._sequence = found.sequence
        self._aggregating, self._audit, self._metrics = aggregating, audit, metrics
        self._recorder = Recorder(self.messages)
        self._chores = Chores(self.name)
        self._closing = self._deleted = False
        self._manifest_check: ManifestCheck | None = None
        if found.manifest is not None:
            self._take_manifest(found.manifest)
        self._actor = Actor(found.state, folder.journal, disk, self, replayed=found.replayed)

    @property
    def state(self) -> State:
        """What all that is durable has come to."""
        return self._actor.state

    @property
    def deleted(self) -> bool:
        """Whether nothing of it is to be seen any more."""
        return self._deleted or self.state.finish_reason is FinishReason.DELETED

    @property
    def required_manifest(self) -> pb.TensorManifest:
        """Of the model, where there must be one."""
        if self.manifest is None:
            raise RuntimeError(f"{self.name} has no model yet")
        return self.manifest

    @property
    def manifest_check(self) -> ManifestCheck:
        """Judges the manifests of updates, where there must be a model."""
        if self._manifest_check is None:
            element_type = self.policy.message.update_element_type
            self._manifest_check = ManifestCheck(self.required_manifest, element_type)
        return self._manifest_check

    async def start(self) -> None:
        """Clear away what a crash has left, and have the machine begin anew what was under way."""
        await self.disk.run(partial(tidy, self.folder, self.state, time.time()))
        await self.measure()
        await self.submit(Restarted(at=time.time()))
        self._chores.begin("sealing with the newest key", self._reseal())

    async def submit(
        self, event: Event, rows: Batch = NO_ROWS, committed: Callable[[], None] | None = None
    ) -> tuple[todo.Action, ...]:
        """What the machine decides about an event, once it and the rows are durable and the actions are under way.

        committed: called once they are durable, before the actions. STORAGE_FULL when there is no room for them.
        """
        if self.deleted:
            raise no_federation(self.name)
        return await self._actor.submit(event, rows, committed)

    def leave(self, seat: Seat, *, goodbye: bool = False) -> None:
        """A session has ended, however. goodbye: whether its participant said so."""
        self.seats.leave(seat)
        if not self._closing:  # else the next owner finds nobody connected anyway
            self._actor.post(Disconnected(seat.participant, seat.session, at=time.time(), goodbye=goodbye))

    async def measure(self) -> int:
        """Bytes of all its files, now."""
        self.stored_bytes = await self.disk.run(self.folder.stored_bytes)
        return self.stored_bytes

    async def delete(self, event: Deleted) -> None:
        """The federation is over, and nothing of it is to be seen any more; needs no room on the disk."""
        try:
            await self.submit(event)
        except Fault as fault:
            if fault.reason != reasons.ERROR_REASON_STORAGE_FULL:
                raise
            self._deleted = True

    async def end(self, fault: Fault) -> None:
        """End the sessions with this fault, unless they have ended, and write down what waits."""
        seats = list(self.seats)
        self._closing = True
        for seat in seats:
            seat.end(fault)
        for seat in seats:
            await seat.released()
        self.timers.cancel(*todo.TimerKind)
        await self._chores.end()
        await self._actor.close()

    # What follows from steps: called by the actor.

    def record(self, steps: Sequence[Stepped], taken: Sequence[Submission]) -> Recording:
        """Rows for the transaction of these steps."""
        added = {row.name: pb.Participant.FromString(row.message) for each in taken for row in each.rows.participants}
        enrolled = ChainMap(added, self.enrolled)
        return self._recorder.record(steps, self._sequence, self.stored_bytes, enrolled)

    def perform(self, submissions: Sequence[Submission], recording: Recording) -> None:
        """Do what was decided, now that it is durable."""
        self._sequence = recording.sequence
        for submission in submissions:
            self._know(submission.rows)
            if submission.committed is not None:
                submission.committed()
            self._metrics.happened(submission.actions)
            for action in submission.actions:
                audit_verdicts(self._audit, action)
                self._do(action)
        self.watchers.tell(recording.told)

    def _know(self, rows: Batch) -> None:
        """Keep at hand what the journal now holds."""
        for name in rows.removed_participants:
            self.enrolled.pop(name, None)
        for row in rows.participants:
            self.enrolled[row.name] = pb.Participant.FromString(row.message)
        if MANIFEST in rows.meta:
            self._take_manifest(pb.TensorManifest.FromString(rows.meta[MANIFEST]))

    def _take_manifest(self, manifest: pb.TensorManifest) -> None:
        self.manifest = manifest
        for policy in (self.created.policy, self.policy.message):
            say_update_type(policy, manifest)

    def _do(self, action: todo.Action) -> None:
        match action:
            case todo.StartTimer():
                self.timers.start(action)
            case todo.Aggregate():
                self._chores.begin("an aggregation", self._aggregate(action))
            case todo.Discard(payloads):
                self._chores.begin("deleting updates", self._discard(payloads))
            case todo.Conclude():
                self._chores.begin("clearing away old records", self._retain())
        tell(self.seats, action)

    def _due(self, action: todo.StartTimer) -> None:
        if self.state.open is None or self.state.open.number != action.round:
            return
        self._actor.post(action.due(time.time()))

    async def _aggregate(self, action: todo.Aggregate) -> None:
        with span("round", round=action.round, contributions=len(action.contributions)):
            attempt = partial(self._aggregating.aggregate, self, action)
            try:
                aggregated, rows = await self._chores.until_done(f"aggregating round {action.round}", attempt)
            except Hopeless:  # the federation goes on without this round
                aggregated, rows = Aggregated(action.round, SkipReason.FAILED, (), None, 0.0, time.time()), NO_ROWS
            self._actor.post(aggregated, rows)

    async def _discard(self, payloads: Sequence[todo.PayloadKey]) -> None:
        await self.disk.run(partial(forget, self.folder.updates, payloads, self.policy.message.update_element_type))

    async def _reseal(self) -> None:
        """One payload a turn, so that the federation may be given up between them; what is left, a next start does."""
        steps, count = self.folder.reseal(), 0
        while (done := await self.disk.run(partial(next, steps, None))) is not None:
            count += done
        if count:
            log.info("%s: %d payloads are now sealed with the newest key", self.name, count)

    async def _retain(self) -> None:
        """Forget what the policy does not want kept."""
        folder, state = self.folder, self.state
        retention = retention_of(self.policy.message.retention, state)

        def trim() -> None:
            tidy_drafts(folder, state, time.time())
            for key in spare_keys(state):
                folder.models.delete(key)
            for version in folder.journal.trim(retention):
                for key in keys_of_version(version):
                    folder.models.delete(key)

        await self.disk.run(trim)
        await self.measure()

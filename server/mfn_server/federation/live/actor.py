"""The events of one federation, one after the other: journaled together as they come together, then acted on.

The machine is pure, so a transaction that fails leaves the old state in force, and nothing was said to anyone.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault, draining
from mfn_server.federation.disk import Disk
from mfn_server.federation.live.recording import Recording, Stepped, of_enrolled
from mfn_server.federation.machine.actions import Action, Conclude
from mfn_server.federation.machine.codecs import encode_event, encode_state
from mfn_server.federation.machine.events import Event
from mfn_server.federation.machine.machine import step
from mfn_server.federation.machine.state import State
from mfn_server.federation.storage.errors import StorageFull
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.rows import Batch
from mfn_server.telemetry.tracing.spans import Cause, cause, caused

RETRY_S = 1.0
"""How long an event of the server's own waits for room on the disk before it is tried again."""
SNAPSHOT_EVENTS = 1024
"""Events after which a snapshot takes their place; it bounds what a restart has to replay."""
ROUND_SNAPSHOT_EVENTS = 64
"""The same at the end of a round, where a state is small."""
NO_ROWS = Batch()
log = logging.getLogger(__name__)


class Consequences(Protocol):
    """What follows from steps, beyond the state."""

    def record(self, steps: Sequence[Stepped], taken: Sequence["Submission"]) -> Recording:
        """Rows for the transaction of these steps."""

    def perform(self, submissions: Sequence["Submission"], recording: Recording) -> None:
        """Do what was decided, now that it is durable."""


@dataclass(eq=False)
class Submission:
    """An event that waits. rows: go into its transaction. committed: called once it is durable, before the actions.

    done: what the step decided; None for an event of the server's own, which is tried until it is stored.
    cause: the span that it came in.
    """

    event: Event
    rows: Batch = NO_ROWS
    committed: Callable[[], None] | None = None
    done: "asyncio.Future[tuple[Action, ...]] | None" = None
    actions: tuple[Action, ...] = field(default=(), init=False)
    cause: Cause | None = field(default_factory=cause, init=False)


class Actor:
    """Takes events and decides. Used on the event loop only.

    state: what all events committed so far came to. replayed: events in the journal since its last snapshot.
    """

    def __init__(
        self, state: State, journal: Journal, disk: Disk, consequences: Consequences, *, replayed: int = 0
    ) -> None:
        self.state = state
        self._journal, self._disk, self._consequences = journal, disk, consequences
        self._since_snapshot = replayed
        self._waiting: list[Submission] = []
        self._changed = asyncio.Event()
        self._closing = False
        self._work = asyncio.create_task(self._run())

    async def submit(
        self, event: Event, rows: Batch = NO_ROWS, committed: Callable[[], None] | None = None
    ) -> tuple[Action, ...]:
        """What the machine decides about an event, once it is durable; STORAGE_FULL when there is no room for it."""
        if self._closing:
            raise draining()
        done = asyncio.get_running_loop().create_future()
        self._add(Submission(event, rows, committed, done))
        actions: tuple[Action, ...] = await done
        return actions

    def post(self, event: Event, rows: Batch = NO_ROWS) -> None:
        """An event of the server's own, which nobody waits for and which is tried until there is room for it."""
        if not self._closing:
            self._add(Submission(event, rows))

    async def close(self) -> None:
        """Deal with what waits, and end."""
        self._closing = True
        self._changed.set()
        await self._work

    def _add(self, submission: Submission) -> None:
        self._waiting.append(submission)
        self._changed.set()

    async def _run(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._changed.clear()
                await self._changed.wait()
            submissions, self._waiting = self._waiting, []
            causes = [submission.cause for submission in submissions if submission.cause is not None]
            if submissions:
                with caused(causes, "journal", events=len(submissions)):
                    await self._decide(submissions)

    async def _decide(self, submissions: list[Submission]) -> None:
        """Step all of them, write one transaction, and act; or tell all why not."""
        steps, taken = self._step(submissions)
        try:
            recording = self._consequences.record(steps, taken)
            await self._write(steps, taken, recording)
        except StorageFull:
            log.error("no room on the disk for the journal of a federation; nothing was acknowledged")
            self._fail(taken, _storage_full())
        except Exception:  # the next events may still be served
            log.exception("events of a federation could not be journaled; nothing was acknowledged")
            self._fail(taken, _internal())
        else:
            self._conclude(steps, taken, recording)

    def _step(self, submissions: list[Submission]) -> tuple[list[Stepped], list[Submission]]:
        """The steps, and the submissions they belong to; one that the machine fails on changes nothing."""
        state, steps, taken = self.state, list[Stepped](), list[Submission]()
        for submission in submissions:
            try:
                result = step(state, submission.event)
            except Exception:  # a fault of one event must not stop those of others
                log.exception("the machine failed on %s", type(submission.event).__name__)
                _answer(submission, _internal())
                continue
            state, submission.actions = result.state, result.actions
            submission.rows = of_enrolled(submission.rows, state)
            steps.append(Stepped(result.state, result.actions))
            taken.append(submission)
        return steps, taken

    async def _write(self, steps: Sequence[Stepped], taken: Sequence[Submission], recording: Recording) -> None:
        if not taken:
            return
        rows = [*(submission.rows for submission in taken), recording.batch]
        events = [submission.event for submission in taken]
        await self._disk.run(partial(self._commit, rows, events, self._snapshot(steps)))

    def _commit(self, rows: Sequence[Batch], events: Sequence[Event], snapshot: State | None) -> None:
        """On a thread of the disk; rows in the order of their events, for one may undo what another did."""
        encoded = [encode_event(event) for event in events]
        state = None if snapshot is None else encode_state(snapshot)
        self._journal.commit(*rows, Batch(events=encoded, snapshot=state))

    def _snapshot(self, steps: Sequence[Stepped]) -> State | None:
        """The state to keep in place of the events, when it is time to."""
        ends = any(isinstance(action, Conclude) for stepped in steps for action in stepped.actions)
        due = self._since_snapshot + len(steps) >= (ROUND_SNAPSHOT_EVENTS if ends else SNAPSHOT_EVENTS)
        return steps[-1].state if due else None

    def _conclude(self, steps: Sequence[Stepped], taken: Sequence[Submission], recording: Recording) -> None:
        if not steps:
            return
        self._since_snapshot = 0 if self._snapshot(steps) else self._since_snapshot + len(steps)
        self.state = steps[-1].state
        try:
            self._consequences.perform(taken, recording)
        except Exception:  # what was decided is durable: a restart does what is left undone
            log.exception("what a federation decided could not be done")
        for submission in taken:
            if submission.done is not None and not submission.done.done():
                submission.done.set_result(submission.actions)

    def _fail(self, submissions: Sequence[Submission], fault: Fault) -> None:
        own = [submission for submission in submissions if submission.done is None]
        if own and not self._closing:
            asyncio.get_running_loop().call_later(RETRY_S, self._add_again, own)
        for submission in submissions:
            _answer(submission, fault)

    def _add_again(self, submissions: list[Submission]) -> None:
        if not self._closing:
            self._waiting = submissions + self._waiting
            self._changed.set()


def _answer(submission: Submission, fault: Fault) -> None:
    if submission.done is not None and not submission.done.done():
        submission.done.set_exception(fault)


def _storage_full() -> Fault:
    text = "the server has no room left to journal this; nothing was acknowledged, try again later"
    return Fault(reasons.ERROR_REASON_STORAGE_FULL, text, retry_after_s=RETRY_S)


def _internal() -> Fault:
    return Fault(reasons.ERROR_REASON_INTERNAL, "the server could not journal this; nothing was acknowledged")

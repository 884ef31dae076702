"""What a participant does with its tasks: train or evaluate, one after the other, and deliver what comes of it.

The worker outlives the streams. An update is made once; whatever breaks, the same bytes are offered again until the
server has settled them, so that no second, different update of a round ever comes into being.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from mfn_client.federated._identity import Identity
from mfn_client.federated._jobs import Jobs
from mfn_client.federated._models import Model, ModelStore, Reference
from mfn_client.federated._results import RoundConfig
from mfn_client.federated._session import Session, SessionOver
from mfn_client.federated._tasks import Task
from mfn_client.federated._updates import Trained, Update, UpdateForm, freeze, measured, signed
from mfn_grpc.tensors import chunks
from mfn_grpc.v1 import federation_pb2 as pb

Arrays = Mapping[str, NDArray[Any]]
Fit = Callable[[dict[str, NDArray[Any]], RoundConfig], tuple[Arrays, int, Mapping[str, float]]]
Evaluate = Callable[[dict[str, NDArray[Any]], RoundConfig], tuple[int, Mapping[str, float]]]
_BATCH = 16
_AT_ONCE_BYTES = 64 * 1024
"""Read on the event loop: another thread would cost more."""
_log = logging.getLogger("mfn_client.federated")


@dataclass(frozen=True)
class Work:
    """The caller's code, and where it runs. `declines`: whether its errors decline the task instead of ending all."""

    fit: Fit
    evaluate: Evaluate | None
    jobs: Jobs
    declines: bool


class Worker:
    """Takes tasks in, sends updates, reports and refusals out over whichever session is open."""

    def __init__(self, who: Identity, work: Work, store: ModelStore, memory_bytes: int) -> None:
        self._who, self._work, self._store, self._memory_bytes = who, work, store, memory_bytes
        self._policy = pb.FederationPolicy()
        self._session: Session | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._resting = False
        self._training: Task | None = None
        self._evaluation: Task | None = None
        self._busy_with: tuple[int, Reference] | None = None
        self._settled_rounds: set[int] = set()
        self._reports: dict[tuple[int, Reference], pb.EvaluationReport] = {}
        self._task: asyncio.Task[None] | None = None
        self.update: Update | None = None
        self.failure: Exception | None = None
        self.failed = asyncio.Event()

    def connected(self, session: Session, policy: pb.FederationPolicy) -> None:
        """Go on with what is open over a new session."""
        self._session, self._policy = session, policy
        self._release()

    def _release(self) -> None:
        """Let who waits for a session look again."""
        for each in self._waiting:
            each.set_result(None)
        self._waiting.clear()

    def forget(self) -> None:
        """The federation was made anew under its name: nothing of the old one counts any more."""
        self._training = self._evaluation = None
        self._settled_rounds.clear()
        self.refuse_update()

    def begin_round(self, message: pb.RoundStart, task: Task) -> None:
        """A round has started, or is open: train for it, unless that is done or being done."""
        self._training = None
        if message.selected and task.round not in self._settled_rounds and task.key != self._busy_with:
            self._training = task
            self.wake()

    def ask(self, task: Task) -> None:
        """Evaluate a model; one that was evaluated before is reported again as it was."""
        self._evaluation = task
        self.wake()

    def settle(self, ack: pb.UpdateAck) -> None:
        """The server has settled a round's update."""
        self._settled_rounds.add(ack.round)
        if self.update is not None and self.update.round == ack.round:
            self.update.ack = ack

    def refuse_update(self) -> None:
        """The server wants the update being delivered no more."""
        if self.update is not None:
            self.update.refused = True

    def wake(self) -> None:
        """Look for work; the worker has a task of its own only while there is some."""
        if self._task is None and self.failure is None:
            self._task = asyncio.create_task(self._run())

    async def rest(self) -> None:
        """Take no more work and wait until the training code has returned."""
        self._training = self._evaluation = None
        self._resting = True
        self.refuse_update()
        self._release()
        if self._task is not None:
            await asyncio.wait([self._task])

    def stop(self) -> None:
        """Take no more work and wait for nothing."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            while (step := self._next()) is not None:
                await step
        except Exception as error:  # noqa: BLE001  # raised where the participant's life is waited for
            self.failure = error
            self.failed.set()
            if self._session is not None:
                await self._session.leave(f"the training code raised {type(error).__name__}")
                self._session.cancel()
        finally:
            self._task = self._busy_with = None

    def _next(self) -> Any:
        if (task := self._evaluation) is not None and (model := self._store.get(task.model)) is not None:
            self._evaluation = None
            return self._evaluate(task, model)
        if (task := self._training) is not None and (model := self._store.get(task.model)) is not None:
            self._training, self._busy_with = None, task.key
            return self._train(task, model)
        return None

    async def _train(self, task: Task, model: Model) -> None:
        form = UpdateForm(
            self._policy.update_kind, self._policy.update_element_type, self._memory_bytes, self._store.scratch()
        )
        try:
            trained = await self._work.jobs.run(
                lambda: freeze(model, self._work.fit(model.copies(), task.config), form)
            )
        except Exception as error:
            await self._decline(task, error)
            if not self._work.declines:
                raise
            _log.warning("Round %d is declined: fit raised %r", task.round, error)
        else:
            await self._deliver(self._signed(task, trained), task.model.federation_uid)
        finally:
            self._busy_with = None

    def _signed(self, task: Task, trained: Trained) -> Update:
        who = self._who
        return signed(
            who.key, who.federation_uid, who.participant, task.round, task.model, self._policy.update_kind, trained
        )

    async def _decline(self, task: Task, error: Exception) -> None:
        """Tell that the task is not done: the kind of the error, nothing that it says."""
        decline = pb.Decline(round=task.round, why=f"the training code raised {type(error).__name__}")
        await self._say(pb.FederateRequest(decline=decline))

    async def _say(self, message: pb.FederateRequest) -> None:
        """Send one message if the session lasts; what is lost with it is not worth repeating."""
        if self._session is not None:
            with contextlib.suppress(SessionOver):
                await self._session.send(message)

    async def _deliver(self, update: Update, federation_uid: str) -> None:
        self.update = update
        update.refused = self._resting or federation_uid != self._who.federation_uid
        try:
            while not update.settled:
                await self._session_opens(update)
                with contextlib.suppress(SessionOver):
                    await self._offer(update)
        finally:
            self.update = None

    async def _session_opens(self, update: Update) -> None:
        while not update.settled and (self._session is None or self._session.over):
            arrival = asyncio.get_running_loop().create_future()
            self._waiting.append(arrival)
            await arrival

    async def _offer(self, update: Update) -> None:
        """Announce an update and send what the server lacks of it, until it is settled or the stream ends."""
        session = self._session
        if session is None or update.settled:
            return
        await session.send(pb.FederateRequest(update_begin=update.begin))
        while not update.settled:
            answer = await session.next_answer()
            if isinstance(answer, pb.Resume) and answer.round == update.round:
                await self._send(session, update, answer.offset)

    async def _send(self, session: Session, update: Update, offset: int) -> None:
        update.durable_bytes = max(update.durable_bytes, offset)
        remaining = chunks(update.payload.read, update.payload.size, offset)
        small = update.payload.size - offset <= _AT_ONCE_BYTES
        while batch := _some(remaining) if small else await asyncio.to_thread(_some, remaining):
            for chunk in batch:
                if update.settled:
                    return
                await session.send(pb.FederateRequest(chunk=chunk))

    async def _evaluate(self, task: Task, model: Model) -> None:
        evaluate = self._work.evaluate
        if evaluate is None or task.too_late:
            return
        try:
            report = self._reports.get(task.key) or await self._report(task, model, evaluate)
        except Exception as error:
            if not self._work.declines:
                raise
            _log.warning("Round %d is not evaluated: evaluate raised %r", task.round, error)
            return
        self._reports = {task.key: report}
        await self._say(pb.FederateRequest(evaluation_report=report))

    async def _report(self, task: Task, model: Model, evaluate: Evaluate) -> pb.EvaluationReport:
        num_examples, metrics = await self._work.jobs.run(lambda: measured(evaluate(model.copies(), task.config), 2))
        return pb.EvaluationReport(round=task.round, model=task.model, num_examples=num_examples, metrics=metrics)


def _some(remaining: Iterator[pb.Chunk]) -> list[pb.Chunk]:
    """The next chunks, read and checksummed together, away from the event loop."""
    return [chunk for _, chunk in zip(range(_BATCH), remaining, strict=False)]

"""Events of one federation: journaled together when they come together, and nothing is done before that."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.federation.disk import Disk
from mfn_server.federation.live import actor as module
from mfn_server.federation.live.actor import Actor, Submission
from mfn_server.federation.live.recording import Recording, Stepped
from mfn_server.federation.machine.actions import Happened
from mfn_server.federation.machine.codecs import decode_event, decode_state
from mfn_server.federation.machine.events import Event, ParticipantEnrolled, ParticipantRemoved, Paused
from mfn_server.federation.machine.machine import step
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.state import State
from mfn_server.federation.storage import journal as stored
from mfn_server.federation.storage.errors import StorageFull
from mfn_server.federation.storage.rows import Batch, ParticipantRow
from tests.server.gates import eventually


class Journal:
    """Keeps batches in memory, those of events by themselves; waits for `open`, and fails while `failing` is set."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.rows: list[Batch] = []
        self.open = threading.Event()
        self.open.set()
        self.failing: Exception | None = None
        self.attempts = 0

    def commit(self, *batches: Batch) -> None:
        assert self.open.wait(30)
        self.attempts += 1
        if self.failing is not None:
            raise self.failing
        self.rows += batches[:-1]
        self.batches.append(batches[-1])

    @property
    def names(self) -> list[str]:
        """Of the participants that the events are about."""
        return [getattr(event, "participant", "") for event in self.events]

    @property
    def events(self) -> list[Event]:
        return [decode_event(event) for batch in self.batches for event in batch.events]


class Notes:
    """Writes down what would be done, and when."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.done: list[tuple[str, int]] = []

    def record(self, steps: Sequence[Stepped], taken: Sequence[Submission]) -> Recording:
        return Recording(0)

    def perform(self, submissions: Sequence[Submission], recording: Recording) -> None:
        for submission in submissions:
            if submission.committed is not None:
                submission.committed()
            name = getattr(submission.event, "participant", "")
            self.done.append((name, len(self._journal.batches)))


def enrolled(name: str) -> ParticipantEnrolled:
    return ParticipantEnrolled(name, at=1.0)


class Scene:
    """An actor over a journal in memory."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.notes = Notes(self.journal)
        self.disk = Disk()
        journal: Any = self.journal
        self.actor = Actor(State.initial(RoundPolicy()), journal, self.disk, self.notes)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    await scene.actor.close()
    scene.disk.close()


async def test_events_that_come_together_share_a_transaction(scene: Scene) -> None:
    scene.journal.open.clear()
    first = asyncio.create_task(scene.actor.submit(enrolled("p0")))
    await asyncio.sleep(0)
    others = [asyncio.create_task(scene.actor.submit(enrolled(f"p{n}"))) for n in range(1, 20)]
    await asyncio.sleep(0)
    scene.journal.open.set()
    await asyncio.gather(first, *others)
    assert [len(batch.events) for batch in scene.journal.batches] == [1, 19]
    assert scene.journal.names == [f"p{n}" for n in range(20)]


async def test_nothing_is_done_or_answered_before_the_transaction_has_ended(scene: Scene) -> None:
    scene.journal.open.clear()
    submitted = asyncio.create_task(scene.actor.submit(enrolled("p")))
    await asyncio.sleep(0.01)
    assert scene.notes.done == []
    assert not scene.actor.state.participants
    scene.journal.open.set()
    assert [type(action) for action in await submitted] == [Happened]
    assert scene.notes.done == [("p", 1)]


async def test_the_state_is_what_a_fold_over_the_journal_gives(scene: Scene) -> None:
    for name in ("a", "b", "a"):
        await scene.actor.submit(enrolled(name))
    state = State.initial(RoundPolicy())
    for event in scene.journal.events:
        state = step(state, event).state
    assert scene.actor.state == state


async def test_rows_of_the_submitter_go_into_the_same_transaction(scene: Scene) -> None:
    row = ParticipantRow("p", "uid", b"key", b"message")
    committed: list[int] = []
    await scene.actor.submit(
        enrolled("p"), Batch(participants=[row], meta={"k": b"v"}), lambda: committed.append(len(scene.journal.batches))
    )
    (batch,), rows = scene.journal.batches, scene.journal.rows[0]
    assert (list(rows.participants), dict(rows.meta), len(batch.events)) == ([row], {"k": b"v"}, 1)
    assert committed == [1]


async def test_one_who_is_enrolled_and_removed_in_the_same_transaction_does_not_come_back(tmp_path: Path) -> None:
    stored.Journal.create(tmp_path / "journal.db")
    with closing(stored.Journal(tmp_path / "journal.db")) as journal:
        disk = Disk()
        actor = Actor(State.initial(RoundPolicy()), journal, disk, Notes(Journal()))
        row = ParticipantRow("p", "uid", b"key", b"message")
        await asyncio.gather(
            actor.submit(enrolled("p"), Batch(participants=[row])),
            actor.submit(ParticipantRemoved("p", at=2.0), Batch(removed_participants=["p"])),
        )
        await actor.close()
        disk.close()
        assert journal.participant("p") is None
        assert not actor.state.participants


async def test_without_room_the_submitter_is_told_and_the_state_stays(scene: Scene) -> None:
    scene.journal.failing = StorageFull(Path("journal.db"))
    with pytest.raises(Fault) as caught:
        await scene.actor.submit(enrolled("p"))
    assert caught.value.reason == reasons.ERROR_REASON_STORAGE_FULL
    assert not scene.actor.state.participants
    assert scene.notes.done == []
    scene.journal.failing = None
    await scene.actor.submit(enrolled("q"))
    assert set(scene.actor.state.participants) == {"q"}


async def test_an_event_of_the_servers_own_waits_for_room(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.0)
    scene.journal.failing = StorageFull(Path("journal.db"))
    scene.actor.post(enrolled("p"))
    await eventually(lambda: scene.journal.attempts >= 3)
    scene.journal.failing = None
    await eventually(lambda: bool(scene.journal.batches))
    await scene.actor.submit(enrolled("q"))
    assert set(scene.actor.state.participants) == {"p", "q"}


async def test_a_journal_that_fails_otherwise_is_an_internal_error_and_the_actor_lives_on(scene: Scene) -> None:
    scene.journal.failing = RuntimeError("the secret of the journal")
    with pytest.raises(Fault) as caught:
        await scene.actor.submit(enrolled("p"))
    assert caught.value.reason == reasons.ERROR_REASON_INTERNAL
    assert "secret" not in caught.value.message
    scene.journal.failing = None
    await scene.actor.submit(enrolled("p"))


async def test_an_event_that_the_machine_fails_on_does_not_harm_its_neighbours(scene: Scene) -> None:
    no_event: Any = object()
    failed, fine = await asyncio.gather(
        scene.actor.submit(no_event), scene.actor.submit(enrolled("p")), return_exceptions=True
    )
    assert isinstance(failed, Fault)
    assert isinstance(fine, tuple)
    assert set(scene.actor.state.participants) == {"p"}


async def test_a_submitter_who_leaves_does_not_take_the_event_back(scene: Scene) -> None:
    scene.journal.open.clear()
    submitted = asyncio.create_task(scene.actor.submit(enrolled("p")))
    await asyncio.sleep(0.01)
    submitted.cancel()
    scene.journal.open.set()
    await scene.actor.submit(Paused(at=2.0))
    assert set(scene.actor.state.participants) == {"p"}


async def test_a_snapshot_takes_the_place_of_many_events(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVENTS", 3)
    for n in range(7):
        await scene.actor.submit(enrolled(f"p{n}"))
    snapshots = [batch.snapshot is not None for batch in scene.journal.batches]
    assert snapshots == [False, False, True, False, False, True, False]
    state = decode_state(scene.journal.batches[5].snapshot or b"")
    assert set(state.participants) == {f"p{n}" for n in range(6)}


async def test_what_waits_when_it_closes_is_written_and_what_comes_later_refused(scene: Scene) -> None:
    scene.journal.open.clear()
    submitted = [asyncio.create_task(scene.actor.submit(enrolled(name))) for name in ("a", "b")]
    await asyncio.sleep(0)
    closing = asyncio.create_task(scene.actor.close())
    await asyncio.sleep(0)
    with pytest.raises(Fault) as caught:
        await scene.actor.submit(enrolled("c"))
    assert caught.value.reason == reasons.ERROR_REASON_SERVER_DRAINING
    scene.journal.open.set()
    await closing
    await asyncio.gather(*submitted)
    assert scene.journal.names == ["a", "b"]

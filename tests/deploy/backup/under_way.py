"""A federation in the middle of its third round: four participants have sent their updates, the last one holds back."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mfn_client import Client
from mfn_client.federated import read_acknowledgements
from tests.deploy.backup.volume import Volume
from tests.e2e.federation.crew import Crew, Progress
from tests.e2e.federation.ledger import last_model, require_agreement
from tests.e2e.federation.nursery import ForkedServer, Nursery
from tests.e2e.federation.training import Plan
from tests.e2e.process import PATIENCE_S, until

ROUNDS, HELD = 5, 3


class OneHoldsBack(Progress):
    """Whoever is the first to begin the held round waits until the gate is open; the others go on."""

    def __init__(self) -> None:
        super().__init__(last_round=ROUNDS)
        self._open, self._first = threading.Event(), threading.Lock()

    def begin(self, round_number: int) -> None:
        """Somebody begins to train."""
        if round_number == HELD and self._first.acquire(blocking=False):
            self._open.wait()

    def open_gate(self) -> None:
        """Let the held one go on."""
        self._open.set()


@dataclass(frozen=True)
class Told:
    """What a server says of a federation: its model to the last byte, its rounds, its verdicts."""

    model: bytes
    rounds: tuple[Any, ...]
    verdicts: tuple[Any, ...]


class UnderWay:
    """A federation of `plan` on a volume; `stop`, `kill` and `start` its server."""

    def __init__(self, nursery: Nursery, plan: Plan, folder: Path, **settings: Any) -> None:
        self.plan, self.volume = plan, Volume(folder / "volume")
        self._nursery, self._folder, self._settings = nursery, folder, settings
        self.server = self._started(**settings)
        self.progress = OneHoldsBack()
        (folder / "keys").mkdir()
        with self.calling() as client:
            plan.found(client, folder / "keys", ROUNDS)
            targets = dict.fromkeys(plan.participants, self.server.target)
            self.crew = Crew(plan, folder / "keys", targets, self.progress)
            client.upload_model(plan.name, plan.first_model())

    def calling(self) -> Client:
        """A client of the server."""
        return Client(self.server.target)

    def wait_until_one_is_awaited(self) -> None:
        """Until all but one have had their updates of the held round acknowledged: nothing moves any more."""
        until(lambda: sum(map(self._has_sent, self.plan.participants)) == len(self.plan.participants) - 1, self._log)

    def told(self) -> Told:
        """What the server says now."""
        file = self._folder / "model"
        file.unlink(missing_ok=True)
        with self.calling() as client:
            written = client.download_model(self.plan.name, path=file)
            rounds = tuple(client.list_rounds(self.plan.name))
            return Told(Path(written).read_bytes(), rounds, tuple(client.list_verdicts(self.plan.name)))

    def stop(self) -> None:
        """An orderly end, as scaling to no replica brings it about."""
        os.kill(self.server.pid, signal.SIGTERM)
        assert self.server.dead(PATIENCE_S)
        assert not self.server.was_killed

    def kill(self) -> None:
        """What a power cut leaves, and a snapshot of a volume in use."""
        self.server.kill()
        assert self.server.was_killed

    def start(self, **settings: Any) -> ForkedServer:
        """The next server at the same port over the same volume; settings go before those of the beginning."""
        self.server = self._started(port=self.server.port, **(self._settings | settings))
        return self.server

    def end(self) -> None:
        """Leave no server behind."""
        self.server.kill()

    def finished(self) -> bytes:
        """The SHA-256 of the last model, once all rounds are over and both sides' records agree."""
        self.progress.open_gate()
        self.crew.results()
        records = {name: self.crew.record_of(name) for name in self.plan.participants}
        with self.calling() as client:
            require_agreement(client, self.plan.name, records, ROUNDS)
            return last_model(client, self.plan.name)

    def _started(self, **settings: Any) -> ForkedServer:
        server = self._nursery.start(
            state_dir=self.volume.path, services="federation", drain_notice_s=0, drain_grace_s=5, **settings
        )
        assert server.listening(), server.log
        return server

    def _log(self) -> str:
        return self.server.log

    def _has_sent(self, name: str) -> bool:
        record = self.crew.record_of(name)
        return record.exists() and any(ack.round == HELD for ack in read_acknowledgements(record))


@contextmanager
def under_way(nursery: Nursery, plan: Plan, folder: Path, **settings: Any) -> Iterator[UnderWay]:
    """A federation in the middle of a round; its participants and its server are gone at the end."""
    with ExitStack() as stack:
        found = UnderWay(nursery, plan, folder, **settings)
        stack.callback(found.end)
        stack.callback(found.progress.open_gate)
        found.wait_until_one_is_awaited()
        yield found

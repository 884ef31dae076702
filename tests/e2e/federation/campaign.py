"""Two federations at once on a server that is killed again and again, and what comes of them."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mfn_client import Client
from tests.e2e.federation.crew import Crew, Progress
from tests.e2e.federation.ledger import last_model, require_agreement
from tests.e2e.federation.nursery import ForkedServer, Nursery
from tests.e2e.federation.proxy import Proxy, proxied
from tests.e2e.federation.training import PLAIN, STATEFUL, Plan
from tests.e2e.process import PATIENCE_S

LOOK_EVERY_S = 0.02
LONGEST_LIFE_S = 0.5
"""Time within which a server is killed once its turn has come: some rounds, or a start without a word."""
CUT_BYTES = (280_000, 700_000)
"""What a connection that is cut carries before: less than an update, or one and a part of the next."""
PLANS = (PLAIN, STATEFUL)


@dataclass(frozen=True)
class Kill:
    """One death of the server. after_round: not before somebody trains in this round. point: where it dies by itself,
    a point of storage and a passage, else it is killed from outside `after_s` later.
    """

    after_round: int = 0
    after_s: float = 0.0
    point: str = ""


def random_kills(rng: random.Random, count: int, rounds: int) -> list[Kill]:
    """Kills at moments spread over all rounds but the last."""
    starts = sorted(rng.randrange(1, rounds) for _ in range(count))
    return [Kill(after_round=start, after_s=rng.uniform(0, LONGEST_LIFE_S)) for start in starts]


def kills_at(rng: random.Random, points: Sequence[str], most_passages: int) -> list[Kill]:
    """A kill at each of these points, in any order, at some passage."""
    shuffled = rng.sample(points, len(points))
    return [Kill(point=f"{point}:{rng.randint(1, most_passages)}") for point in shuffled]


@dataclass
class Server:
    """The server of a campaign, always at the same port over the same directory."""

    nursery: Nursery
    state_dir: Path
    running: ForkedServer
    by_itself: list[str] = field(default_factory=list)

    def start(self, kill: Kill | None) -> None:
        """The next one, which dies by itself if the kill says so."""
        assert self.running.was_killed, self.running.log
        point = "" if kill is None else kill.point
        self.running = self.nursery.start(state_dir=self.state_dir, port=self.running.port, crash_at=point)

    def see_killed(self, kill: Kill, crews: Sequence[Crew]) -> None:
        """Wait until it is dead; one whose point is not passed before the last round is killed from outside."""
        if kill.point:
            self._await_death(crews)
            if self.running.dead():
                self.by_itself.append(kill.point.partition(":")[0])
        else:
            crews[0].progress.wait_for(kill.after_round)
            time.sleep(kill.after_s)
        self.running.kill()
        require_no_complaint(self.running)

    def _await_death(self, crews: Sequence[Crew]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not self.running.dead(LOOK_EVERY_S) and not all(crew.progress.at_the_end for crew in crews):
            assert time.monotonic() < until, self.running.log


def require_no_complaint(server: ForkedServer) -> None:
    """What was killed has not failed before."""
    assert server.was_killed, server.log
    assert "ERROR" not in server.log, server.log
    assert "Traceback" not in server.log, server.log


@dataclass(frozen=True)
class Campaign:
    """What is over. models: SHA-256 of the last ones. by_itself: where servers died so. cuts: of connections."""

    models: Mapping[str, bytes]
    by_itself: Sequence[str]
    cuts: int


def run_campaign(nursery: Nursery, folder: Path, rounds: int, kills: Sequence[Kill], seed: int) -> Campaign:
    """Run the federations of PLANS for so many rounds, with these kills, and require both sides' records to agree."""
    (folder / "keys").mkdir(parents=True)
    server = Server(nursery, folder / "state", nursery.start(state_dir=folder / "state"))
    try:
        assert server.running.listening(), server.running.log
        with _crews(server.running, folder / "keys", rounds, seed) as (crews, proxy):
            for kill in kills:
                if kill.point:
                    server.running.kill()
                    server.start(kill)
                server.see_killed(kill, crews)
                server.start(None)
            for crew in crews:
                crew.progress.open_gate()
                crew.results()
            with Client(server.running.target) as client:
                models = {crew.plan.name: _settled(client, crew, rounds) for crew in crews}
        return Campaign(models, server.by_itself, proxy.cuts)
    finally:
        server.running.kill()


@contextmanager
def _crews(server: ForkedServer, folder: Path, rounds: int, seed: int) -> Iterator[tuple[list[Crew], Proxy]]:
    """All participants, at work; the first of PLAIN reaches the server by a way that is cut now and then."""
    rng = random.Random(seed)
    with ExitStack() as stack:
        client = stack.enter_context(Client(server.target))
        proxy = stack.enter_context(proxied(server.port, lambda: rng.randint(*CUT_BYTES)))
        crews = list[Crew]()
        for plan in PLANS:
            plan.found(client, folder, rounds)
            targets = dict.fromkeys(plan.participants, server.target) | {PLAIN.participants[0]: proxy.target}
            crews.append(_crew(stack, plan, folder, targets, rounds))
            client.upload_model(plan.name, plan.first_model())
        yield crews, proxy


def _crew(stack: ExitStack, plan: Plan, folder: Path, targets: Mapping[str, str], rounds: int) -> Crew:
    progress = Progress(rounds)
    stack.callback(progress.open_gate)
    return Crew(plan, folder, targets, progress)


def _settled(client: Client, crew: Crew, rounds: int) -> bytes:
    records = {name: crew.record_of(name) for name in crew.plan.participants}
    require_agreement(client, crew.plan.name, records, rounds)
    return last_model(client, crew.plan.name)


def told(kills: Sequence[Any], seed: int) -> str:
    """A line that lets a run be repeated."""
    return f"{len(kills)} kills, seed {seed}: repeat with MFN_CHAOS_SEED={seed}"

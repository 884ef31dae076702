"""The participants of a federation, each on threads of this process, with what they were told in files."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from mfn_client.federated import Participation, participate
from tests.e2e.federation.training import Plan, measured, trained
from tests.e2e.process import PATIENCE_S

HASTE = (("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200))
"""Outages of these tests last tenths of a second."""
Fit = Callable[[dict[str, Any], Any], tuple[dict[str, Any], int, dict[str, float]]]


class Progress:
    """The round in which somebody trains, and a gate that holds everyone back at the last."""

    def __init__(self, last_round: int) -> None:
        self._last, self._round = last_round, 0
        self._changed = threading.Condition()
        self._gate = threading.Event()

    def begin(self, round_number: int) -> None:
        """Somebody begins to train."""
        with self._changed:
            self._round = max(self._round, round_number)
            self._changed.notify_all()
        if round_number == self._last:
            self._gate.wait()

    def wait_for(self, round_number: int) -> None:
        """Until somebody trains in this round or a later one."""
        with self._changed:
            reached = self._changed.wait_for(lambda: self._round >= round_number, PATIENCE_S)
        assert reached, f"round {round_number} never came; the last is {self._round}"

    @property
    def at_the_end(self) -> bool:
        """Whether everyone waits at the gate, or will."""
        return self._round >= self._last

    def open_gate(self) -> None:
        """Let the last round go on."""
        self._gate.set()


class Crew:
    """Takes part in a federation, to its end. targets: where each participant finds the server."""

    def __init__(self, plan: Plan, folder: Path, targets: Mapping[str, str], progress: Progress) -> None:
        self.plan, self.progress, self._folder = plan, progress, folder
        self._threads = ThreadPoolExecutor(len(plan.participants))
        self._taking_part: dict[str, Future[Participation]] = {
            name: self._threads.submit(self._take_part, name, targets[name]) for name in plan.participants
        }

    def record_of(self, name: str) -> Path:
        """The file of what a participant was told."""
        return self._folder / f"{name}.acks"

    def results(self) -> dict[str, Participation]:
        """What came of it for each, once it is over."""
        return {name: taking_part.result(PATIENCE_S) for name, taking_part in self._taking_part.items()}

    def _take_part(self, name: str, target: str) -> Participation:
        def fit(arrays: dict[str, Any], config: Any) -> tuple[dict[str, Any], int, dict[str, float]]:
            self.progress.begin(config.round)
            return trained(name, config.round, arrays), 10, measured(name, arrays)

        def evaluate(arrays: dict[str, Any], config: Any) -> tuple[int, dict[str, float]]:
            return 10, measured(name, arrays)

        return participate(
            target,
            self.plan.name,
            fit,
            evaluate,
            name=name,
            key=self._folder / f"{name}.pem",
            record=self.record_of(name),
            cache=self._folder / "models" / name,
            options=HASTE,
        )

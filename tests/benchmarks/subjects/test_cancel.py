from collections.abc import Callable
from types import SimpleNamespace

import pytest

from benchmarks.measuring.process import CpuClock
from benchmarks.subjects import cancel


class Machine(CpuClock):
    """A process that works until a moment, on a machine whose time passes only while somebody sleeps."""

    def __init__(self, works_until_s: float) -> None:
        self.now, self._works_until = 0.0, works_until_s

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def perf_counter(self) -> float:
        return self.now

    monotonic = perf_counter

    def seconds(self) -> float:
        return min(self.now, self._works_until)

    @property
    def clocks(self) -> cancel.Clocks:
        return cancel.Clocks(self, self)


MakeMachine = Callable[[float], Machine]
TIMES = "sleep", "perf_counter", "monotonic"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> MakeMachine:
    def make(works_until_s: float) -> Machine:
        made = Machine(works_until_s)
        monkeypatch.setattr(cancel, "time", SimpleNamespace(**{n: getattr(made, n) for n in TIMES}))
        return made

    return make


@pytest.mark.parametrize("works_ms", [0, 7, 40, 180])
def test_the_end_of_the_work_is_found_to_one_look(machine: MakeMachine, works_ms: float) -> None:
    aftermath = cancel._watch(machine(works_ms / 1e3).clocks, before=0.0, started=0.0)
    assert aftermath.wall_ms == pytest.approx(works_ms, abs=1e3 * cancel.LOOK_EVERY_S)
    assert aftermath.processor_ms == pytest.approx(works_ms, abs=1e3 * cancel.LOOK_EVERY_S)


def test_what_the_process_does_after_its_compute_has_ended_counts_as_processor_time_alone(machine: MakeMachine) -> None:
    process = machine(1e9)
    compute = Machine(0.0)
    aftermath = cancel._watch(cancel.Clocks(process, compute), before=0.0, started=0.0)
    assert aftermath.wall_ms == 0
    assert aftermath.processor_ms == pytest.approx(1e3 * cancel.QUIET_S, abs=2e3 * cancel.LOOK_EVERY_S)


def test_work_that_never_ends_is_an_error(machine: MakeMachine) -> None:
    with pytest.raises(TimeoutError, match="still computes"):
        cancel._watch(machine(1e9).clocks, before=0.0, started=0.0)


def test_a_run_is_cancelled_only_once_it_has_worked_long_enough(machine: MakeMachine) -> None:
    working = machine(1e9)
    cancel._wait_for_work(working, 0.3)
    assert working.now == pytest.approx(0.3, abs=2 * cancel.LOOK_EVERY_S)


def test_a_run_that_does_not_work_is_an_error(machine: MakeMachine) -> None:
    with pytest.raises(TimeoutError, match=r"less than 0\.3 s of processor"):
        cancel._wait_for_work(machine(0.0), 0.3)

import threading

import pytest

from benchmarks.stencils import races
from benchmarks.subjects import two_cores
from mfn_grpc.core.reaction_diffusion import Simulation


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_cores, "EDGES", (48, 64))
    monkeypatch.setattr(two_cores, "CELLS", {True: 40_000})


def test_each_edge_has_a_row() -> None:
    rows = list(two_cores.measure(True))
    assert [row.what.split()[0] for row in rows] == ["48", "64"]
    assert {row.bar for row in rows} == {two_cores.BAR}
    assert all(row.value is not None and row.value > 0 for row in rows)


def test_a_turn_makes_the_same_steps_in_bands_and_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Simulation] = []

    def noted(edge: int) -> Simulation:
        made.append(races.gray_scott(edge))
        return made[-1]

    monkeypatch.setattr(two_cores, "gray_scott", noted)
    with two_cores.helped() as sharing:
        for contestant in two_cores.contestants(48, 80_000, sharing).values():
            contestant()
    assert [simulation.step for simulation in made] == [32, 32, 32]
    assert len({simulation.state.tobytes() for simulation in made}) == 1


def helpers() -> int:
    return sum(thread.name == "band" for thread in threading.enumerate())


def test_helpers_end_with_what_they_help() -> None:
    with two_cores.helped() as sharing:
        assert sharing.hands == two_cores.THREADS
        assert helpers() == two_cores.THREADS - 1
    assert helpers() == 0

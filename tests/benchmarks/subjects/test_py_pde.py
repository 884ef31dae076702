from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from benchmarks.measuring.rows import Result
from benchmarks.peers.program import PeerProgram, installed
from benchmarks.subjects import py_pde
from benchmarks.subjects.py_pde import AGREEMENT, difference, peer, simulation

EDGE = 16
STEPS = 50


class FakePeer(PeerProgram):
    """Says that a file holds what it has reached; remembers its jobs."""

    def __init__(self, reached: np.ndarray[Any, Any]) -> None:
        self.reached, self.jobs = reached, list[dict[str, Any]]()

    def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        self.jobs.append(job)
        if job["do"] == "save":
            np.save(job["path"], self.reached)
        return {}


def reached(steps: int) -> np.ndarray[Any, Any]:
    ours = simulation(EDGE)
    ours.advance(steps)
    return ours.state.copy()


def test_both_make_the_same_steps_before_their_fields_are_compared(tmp_path: Path) -> None:
    ours, theirs = simulation(EDGE), FakePeer(reached(STEPS) + AGREEMENT / 2)
    assert difference(ours, theirs, tmp_path, STEPS) == pytest.approx(AGREEMENT / 2, rel=1e-3)
    assert theirs.jobs[0] == {"do": "step", "steps": STEPS}
    assert np.array_equal(ours.state, reached(STEPS))


@pytest.mark.parametrize("spoilt", [3 * AGREEMENT, np.nan])
def test_a_peer_that_computes_something_else_is_not_compared_with(tmp_path: Path, spoilt: float) -> None:
    with pytest.raises(RuntimeError, match="they compute different things"):
        difference(simulation(EDGE), FakePeer(reached(STEPS) + spoilt), tmp_path, STEPS)


def client_of(*steps: int) -> Any:
    """A client whose simulations have frames of these steps; `asked` is what was asked for."""
    asked: list[dict[str, Any]] = []

    def simulate(model: str, **arguments: Any) -> list[Any]:
        asked.append({"model": model, **arguments})
        return [SimpleNamespace(step=step) for step in steps]

    return SimpleNamespace(simulate=simulate, asked=asked)


def test_a_request_is_answered_with_a_whole_run_and_its_final_state() -> None:
    client = client_of(0, 100)
    assert py_pde._our_seconds(client, 128, 100, seed=3) >= 0
    assert client.asked == [{"model": "gray_scott", "rows": 128, "cols": 128, "steps": 100, "seed": 3, "stride": 100}]


def test_a_run_without_its_last_frame_is_no_answer() -> None:
    with pytest.raises(RuntimeError, match="step 40, 100 were asked for"):
        py_pde._our_seconds(client_of(0, 40), 128, 100, seed=3)


def test_without_the_peers_every_row_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(py_pde, "installed", lambda: False)
    rows = list(py_pde.measure(quick=False))
    assert [row.result for row in rows] == [Result.SKIPPED] * 4
    assert all("make bench-peers" in row.skipped and row.bar for row in rows)


@pytest.mark.skipif(not installed(), reason="make bench-peers installs py-pde")
def test_py_pde_and_our_kernel_compute_the_same_fields(tmp_path: Path) -> None:
    """Interpreted, for compiling takes py-pde ten seconds."""
    ours = simulation(EDGE)
    before = ours.state.copy()
    with peer(py_pde._saved(ours.state, tmp_path), NUMBA_DISABLE_JIT="1") as theirs:
        assert difference(ours, theirs, tmp_path, STEPS) <= AGREEMENT
    assert np.abs(ours.state - before).max() > 0.01

import numpy as np
import pytest

from benchmarks.measuring.rows import Result
from benchmarks.subjects import fractals
from mfn_grpc.core.fractals import BARNSLEY_FERN, chaos_game, generalized_dimensions, lacunarity
from mfn_grpc.core.pieces import finish

FIELD = np.random.default_rng(0).random((32, 32))


def test_the_plain_loops_compute_what_ours_compute() -> None:
    points = [point.lacunarity for point in finish(lacunarity(FIELD, (2, 5)))]
    assert fractals.lacunarity_loop(FIELD, (2, 5)) == pytest.approx(points)
    found = [each.dimension for each in finish(generalized_dimensions(FIELD, fractals.ORDERS))]
    assert fractals.partition_loop(FIELD, fractals.ORDERS) == pytest.approx(found)


def test_the_loop_of_the_chaos_game_draws_the_same_fern() -> None:
    """Means of 20,000 points that follow each other; their standard error is about 0.03."""
    looped, ours = fractals.game_loop(BARNSLEY_FERN, 20_000), chaos_game(BARNSLEY_FERN, 20_000, 0)
    np.testing.assert_allclose(looped.mean(axis=0), ours.mean(axis=0), atol=0.2)


def test_every_row_has_a_value_and_the_bars_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fractals, "EDGE", 64)
    monkeypatch.setattr(fractals, "POINTS", {True: 1000})
    monkeypatch.setattr(fractals, "LOOP_POINTS", 100)
    monkeypatch.setattr(fractals, "LOOP_EDGE", 16)
    monkeypatch.setattr(fractals, "BOX_EDGES", (2,))
    rows = list(fractals.measure(True))
    assert [row.bar for row in rows] == [fractals.BOX_COUNT_BAR, None, None] + [fractals.POINTS_BAR] * 5 + [None] * 2
    assert all(row.value is not None and row.value > 0 and row.figure for row in rows)
    assert {row.result for row in rows} <= {Result.PASS, Result.FAIL, Result.NO_BAR}

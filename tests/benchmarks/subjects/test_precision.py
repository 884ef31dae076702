import numpy as np
import pytest

from benchmarks.subjects import precision
from mfn_grpc.core.reaction_diffusion import Precision

TINY = np.finfo(np.float32).tiny


def test_each_edge_has_a_row_against_float64_and_underflow_one_without_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "EDGES", (16, 24))
    monkeypatch.setattr(precision, "UNDERFLOW_EDGE", 32)
    monkeypatch.setattr(precision, "CELLS", {True: 10_000})
    rows = list(precision.measure(True))
    assert [(row.what.split()[0], row.against) for row in rows] == [(edge, "float64") for edge in ("16", "24", "32")]
    assert [row.bar for row in rows] == [precision.BAR, precision.BAR, None]
    assert all(row.value is not None and row.value > 0 for row in rows)


@pytest.mark.parametrize("edge", [48, 128])
def test_a_pattern_fills_the_grid_and_goes_on_doing_so(edge: int) -> None:
    simulation = precision.patterned(edge, Precision.FLOAT32)
    for _ in range(5):
        u, v = simulation.state
        assert simulation.state.dtype == np.float32
        assert v.min() > 1e-3
        assert v.std() > 0.05
        assert u.min() > 0
        simulation.advance(400)


def test_from_the_default_start_the_products_of_float32_underflow_and_those_of_float64_do_not() -> None:
    shares = {}
    for each in Precision:
        v = precision.underflowing(512, each).state[1].astype(np.float64)
        shares[each] = ((v * v < (TINY if each is Precision.FLOAT32 else np.finfo(np.float64).tiny)) & (v > 0)).mean()
    assert shares[Precision.FLOAT32] > 0.01
    assert shares[Precision.FLOAT64] == 0

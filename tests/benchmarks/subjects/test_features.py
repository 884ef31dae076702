import numpy as np
import pytest

from benchmarks.subjects import features
from mfn_grpc.core.features import Thresholds, measure
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import Mycelium


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "EDGE", 24)
    monkeypatch.setattr(features, "STEPS", {True: 40, False: 40})
    monkeypatch.setattr(features, "REPEATS", {True: 1, False: 1})
    monkeypatch.setattr(features, "FIELD_EDGES", {True: (16, 32), False: (16, 32)})


def test_the_whole_job_has_a_bar_and_reports_edges_and_growth_have_rows_without() -> None:
    rows = list(features.measure(True))
    assert [row.bar for row in rows] == [features.AT_THE_END] + [None] * 5
    assert [row.against for row in rows[:3]] == [features.ALONE] * 3
    assert [row.what.split(",")[1].split()[0] for row in rows[3:5]] == ["16", "32"]
    assert all(row.value is not None and row.value > 0 for row in rows[:5])
    assert rows[5].value is not None


def test_both_jobs_compute_the_same_run() -> None:
    alone = finish(measure(features.run_alone(Mycelium(), 40).state[0], None, Thresholds())).features
    for reports in (1, 8):
        beside = features.run_with_features(Mycelium(), 40, reports, Thresholds())
        assert len(beside) == reports
        assert beside[-1].features.v_std == alone.v_std
        assert np.isfinite(beside[-1].features.e_trend)

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from benchmarks.measuring.rows import Result
from benchmarks.measuring.table import verdict
from benchmarks.measuring.timing import Samples
from benchmarks.peers.aggregation import vectors_of
from benchmarks.peers.peer_process import HOW_TO_GET
from benchmarks.subjects import rules
from mfn_grpc.core.aggregation import Hands
from mfn_grpc.core.aggregation.hands import ALONE


@pytest.mark.parametrize("rule", ["krum", "coordinate_median", "trimmed_mean"])
def test_what_is_timed_on_all_cores_is_what_is_timed_on_one(rule: str) -> None:
    vectors = vectors_of(rules.CLIENTS, 3_000, seed=0)
    alone = rules.aggregated(vectors, rule, ALONE)
    with ThreadPoolExecutor(3) as threads:
        assert rules.aggregated(vectors, rule, Hands(3, threads.map)).tolist() == alone.tolist()


def test_the_median_that_is_timed_is_that_of_numpy() -> None:
    vectors = vectors_of(rules.CLIENTS, 500, seed=0)
    expected = np.median(vectors.astype(np.float64), axis=0)
    assert rules.aggregated(vectors, "coordinate_median", ALONE).tolist() == expected.tolist()


def test_a_ratio_is_how_often_ours_fits_into_theirs() -> None:
    row = rules._row("krum", "Flower", Samples((1.0, 2.0)), Samples((9.0, 18.0)), rules.BARS["krum", "Flower"])
    assert row.value == 9.0
    assert row.result is Result.PASS


def test_without_the_peers_every_row_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "installed", lambda: False)
    rows = [row for cores in (1, 2) for row in rules._beside_peers(1000, 1, cores)]
    assert {row.skipped for row in rows} == {HOW_TO_GET}
    assert len({(row.what, row.against) for row in rows}) == 12


def test_without_the_peers_the_bars_of_one_core_are_told_as_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "installed", lambda: False)
    rows = [row for cores in (1, 2) for row in rules._beside_peers(1000, 1, cores)]
    assert [row.bar for row in rows[6:]] == [None] * 6
    assert verdict([row for row in rows if row.bar]) == "0 of 6 pass, 0 miss their bar, 6 not measured."


def test_memory_is_looked_at_with_few_and_with_many_updates() -> None:
    row, grown = rules._memory("trimmed_mean", 20_000)
    assert row.value is not None
    assert grown.value is not None
    assert 0 < row.value < 1000
    few, many = (row.samples[name][0] for name in ("n = 20", "n = 200"))
    assert grown.value == many / few

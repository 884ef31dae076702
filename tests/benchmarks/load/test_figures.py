import json

import numpy as np
import pytest

from benchmarks.load.figures import FIRST_FRAME, STREAM, UNARY, Look, Tally, between, outcome_of, percentile
from tests.benchmarks.load.recorded import outcome, rpc, stage

NERNST, RUN = ("ComputeNernst", UNARY), ("Simulate", STREAM)


def look(at_s: float, tallies: dict[tuple[str, str], Tally], **fields: object) -> Look:
    return Look(at_s, tallies, {}, client_cpu_s=at_s / 4, server_cpu_s=at_s / 2)


def test_a_percentile_is_the_one_that_numpy_finds() -> None:
    drawn = np.random.default_rng(0).integers(1, 50, 1000)
    values, counts = np.unique(drawn, return_counts=True)
    times = dict(zip(values.astype(float).tolist(), counts.tolist(), strict=True))
    for share in (0.5, 0.95, 0.99, 1.0):
        assert percentile(times, share) == np.quantile(drawn, share, method="inverted_cdf")
    assert percentile({}, 0.5) is None


def test_a_stage_is_the_difference_of_two_looks() -> None:
    before = look(100, {NERNST: Tally(10, 0, {5.0: 10}, 0)})
    after = look(104, {NERNST: Tally(50, 4, {5.0: 10, 7.0: 36}, 4 * 2**20), RUN: Tally(2, 0, {9.0: 2}, 0)})
    nernst, run = between("name", 3, before, after).rpcs
    assert (nernst.ok, nernst.p50_ms, nernst.p99_ms) == (36, 7.0, 7.0)
    assert (nernst.per_s, nernst.mib_per_s) == (9.0, 1.0)
    assert (run.rpc, run.ok) == ("Simulate", 2)


def test_processor_time_is_told_as_cores() -> None:
    found = between("name", 3, look(100, {}), look(104, {}))
    assert (found.began_s, found.seconds, found.client_cores, found.server_cores) == (100, 4, 0.25, 0.5)


def test_errors_are_counted_by_reason_and_those_of_before_do_not_count() -> None:
    before = Look(0, {NERNST: Tally(2, 2, {}, 0)}, {(*NERNST, "OVERLOADED"): 2}, 0, None)
    errors = {(*NERNST, "OVERLOADED"): 5, (*NERNST, "INTERNAL"): 1, (*RUN, "INTERNAL"): 7}
    found = between("name", 3, before, Look(1, {NERNST: Tally(6, 6, {}, 0)}, errors, 0, None))
    assert found.rpcs[0].errors == {"OVERLOADED": 3, "INTERNAL": 1}
    assert (found.failed, found.error_share, found.server_cores) == (4, 1.0, None)


def test_what_did_not_happen_in_a_stage_is_not_in_it() -> None:
    same = {NERNST: Tally(10, 0, {5.0: 10}, 0)}
    assert between("name", 3, look(1, same), look(2, same)).rpcs == ()


def test_parts_of_calls_are_not_counted_as_calls() -> None:
    found = stage(rpc("Simulate", 3, kind=STREAM), rpc("Simulate", 3, kind=FIRST_FRAME), rpc("ComputeNernst", 4))
    assert found.ok == 7
    assert found.per_s == pytest.approx(0.7)


def test_the_slowest_p99_is_of_what_happened_often_and_somebody_waits_for() -> None:
    often = [rpc("ComputeNernst", 100, p99_ms=40.0), rpc("Simulate", 100, kind=FIRST_FRAME, p99_ms=50.0)]
    seldom, whole = rpc("Validate", 99, p99_ms=900.0), rpc("Simulate", 100, kind=STREAM, p99_ms=800.0)
    assert stage(*often, seldom, whole).slowest_p99_ms == 50.0
    assert stage(seldom).slowest_p99_ms is None


def test_an_outcome_survives_json() -> None:
    found = outcome(stage(rpc("ComputeNernst", 3, {"OVERLOADED": 1})), broken="why", faults={"KeyError": 2})
    assert outcome_of(json.loads(json.dumps(found.as_json()))) == found

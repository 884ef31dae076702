from typing import Any

import pytest

from benchmarks.load.figures import Outcome
from benchmarks.load.limits import LIMIT, admissions, most_admitted, overrun
from mfn_server.config.rates import Rate
from tests.benchmarks.load.recorded import outcome, rpc, stage

MOST = 20 + 10 * 20 + 1
"""In the ten seconds of a recorded outcome."""


def seen(greedy: int = MOST, modest: int = 80, refused: int = 500, modest_refused: int = 0) -> Outcome:
    refusals = {"RATE_LIMITED": refused} if refused else {}
    return outcome(
        stage(
            rpc("ComputeNernst of greedy-1", greedy, refusals),
            rpc("ComputeNernst of greedy-2", 200, refusals),
            rpc("ComputeNernst of modest", modest, {"RATE_LIMITED": modest_refused} if modest_refused else {}),
        )
    )


def faults(found: Outcome, **handled: Any) -> list[str]:
    return overrun(found, {"OK": 501, "RESOURCE_EXHAUSTED": 1000} | handled, seconds=10.0)


@pytest.mark.parametrize("rate", [Rate(20, 1, 20), Rate(100, 60, 7), Rate(3, 1, 1)])
def test_the_bound_is_what_a_bucket_lets_through_that_is_asked_all_the_time(rate: Rate) -> None:
    asks, ticks_a_second = 12_000, 1000
    tokens, admitted = float(rate.burst), 0
    for _ in range(asks):
        if tokens >= 1:
            tokens, admitted = tokens - 1, admitted + 1
        tokens = min(rate.burst, tokens + rate.count / rate.period_s / ticks_a_second)
    assert 0 <= most_admitted(rate, asks / ticks_a_second) - admitted <= 2


def test_as_many_calls_as_the_bound_are_no_fault() -> None:
    assert str(LIMIT) == "20/s burst 20"
    assert faults(seen()) == []


def test_one_call_more_is_a_fault() -> None:
    (fault,) = faults(seen(greedy=MOST + 1), OK=502)
    assert f"greedy-1 had {MOST + 1} calls admitted, at most {MOST}" in fault


def test_the_servers_own_count_is_held_against_the_bound_as_well() -> None:
    (fault,) = faults(seen(), OK=3 * MOST + 1)
    assert "the server admitted" in fault


def test_a_server_that_counts_less_than_callers_saw_is_a_fault() -> None:
    assert len(faults(seen(), OK=500)) == 1
    assert len(faults(seen(), RESOURCE_EXHAUSTED=999)) == 1


def test_a_refusal_of_the_modest_principal_is_a_fault() -> None:
    (fault,) = faults(seen(modest=79, greedy=200, modest_refused=1), RESOURCE_EXHAUSTED=1001)
    assert "modest was refused" in fault


def test_a_principal_without_a_call_and_a_limit_that_nobody_reached_are_faults() -> None:
    (starved, unreached) = faults(seen(modest=0, greedy=200, refused=0))
    assert "modest had no call admitted" in starved
    assert "nobody was refused" in unreached


def test_each_principal_has_a_sentence() -> None:
    assert [sentence.split(":")[0] for sentence in admissions(seen())] == ["greedy-1", "greedy-2", "modest"]

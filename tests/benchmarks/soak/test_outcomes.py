import asyncio

import grpc
import pytest

from benchmarks.soak.__main__ import LOAD, main
from benchmarks.soak.outcomes import Outcomes, outcome_of, unseen
from mfn_client import RpcError

QUOTA = Outcomes(others=frozenset({"RESOURCE_EXHAUSTED"}))


async def served() -> None:
    """Nothing."""


async def refused() -> None:
    raise RpcError(grpc.StatusCode.RESOURCE_EXHAUSTED, "full")


def test_what_is_served_is_ok_and_an_expected_refusal_is_its_reason() -> None:
    assert asyncio.run(outcome_of(served(), QUOTA)) == "ok"
    assert asyncio.run(outcome_of(refused(), QUOTA)) == "RESOURCE_EXHAUSTED"


def test_a_refusal_that_is_not_expected_is_raised() -> None:
    with pytest.raises(RpcError, match="full"):
        asyncio.run(outcome_of(refused(), Outcomes()))


def test_what_was_to_be_refused_may_not_be_served() -> None:
    with pytest.raises(RuntimeError, match="served, where UNSTABLE_SPEC was to come"):
        asyncio.run(outcome_of(served(), Outcomes("UNSTABLE_SPEC")))


def test_each_kind_must_have_come_to_what_is_usual_for_it() -> None:
    expected = {"upload": QUOTA, "unary": Outcomes()}
    counts = {("upload", "RESOURCE_EXHAUSTED"): 9, ("unary", "ok"): 1}
    assert unseen(counts, expected) == ["no upload came to ok"]
    assert unseen(counts | {("upload", "ok"): 1}, expected) == []


def test_only_the_refused_kind_is_not_to_be_served() -> None:
    assert [name for name, (_, _, expected) in LOAD.items() if "ok" not in expected] == ["refused"]


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "long"])
def test_a_time_that_is_none_is_refused(minutes: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([f"--minutes={minutes}"])
    assert ended.value.code == 2

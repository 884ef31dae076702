"""Calls that several callers make at once."""

import asyncio
import itertools
import time

import pytest

from benchmarks.measuring.calls import calls_per_second


def test_each_caller_has_one_call_open_at_a_time_and_all_together_make_them_all() -> None:
    now_open: list[int] = []
    open_at_begin: list[int] = []

    async def once() -> None:
        now_open.append(1)
        open_at_begin.append(len(now_open))
        await asyncio.sleep(0)
        now_open.pop()

    asyncio.run(calls_per_second(once, 12, 3))
    assert len(open_at_begin) == 12
    assert max(open_at_begin) == 3
    assert now_open == []


def test_the_rate_is_of_all_calls_over_the_time_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(start=10.0, step=0.5)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))

    async def once() -> None:
        """A call that takes no time."""

    assert asyncio.run(calls_per_second(once, 12, 3)) == 24.0

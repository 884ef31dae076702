import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.measuring.thread_clock import ThreadClock
from mfn_server.thread_names import show_name

NAME = "clocked"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2, thread_name_prefix=NAME, initializer=show_name) as pool:
        meeting = threading.Barrier(2, timeout=60)
        list(pool.map(lambda _: meeting.wait(), range(2)))
        yield pool


def test_it_counts_the_time_of_the_threads_of_the_name_and_of_no_other(pool: ThreadPoolExecutor) -> None:
    clock = ThreadClock(os.getpid(), NAME)
    before = clock.seconds()
    sum(range(3_000_000))  # on this thread, a tenth of a second
    idle = clock.seconds()
    list(pool.map(lambda _: sum(range(3_000_000)), range(2)))
    assert idle - before < 0.01
    assert clock.seconds() > idle


def test_a_name_that_no_thread_has_is_an_error() -> None:
    with pytest.raises(ProcessLookupError, match="no thread whose name begins with nobody"):
        ThreadClock(os.getpid(), "nobody")

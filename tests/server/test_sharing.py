"""Parts of a job on several threads: all done whoever comes, none waited for that nobody has begun."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from mfn_server.sharing import Sharing

PATIENCE_S = 60.0


class Meeting:
    """A part that ends only once as many threads as are expected are at work at the same time."""

    def __init__(self, threads: int) -> None:
        self._barrier = threading.Barrier(threads, timeout=PATIENCE_S)

    def __call__(self, part: int) -> str:
        self._barrier.wait()
        return threading.current_thread().name


@pytest.fixture
def sharing() -> Sharing:
    return Sharing()


def helped(sharing: Sharing, threads: int, job: Callable[[], None]) -> list[bool]:
    """Do a job on this thread with so many helpers; what `help` returned to each."""
    with ThreadPoolExecutor(threads) as pool:
        sharing.enlist(threads)
        helpers: list[Future[bool]] = [pool.submit(sharing.help) for _ in range(threads)]
        try:
            job()
        finally:
            sharing.close()
        return [helper.result(PATIENCE_S) for helper in helpers]


def test_without_helpers_the_thread_of_the_job_does_all_parts_in_order(sharing: Sharing) -> None:
    done = list[int]()
    assert sharing.hands == 1
    assert sharing.share(done.append, range(5)) == [None] * 5
    assert done == list(range(5))


def test_helpers_that_never_come_are_not_waited_for(sharing: Sharing) -> None:
    sharing.enlist(3)
    assert sharing.hands == 4
    assert sharing.share(lambda part: part * part, range(5)) == [0, 1, 4, 9, 16]


def test_nothing_to_share_is_nothing_to_do(sharing: Sharing) -> None:
    assert sharing.share(lambda part: part, ()) == []


def test_helpers_work_at_the_same_time_and_the_results_keep_their_order(sharing: Sharing) -> None:
    def job() -> None:
        meeting, threads = Meeting(3), set[str]()
        for _ in range(20):
            names = sharing.share(meeting, range(3))
            assert len(set(names)) == 3
            threads.update(names)
        assert len(threads) == 3
        assert sharing.share(lambda part: part, range(100)) == list(range(100))

    assert helped(sharing, 2, job) == [False, False]


def test_the_job_goes_on_only_when_the_parts_that_others_began_have_ended(sharing: Sharing) -> None:
    here, begun, go = threading.current_thread(), threading.Event(), threading.Event()
    ended = list[str]()

    def part(number: int) -> None:
        if threading.current_thread() is here:
            begun.wait(PATIENCE_S)
            ended.append("here")
            go.set()
        else:
            begun.set()
            go.wait(PATIENCE_S)
            ended.append("there")

    def job() -> None:
        sharing.share(part, range(2))
        ended.append("job")

    helped(sharing, 1, job)
    assert ended == ["here", "there", "job"]


@pytest.mark.parametrize("fails_here", [True, False])
def test_an_error_reaches_the_job_after_what_has_begun_and_nothing_more_is_begun(
    sharing: Sharing, fails_here: bool
) -> None:
    here, meeting = threading.current_thread(), threading.Barrier(2, timeout=PATIENCE_S)
    done = list[int]()

    def part(number: int) -> None:
        meeting.wait()
        if (threading.current_thread() is here) is fails_here:
            raise ZeroDivisionError(number)
        failed.wait(PATIENCE_S)
        done.append(number)

    def job() -> None:
        with pytest.raises(ZeroDivisionError):
            sharing.share(part, range(10))

    failed = Failed(sharing)
    helped(sharing, 1, job)
    assert len(done) == 1  # the part that had begun beside the one that failed


class Failed:
    """Waits until nothing of what is shared is left to begin."""

    def __init__(self, sharing: Sharing) -> None:
        self._sharing = sharing

    def wait(self, patience_s: float) -> None:
        ended = threading.Event()
        while self._sharing._batch.waiting and not ended.wait(0.001):
            pass


def test_after_an_error_the_next_parts_are_shared_as_before(sharing: Sharing) -> None:
    def job() -> None:
        with pytest.raises(ZeroDivisionError):
            sharing.share(lambda part: 1 // part, [1, 0, 1])
        assert len(set(sharing.share(Meeting(2), range(2)))) == 2

    helped(sharing, 1, job)


def test_a_helper_that_is_sent_away_ends_its_part_and_takes_no_other(sharing: Sharing) -> None:
    here, taken, sent = threading.current_thread(), threading.Event(), threading.Event()
    parts = dict[int, bool]()

    def part(number: int) -> None:
        mine = threading.current_thread() is here
        parts[number] = mine
        if not mine:
            taken.set()
            sent.wait(PATIENCE_S)
        elif not sent.is_set():
            taken.wait(PATIENCE_S)
            sharing.send_away(1)
            sent.set()

    def job() -> None:
        sharing.share(part, range(50))
        assert sharing.hands == 1
        sharing.share(part, range(50, 60))

    assert helped(sharing, 1, job) == [True]
    assert sorted(parts) == list(range(60))
    assert list(parts.values()).count(False) == 1


def test_as_many_are_sent_away_as_asked_and_the_others_stay(sharing: Sharing) -> None:
    def job() -> None:
        sharing.send_away(1)
        assert sharing.hands == 2
        assert len(set(sharing.share(Meeting(2), range(2)))) == 2

    assert sorted(helped(sharing, 2, job)) == [False, True]

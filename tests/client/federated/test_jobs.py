"""The thread of the training code."""

import asyncio
import threading

import pytest

from mfn_client.federated._jobs import Jobs


async def test_work_runs_on_one_thread_beside_the_loop() -> None:
    jobs = Jobs(own_thread=True)
    first, second = [await jobs.run(threading.current_thread) for _ in range(2)]
    jobs.close()
    first.join()
    assert first is second
    assert first is not threading.current_thread()


async def test_what_the_work_raises_is_raised_where_it_is_waited_for() -> None:
    jobs = Jobs(own_thread=True)
    with pytest.raises(ZeroDivisionError):
        await jobs.run(lambda: 1 // 0)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await jobs.run(lambda: next(iter([])))
    assert await jobs.run(lambda: 7) == 7
    jobs.close()


def test_work_that_is_interrupted_on_the_callers_thread_is_left_to_the_caller() -> None:
    jobs, raised = Jobs(own_thread=False), threading.Event()
    settled: list[bool] = []

    def stopped() -> None:
        raise KeyboardInterrupt

    async def waiting() -> None:
        task = asyncio.ensure_future(jobs.run(stopped))
        await asyncio.to_thread(raised.wait)
        await asyncio.sleep(0)  # whatever the thread has told the loop is done by now
        settled.append(task.done())
        task.cancel()

    waiter = threading.Thread(target=lambda: asyncio.run(waiting()))
    waiter.start()
    with pytest.raises(KeyboardInterrupt):
        jobs.serve()
    raised.set()
    waiter.join()
    assert settled == [False]


def test_work_whose_loop_is_gone_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    jobs, begun, may_end = Jobs(own_thread=True), threading.Event(), threading.Event()
    threads: list[threading.Thread] = []

    def work() -> None:
        threads.append(threading.current_thread())
        begun.set()
        may_end.wait()

    async def left_alone() -> None:
        task = asyncio.create_task(jobs.run(work))
        await asyncio.to_thread(begun.wait)
        task.cancel()

    asyncio.run(left_alone())
    may_end.set()
    jobs.close()
    threads[0].join()
    assert raised == []

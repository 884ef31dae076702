"""A job whose work idle threads share: they take parts of it as long as there are any."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

P = TypeVar("P")
T = TypeVar("T")


class _Batch:
    """Parts of one call of `share`. undone: those that are not ended. error: the first, with which the others end."""

    def __init__(self, work: Callable[[Any], Any], parts: list[Any]) -> None:
        self.work = work
        self.results: list[Any] = [None] * len(parts)
        self.waiting = deque(enumerate(parts))
        self.undone = len(parts)
        self.error: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        """Do no part that has not begun."""
        self.error = self.error or error
        self.undone -= len(self.waiting)
        self.waiting.clear()


_NOTHING = _Batch(print, [])


class Sharing:
    """One job and the threads that help it; the job's thread alone calls `share` and `close`.

    Whatever is shared is done even when no helper comes, or all are sent away.
    """

    def __init__(self) -> None:
        self._helpers = 0
        lock = threading.Lock()
        self._more, self._ended = threading.Condition(lock), threading.Condition(lock)
        self._batch = _NOTHING
        self._leaving = 0
        self._closed = False

    @property
    def hands(self) -> int:
        """Threads that the job has now, its own among them."""
        return 1 + self._helpers

    def enlist(self, helpers: int) -> None:
        """So many threads are about to call `help`."""
        with self._more:
            self._helpers += helpers

    def share(self, work: Callable[[P], T], parts: Iterable[P]) -> list[T]:
        """What `work` makes of each part, in order; done by this thread and the helpers, each taking the next part.

        Returns, or raises the first error of a part, once no part is at work any more; after an error none is begun.
        """
        batch = _Batch(work, list(parts))
        with self._more:
            self._batch = batch
            self._more.notify(len(batch.waiting) - 1)
        while (part := self._next(batch)) is not None:
            self._do(batch, *part)
        with self._ended:
            while batch.undone:
                self._ended.wait()
            self._batch = _NOTHING
        if batch.error is not None:
            raise batch.error
        return batch.results

    def help(self) -> bool:
        """Take parts until the job has ended or this helper is sent away; whether it was sent away."""
        while True:
            with self._more:
                while not (self._closed or self._leaving or self._batch.waiting):
                    self._more.wait()
                if self._closed:
                    return False
                if self._leaving:
                    self._leaving -= 1
                    return True
                batch, taken = self._batch, self._batch.waiting.popleft()
            self._do(batch, *taken)

    def send_away(self, helpers: int) -> None:
        """Let so many of the helpers go, each with the part that it works on done."""
        with self._more:
            self._leaving += helpers
            self._helpers -= helpers
            self._more.notify_all()

    def close(self) -> None:
        """The job has ended: all helpers go."""
        with self._more:
            self._closed = True
            self._more.notify_all()

    def _next(self, batch: _Batch) -> tuple[int, Any] | None:
        with self._more:
            return batch.waiting.popleft() if batch.waiting else None

    def _do(self, batch: _Batch, number: int, part: Any) -> None:
        result, error = None, None
        try:
            result = batch.work(part)
        except BaseException as raised:  # noqa: BLE001  # raised again where the parts were shared out
            error = raised
        with self._ended:
            batch.results[number] = result
            batch.undone -= 1
            if error is not None:
                batch.fail(error)
            if not batch.undone:
                self._ended.notify()

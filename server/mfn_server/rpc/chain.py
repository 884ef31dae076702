"""The interceptors around every call, folded into one coroutine a method.

Every concern that awaits nothing of its own is called as a plain function: a coroutine each would cost more than most
of them do. What of an interceptor concerns a method is asked once, when the method is bound.
"""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, Protocol

from mfn_server.rpc.call import Call
from mfn_server.rpc.methods import Method

Proceed = Callable[[Call], Awaitable[None]]


class Interceptor(Protocol):
    """One concern of every call: does something before `await proceed(call)`, after it, or both.

    A guard refuses by raising a Fault or InvalidInput. An observer never does: when `proceed` returns or is cancelled,
    `call.outcome` tells how the call ended.
    """

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through."""


class Observer:
    """An interceptor that awaits nothing: `begin` before the rest of the call, `end` after it, however that ends."""

    def begin(self, call: Call) -> None:
        """The call has come so far; `end` follows, unless this raises."""

    def end(self, call: Call) -> None:
        """All further in is over."""

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through, between the two."""
        self.begin(call)
        try:
            await proceed(call)
        finally:
            self.end(call)


class Check:
    """A guard that is through with a call once it has let it in."""

    @abstractmethod
    def admit(self, call: Call) -> Awaitable[None] | None:
        """Refuse the call, or let it in: at once, or when what is returned has been awaited."""

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Refuse, or let the call through."""
        waiting = self.admit(call)
        if waiting is not None:
            await waiting
        await proceed(call)


class Choosing(Protocol):
    """An interceptor that is another one, or none at all, for some methods."""

    def at(self, method: Method) -> Interceptor | None:
        """What stands around the calls of this method; None where there is nothing to do."""


@dataclass(frozen=True)
class Interceptors:
    """Outermost first: the observers see how the call ended, also when a guard refused it."""

    observers: Sequence[Interceptor] = ()
    guards: Sequence[Interceptor] = ()


def fold(interceptors: Sequence[Interceptor], method: Method, innermost: Proceed) -> Proceed:
    """The interceptors around `innermost` for the calls of a method, the first one outermost."""
    chosen = [found for each in interceptors if (found := _at(each, method)) is not None]
    for kind, run in reversed([(kind, list(run)) for kind, run in groupby(chosen, _kind)]):
        innermost = kind(run, innermost)
    return innermost


def _at(interceptor: Interceptor, method: Method) -> Interceptor | None:
    choose: Callable[[Method], Interceptor | None] | None = getattr(interceptor, "at", None)
    return interceptor if choose is None else choose(method)


def _kind(interceptor: Interceptor) -> Callable[[Sequence[Any], Proceed], Proceed]:
    """How a run of such interceptors is put around what is further in."""
    if isinstance(interceptor, Observer):
        return _observing
    return _checking if isinstance(interceptor, Check) else _nesting


def _nesting(interceptors: Sequence[Interceptor], innermost: Proceed) -> Proceed:
    for interceptor in reversed(interceptors):
        innermost = partial(interceptor, innermost)
    return innermost


def _observing(observers: Sequence[Observer], innermost: Proceed) -> Proceed:
    begins = tuple(each.begin for each in observers if type(each).begin is not Observer.begin)
    steps = tuple((each.begin, _end_of(each)) for each in observers)
    ends = tuple(end for _, end in reversed(steps) if end is not None)

    async def observed(call: Call) -> None:
        begun = 0
        try:
            for begin in begins:
                begin(call)
                begun += 1
            await innermost(call)
        finally:
            _end(iter(ends if begun == len(begins) else _ends_after(begun, begins, steps)), call)

    return observed


def _end_of(observer: Observer) -> Callable[[Call], None] | None:
    return None if type(observer).end is Observer.end else observer.end


Step = tuple[Callable[[Call], None], Callable[[Call], None] | None]


def _ends_after(
    begun: int, begins: Sequence[Callable[[Call], None]], steps: Sequence[Step]
) -> list[Callable[[Call], None]]:
    """The ends of those that come before the one whose beginning, after so many others, has failed."""
    failed = [begin for begin, _ in steps].index(begins[begun])
    return [end for _, end in reversed(steps[:failed]) if end is not None]


def _end(ends: Iterator[Callable[[Call], None]], call: Call) -> None:
    """All of them, also after one that fails."""
    try:
        for end in ends:
            end(call)
    except BaseException:
        _end(ends, call)
        raise


def _checking(checks: Sequence[Check], innermost: Proceed) -> Proceed:
    admits = tuple(check.admit for check in checks)

    async def checked(call: Call) -> None:
        for admit in admits:
            waiting = admit(call)
            if waiting is not None:
                await waiting
        await innermost(call)

    return checked

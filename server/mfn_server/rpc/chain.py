"""The interceptors around every call, folded into one coroutine."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from mfn_server.rpc.call import Call

Proceed = Callable[[Call], Awaitable[None]]


class Interceptor(Protocol):
    """One concern of every call: does something before `await proceed(call)`, after it, or both.

    A guard refuses by raising a Fault or InvalidInput. An observer never does: when `proceed` returns or is cancelled,
    `call.outcome` tells how the call ended.
    """

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Let the call through."""


@dataclass(frozen=True)
class Interceptors:
    """Outermost first: the observers see how the call ended, also when a guard refused it."""

    observers: Sequence[Interceptor] = ()
    guards: Sequence[Interceptor] = ()


def fold(interceptors: Sequence[Interceptor], innermost: Proceed) -> Proceed:
    """The interceptors around `innermost`, the first one outermost."""
    for interceptor in reversed(interceptors):
        innermost = partial(interceptor, innermost)
    return innermost

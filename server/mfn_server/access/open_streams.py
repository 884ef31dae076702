"""Streams whose credential ends before they do: while they are open, it is looked at again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, cast

from mfn_server.access.authenticator import Refused
from mfn_server.access.presented import presented
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Proceed

LOOK_EVERY_S = 2.0

Task = asyncio.Task[Any]


class OpenStreams:
    """Ends the streams whose credential was revoked, has expired, or lost the key that vouched for it.

    check: raises Refused for a call whose credential holds no more. One look serves all streams of a credential.
    """

    def __init__(self, check: Callable[[Call], Awaitable[object]], every_s: float = LOOK_EVERY_S) -> None:
        self._check, self._every_s = check, every_s
        self._open = dict[Task, Call]()
        self._refused = dict[Task, Refused]()
        self._timer: asyncio.TimerHandle | None = None
        self._look: asyncio.Task[None] | None = None

    async def through(self, proceed: Proceed, call: Call) -> None:
        """Let the call through; raises Refused, with the call cancelled, once its credential holds no more."""
        task = cast("Task", asyncio.current_task())  # every call has one of its own
        self._open[task] = call
        if self._timer is None:
            self._arm()
        try:
            await proceed(call)
        except asyncio.CancelledError:
            refused = self._refused.get(task)
            if refused is None or task.uncancel():  # somebody else cancelled it, too
                raise
            raise Refused(refused.flaw, refused.message, refused.credential) from None
        finally:
            del self._open[task]
            self._refused.pop(task, None)

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every_s, self._begin_look)

    def _begin_look(self) -> None:
        self._timer = None
        if self._open:
            self._arm()
            if self._look is None or self._look.done():
                # In a context of its own: what is logged there is no doing of the call that happened to come first.
                self._look = asyncio.create_task(self._look_at_all(), context=Context())

    async def _look_at_all(self) -> None:
        """Each credential once, with a turn for others between two: signatures take their time."""
        tasks = dict[str | None, list[Task]]()
        for task, call in self._open.items():
            tasks.setdefault(presented(call), []).append(task)
        for same in tasks.values():
            await asyncio.sleep(0)
            open_still = [task for task in same if task in self._open]
            if open_still:
                await self._end_refused(open_still)

    async def _end_refused(self, same: list[Task]) -> None:
        try:
            await self._check(self._open[same[0]])
        except Refused as refused:
            for task in same:
                if task in self._open and task not in self._refused:
                    self._refused[task] = refused
                    task.cancel()

"""Compiling the kernels before they are needed, away from the event loop, in groups: a service waits for its own."""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Collection
from enum import StrEnum

from mfn_grpc.core import aggregation, dynamics, features, fractals, learning, reaction_diffusion


class Group(StrEnum):
    """Kernels that are compiled together; one group's functions may call another's."""

    FEATURES = "features"
    FRACTALS = "fractals"
    EARLY_WARNING = "early warning"
    AGGREGATION = "aggregation"
    REACTION_DIFFUSION = "reaction-diffusion"
    EXPONENTS = "Lyapunov exponents"
    LEARNING = "learning"


WarmUps = dict[Group, Callable[[], None]]
WARM_UPS: WarmUps = {
    Group.FEATURES: features.warm_up,
    Group.FRACTALS: fractals.warm_up,
    Group.EARLY_WARNING: dynamics.warm_up_early_warning,
    Group.AGGREGATION: aggregation.warm_up,
    Group.REACTION_DIFFUSION: reaction_diffusion.warm_up,
    Group.EXPONENTS: dynamics.warm_up_exponents,
    Group.LEARNING: learning.warm_up,
}
"""In the order of compiling: what takes seconds first, so that few wait for what takes half a minute."""
log = logging.getLogger(__name__)


def compile_all(groups: Collection[Group] = tuple(Group)) -> None:
    """Compile (or load from numba's cache) every kernel that a call may use, of these groups."""
    for group, warm_up in WARM_UPS.items():
        if group in groups:
            warm_up()


class Kernels:
    """Compiles each group once, when first asked to, on a thread beside the event loop; one group at a time.

    Used on the event loop only.
    """

    def __init__(self, warm_ups: WarmUps = WARM_UPS) -> None:
        self._warm_ups = warm_ups
        self._finished = {group: asyncio.Event() for group in warm_ups}
        self._asked_for, self._failed = set[Group](), set[Group]()
        self._waiting = deque[Group]()
        self._compiling = False

    def start(self, groups: Collection[Group] = tuple(Group)) -> None:
        """Have these groups compiled, after those that were asked for before."""
        asked = [group for group in self._warm_ups if group in groups and group not in self._asked_for]
        self._asked_for.update(asked)
        self._waiting.extend(asked)
        self._go_on()

    def finished(self, groups: Collection[Group]) -> bool:
        """Whether compiling them is over, well or not."""
        return all(self._finished[group].is_set() for group in groups)

    def usable(self, groups: Collection[Group]) -> bool:
        """Whether they are compiled."""
        return self.finished(groups) and self._failed.isdisjoint(groups)

    async def wait(self, groups: Collection[Group]) -> None:
        """Until compiling them is over."""
        for group in groups:
            await self._finished[group].wait()

    def _go_on(self) -> None:
        if self._waiting and not self._compiling:
            self._compiling = True
            group, loop = self._waiting.popleft(), asyncio.get_running_loop()
            place, asked = len(self._asked_for) - len(self._waiting), len(self._asked_for)
            log.info("compiling kernels, or loading them from the cache: %d of %d, %s", place, asked, group)
            threading.Thread(target=self._compile, args=(group, loop), name="mfn-warm-up", daemon=True).start()

    def _compile(self, group: Group, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._warm_ups[group]()
            usable = True
        except Exception:
            log.exception("the %s kernels could not be compiled; whatever needs them will be refused", group)
            usable = False
        try:
            loop.call_soon_threadsafe(self._end, group, usable)
        except RuntimeError:
            log.debug("the server stopped before its kernels were compiled")

    def _end(self, group: Group, usable: bool) -> None:
        if not usable:
            self._failed.add(group)
        self._finished[group].set()
        self._compiling = False
        self._go_on()

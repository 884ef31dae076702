"""Compiling the kernels before they are needed, away from the event loop."""

import asyncio
import logging
import threading
from collections.abc import Callable

from mfn_grpc.core import dynamics, features, fractals, learning, reaction_diffusion

WARM_UPS: tuple[Callable[[], None], ...] = (
    reaction_diffusion.warm_up,
    features.warm_up,
    fractals.warm_up,
    dynamics.warm_up,
    learning.warm_up,
)
log = logging.getLogger(__name__)


def compile_all() -> None:
    """Compile (or load from numba's cache) every kernel that a call may use."""
    for warm_up in WARM_UPS:
        warm_up()


class Kernels:
    """Compiles the kernels once, on a thread of its own, when first asked to.

    finished: set when that is over. usable: whether it went well.
    """

    def __init__(self, compile_all: Callable[[], None] = compile_all) -> None:
        self._compile_all = compile_all
        self.finished = asyncio.Event()
        self.usable = False
        self._started = False

    def start(self) -> None:
        """Begin compiling; does nothing the second time."""
        if not self._started:
            self._started = True
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._compile, args=(loop,), name="mfn-warm-up", daemon=True).start()

    def _compile(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._compile_all()
            self.usable = True
        except Exception:
            log.exception("the kernels could not be compiled; whatever computes will be refused")
        try:
            loop.call_soon_threadsafe(self.finished.set)
        except RuntimeError:
            log.debug("the server stopped before its kernels were compiled")

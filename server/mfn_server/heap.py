"""How the process uses its memory: one heap for all threads, and what lasts out of the garbage collector's way."""

import ctypes
import gc
import sys

MMAP_BYTES = 8 * 1024 * 1024
"""What is larger has pages of its own, which go back to the system when it is freed: states, not messages."""
KEPT_BYTES = 32 * 1024 * 1024
"""Most that the end of the heap keeps of what was freed."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def share() -> None:
    """Let threads share one heap that keeps what was freed, where the C library is glibc; before there are threads.

    A message is made on one thread and freed on another. With a heap for each thread, and their ends given back to the
    system whenever something large is freed, a stream of large frames holds a tenth more memory than it needs, and
    every message takes its pages anew.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, MMAP_BYTES)
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)


def freeze() -> None:
    """Collect once, and never look at what is left again: modules, compiled kernels and whatever they refer to.

    These are several hundred thousand objects. A full collection that goes through them holds all threads up for a
    tenth of a second or more, as often as the calls under way have made a quarter as many new ones that last.
    """
    gc.collect()
    gc.freeze()

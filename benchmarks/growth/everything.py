"""All ladders there are, climbed one after another."""

from collections.abc import Iterator

from threadpoolctl import threadpool_limits

from benchmarks.growth import aggregating, federating, serving, simulating
from benchmarks.growth.ladder import Climb, climb
from benchmarks.measuring.machine import one_core

TURNS = {True: 1, False: 4}
SERVED_TURNS = {True: 1, False: 2}
"""Of ladders whose work is a server's: each takes seconds."""


def climbs(quick: bool) -> Iterator[Climb]:
    """What is computed here keeps to one core; a server has them all."""
    with one_core(), threadpool_limits(1):
        for room in (simulating, aggregating):
            for ladder in room.ladders(quick):
                yield climb(ladder, TURNS[quick])
    for server in (serving, federating):
        with server.ladders(quick) as ladders:
            for ladder in ladders:
                yield climb(ladder, SERVED_TURNS[quick])

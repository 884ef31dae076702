"""Robust aggregation: time and memory against clients and parameters."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from benchmarks.growth.costs import milliseconds, peak_mib
from benchmarks.growth.ladder import FLAT, LINEAR, QUADRATIC, Ladder
from mfn_grpc.core import aggregation
from mfn_grpc.core.aggregation import RULES, AggregationPolicy, aggregate_arrays

Array = np.ndarray[Any, np.dtype[np.float32]]
PER_COORDINATE = ("mean", "coordinate_median", "trimmed_mean")
OF_PAIRS = ("krum", "bulyan", "geometric_median", "centered_clipping")
"""Rules that look at the distance of each update to each other; the last two take it from the Gram matrix once, and
then go through no update again until they are done."""
CLIENTS = {True: (10, 20, 40), False: (10, 20, 40, 80, 160, 320)}
HELD = {True: CLIENTS[True], False: CLIENTS[False][:-1]}
OF_DISTANCES = "32 n^2 bytes of it are distances, whatever the size of the updates"
"""3 MiB for 320 clients: beside updates of a real size nothing, beside those of this ladder a slope."""
PARAMETERS = {True: (2_000, 4_000, 8_000), False: (20_000, 40_000, 80_000, 160_000, 320_000)}
WIDTH = {True: 2_000, False: 40_000}
CROWD = 20


def ladders(quick: bool) -> Iterator[Ladder]:
    """For every rule: time against clients and against parameters, memory against clients."""
    aggregation.warm_up()
    for rule in (*PER_COORDINATE, *OF_PAIRS):
        yield from _of(rule, quick)


def _of(rule: str, quick: bool) -> Iterator[Ladder]:
    width = WIDTH[quick]

    def over_clients(clients: int) -> float:
        updates = _updates(clients, width)
        return milliseconds(lambda: aggregate_arrays(updates, policy(rule, clients)))

    def over_parameters(parameters: int) -> float:
        updates = _updates(CROWD, parameters)
        return milliseconds(lambda: aggregate_arrays(updates, policy(rule, CROWD)))

    def memory(clients: int) -> float:
        updates = _updates(clients, width)
        return peak_mib(lambda: aggregate_arrays(updates, policy(rule, clients)))

    limit = QUADRATIC if rule in OF_PAIRS else LINEAR
    yield Ladder(f"{rule}, time", "clients", "ms", CLIENTS[quick], over_clients, limit)
    yield Ladder(f"{rule}, time", "parameters", "ms", PARAMETERS[quick], over_parameters)
    note = OF_DISTANCES if rule in OF_PAIRS else ""
    yield Ladder(f"{rule}, memory", "clients", "MiB", HELD[quick], memory, FLAT, note, together=False)


def policy(rule: str, clients: int) -> AggregationPolicy:
    """The rule alone, with as many faulty clients as every rule bears."""
    return AggregationPolicy(faulty=max(1, clients // 5 - 1), rule=RULES[rule](), pre_aggregators=())


@lru_cache(maxsize=16)
def _updates(clients: int, parameters: int) -> Array:
    return np.random.default_rng(0).standard_normal((clients, parameters), np.float32)

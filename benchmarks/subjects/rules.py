"""Robust aggregation rules over 100 updates of 10^6 float32, against Flower's and ByzFL's; and their memory.

Contestants take turns on the same random vectors: on one core, each timed by its processor time, then with all cores,
timed by the clock; the libraries use what their numpy does, ours as many threads as there are cores. Memory is the
growth of RssAnon of a process that aggregates updates mapped from files, for few and for many of them.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Bar, Row, at_least, at_most, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, ratio
from benchmarks.peers.aggregation import Vectors, vectors_of
from benchmarks.peers.peer_process import HOW_TO_GET, PeerProcess, installed
from mfn_grpc.core.aggregation import RULES as KNOWN_RULES
from mfn_grpc.core.aggregation import AggregationPolicy, ArraySource, Hands, Update, aggregate, warm_up
from mfn_grpc.core.aggregation.hands import ALONE
from mfn_grpc.core.pieces import finish

CLIENTS, FAULTY = 100, 20
SIZES = {True: 10_000, False: 1_000_000}
REPEATS = {True: 1, False: 5}
ALL_CORES_REPEATS = 2
"""No bar hangs on these."""
BARS = {
    ("krum", "Flower"): at_least(8.0),
    ("krum", "ByzFL"): at_least(8.0),
    ("coordinate_median", "Flower"): at_least(10.0),
    ("coordinate_median", "ByzFL"): at_least(1.0),
    ("trimmed_mean", "Flower"): at_least(10.0),
    ("trimmed_mean", "ByzFL"): at_least(1.0),
}
LIBRARIES = ("Flower", "ByzFL")
WIDE = {True: 100_000, False: 5_000_000}
MANY, FEW = 200, 20
FAULTY_OF_FEW = 4
FLAT = at_most(1.1)
"""Of the memory, ten times as many updates to few: what is kept of pairs of updates is small."""
MEMORY_RULES = ("krum", "trimmed_mean", "geometric_median", "bulyan")


def measure(quick: bool) -> Iterator[Row]:
    """Two rows for each rule, one for each library, on one core and on all; then the memory of some."""
    warm_up()
    with one_core(), threadpool_limits(1):
        yield from _beside_peers(SIZES[quick], REPEATS[quick], 1)
    yield from _beside_peers(SIZES[quick], ALL_CORES_REPEATS, os.cpu_count() or 1)
    for rule in MEMORY_RULES:
        yield from _memory(rule, WIDE[quick])


def _beside_peers(size: int, repeats: int, cores: int) -> Iterator[Row]:
    rules = sorted({rule for rule, _ in BARS})
    if not installed():
        for rule, library in ((rule, library) for rule in rules for library in LIBRARIES):
            bar = _bar(rule, library, cores)
            yield Row(_what(rule, size, cores), library, unit="x", bar=bar, skipped=HOW_TO_GET)
        return
    vectors = vectors_of(CLIENTS, size, seed=0)
    with PeerProcess(CLIENTS, size, FAULTY) as peers, ThreadPoolExecutor(cores) as threads:
        for rule in rules:
            yield from _rows(rule, vectors, peers, repeats, Hands(cores, threads.map) if cores > 1 else ALONE)


def _rows(rule: str, vectors: Vectors, peers: PeerProcess, repeats: int, hands: Hands) -> Iterator[Row]:
    """One core: processor time, with a bar. Several: time on the clock."""
    clock = "seconds" if hands.count == 1 else "wall"
    contestants: dict[str, Callable[[], float]] = {"ours": partial(_seconds, vectors, rule, hands)}
    for library in LIBRARIES:
        contestants[library] = partial(_peer_seconds, peers, library, rule, clock)
    times = interleaved(contestants, repeats)
    what = _what(rule, vectors.shape[1], hands.count)
    for library in LIBRARIES:
        yield _row(what, library, times["ours"], times[library], _bar(rule, library, hands.count))


def _bar(rule: str, library: str, cores: int) -> Bar | None:
    return BARS[rule, library] if cores == 1 else None


def _what(rule: str, size: int, cores: int) -> str:
    where = "" if cores == 1 else ", all cores"
    return f"{rule}, n = {CLIENTS}, f = {FAULTY}, d = {size:,} float32{where}"


def _row(what: str, library: str, ours: Samples, theirs: Samples, bar: Bar | None) -> Row:
    figure = f"{1e3 * ours.median:,.0f} ms against {1e3 * theirs.median:,.0f} ms"
    return ratio_row(what, library, ratio(theirs, ours), figure, {"ours": ours, library: theirs}, bar)


def policy_for(rule: str, faulty: int) -> AggregationPolicy:
    """The rule alone."""
    return AggregationPolicy(faulty=faulty, rule=KNOWN_RULES[rule](), pre_aggregators=())


def _seconds(vectors: Vectors, rule: str, hands: Hands) -> float:
    clock = time.process_time if hands.count == 1 else time.perf_counter
    began = clock()
    aggregated(vectors, rule, hands)
    return clock() - began


def aggregated(vectors: Vectors, rule: str, hands: Hands) -> NDArray[np.float64]:
    """The aggregate of the rows of `vectors`."""
    updates = [Update(f"{k:05d}", ArraySource(row)) for k, row in enumerate(vectors)]
    result = np.empty(vectors.shape[1])

    def write(start: int, block: NDArray[np.float64]) -> None:
        result[start : start + len(block)] = block

    finish(aggregate(updates, len(result), policy_for(rule, FAULTY), write=write, hands=hands))
    return result


def _peer_seconds(peers: PeerProcess, library: str, rule: str, clock: str) -> float:
    return float(peers.ask(library, rule)[clock])


def _memory(rule: str, size: int) -> Iterator[Row]:
    """The most anonymous memory of a process that aggregates many mapped updates, and how much more than with few."""
    with tempfile.TemporaryDirectory(prefix="mfn-rules-", dir=Path.cwd()) as folder:
        path = Path(folder) / "update.f32"
        np.random.default_rng(0).standard_normal(size, np.float32).tofile(path)
        peaks = {clients: _peak_mib(rule, path, clients) for clients in (FEW, MANY)}
    what = f"{rule}, n = {MANY}, d = {size:,} float32, updates in mapped files: RssAnon of the process"
    yield Row(
        what,
        value=peaks[MANY],
        unit="MiB",
        bar=at_most(256.0),
        figure=f"the updates have {MANY * size * 4 / 2**20:,.0f} MiB",
        samples={f"n = {clients}": [peak] for clients, peak in peaks.items()},
    )
    few, many = peaks[FEW], peaks[MANY]
    yield Row(what, f"n = {FEW}", value=many / few, unit="x", bar=FLAT, figure=f"{many:.0f} against {few:.0f} MiB")


def _peak_mib(rule: str, path: Path, clients: int) -> float:
    command = [sys.executable, "-m", "benchmarks.aggregation.mapped_updates", rule, str(path), str(clients)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

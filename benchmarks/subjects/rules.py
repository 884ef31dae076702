"""Robust aggregation rules over 100 updates of 10^6 float32, against Flower's and ByzFL's; and their memory.

Contestants take turns on one core, each timed by its processor time, on the same random vectors. Memory is the growth
of RssAnon of a process that aggregates updates mapped from files, for few and for many of them.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Bar, Row, at_least, at_most
from benchmarks.measuring.timing import Samples, interleaved, ratio
from benchmarks.peers.aggregation import Vectors, vectors_of
from benchmarks.peers.peer_process import HOW_TO_GET, PeerProcess, installed
from mfn_grpc.core.aggregation import RULES as KNOWN_RULES
from mfn_grpc.core.aggregation import AggregationPolicy, aggregate_arrays, warm_up

CLIENTS, FAULTY = 100, 20
SIZES = {True: 10_000, False: 1_000_000}
REPEATS = {True: 1, False: 5}
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
MEMORY_RULES = ("krum", "trimmed_mean", "geometric_median", "bulyan")


def measure(quick: bool) -> Iterator[Row]:
    """Two rows for each rule, one for each library, then the memory of some."""
    warm_up()
    with one_core(), threadpool_limits(1):
        yield from _beside_peers(SIZES[quick], REPEATS[quick])
    for rule in MEMORY_RULES:
        yield _memory(rule, WIDE[quick])


def _beside_peers(size: int, repeats: int) -> Iterator[Row]:
    rules = sorted({rule for rule, _ in BARS})
    if not installed():
        yield from (Row(rule, library, skipped=HOW_TO_GET) for rule in rules for library in LIBRARIES)
        return
    vectors = vectors_of(CLIENTS, size, seed=0)
    with PeerProcess(CLIENTS, size, FAULTY) as peers:
        for rule in rules:
            yield from _rows(rule, vectors, peers, repeats)


def _rows(rule: str, vectors: Vectors, peers: PeerProcess, repeats: int) -> Iterator[Row]:
    contestants: dict[str, Callable[[], float]] = {"ours": partial(_seconds, vectors, rule)}
    for library in LIBRARIES:
        contestants[library] = partial(_peer_seconds, peers, library, rule)
    times = interleaved(contestants, repeats)
    what = f"{rule}, n = {CLIENTS}, f = {FAULTY}, d = {vectors.shape[1]:,} float32"
    for library in LIBRARIES:
        yield _row(what, library, times["ours"], times[library], BARS[rule, library])


def _row(what: str, library: str, ours: Samples, theirs: Samples, bar: Bar) -> Row:
    ratios = ratio(theirs, ours)
    return Row(
        what,
        library,
        value=ratios.median,
        unit="x",
        bar=bar,
        spread=ratios.spread,
        figure=f"{1e3 * ours.median:,.0f} ms against {1e3 * theirs.median:,.0f} ms",
        samples={"ours": ours.values, library: theirs.values},
    )


def policy_for(rule: str, faulty: int) -> AggregationPolicy:
    """The rule alone."""
    return AggregationPolicy(faulty=faulty, rule=KNOWN_RULES[rule](), pre_aggregators=())


def _seconds(vectors: Vectors, rule: str) -> float:
    began = time.process_time()
    aggregate_arrays(vectors, policy_for(rule, FAULTY))
    return time.process_time() - began


def _peer_seconds(peers: PeerProcess, library: str, rule: str) -> float:
    return float(peers.ask(library, rule)["seconds"])


def _memory(rule: str, size: int) -> Row:
    """The most anonymous memory of a process that aggregates many mapped updates, and how much fewer would take."""
    with tempfile.TemporaryDirectory(prefix="mfn-rules-", dir=Path.cwd()) as folder:
        path = Path(folder) / "update.f32"
        np.random.default_rng(0).standard_normal(size, np.float32).tofile(path)
        peaks = {clients: _peak_mib(rule, path, clients) for clients in (FEW, MANY)}
    return Row(
        f"{rule}, n = {MANY}, d = {size:,} float32, updates in mapped files: RssAnon of the process",
        value=peaks[MANY],
        unit="MiB",
        bar=at_most(256.0),
        figure=f"{peaks[FEW]:.0f} MiB with n = {FEW}; the updates have {MANY * size * 4 / 2**20:,.0f} MiB",
        samples={f"n = {clients}": [peak] for clients, peak in peaks.items()},
    )


def _peak_mib(rule: str, path: Path, clients: int) -> float:
    command = [sys.executable, "-m", "benchmarks.federations.mapped_updates", rule, str(path), str(clients)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

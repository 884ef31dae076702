"""What a server does before it serves: its imports, and its kernels, compiled or loaded from numba's cache.

Processor time of fresh processes; `capacity` has the time from start to SERVING. A
group is compiled after those above it in the table, whose functions it may call. No bars: the compiler is numba's.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.measuring.rows import Row, seconds_row
from benchmarks.measuring.timing import Samples
from benchmarks.starts.fresh import byte_code_kept, cost
from mfn_server.kernels import WARM_UPS, Group

TURNS = {True: 1, False: 5}
GROUPS = {True: (Group.FRACTALS, Group.LEARNING), False: tuple(WARM_UPS)}
CACHE = "NUMBA_CACHE_DIR"
IMPORT = ["-c", "import mfn_server.app"]


def measure(quick: bool) -> Iterator[Row]:
    """A row for the imports, two for each group and two for all of them; without `quick`, one for two processes."""
    with byte_code_kept() as environment:
        yield _imports(environment, TURNS[quick])
        names = [str(group) for group in GROUPS[quick]]
        with tempfile.TemporaryDirectory(prefix="mfn-kernels-") as folder:
            cached = {**environment, CACHE: folder}
            began = time.perf_counter()
            compiled = [_seconds(names, cached)]
            alone_s = time.perf_counter() - began
            loaded = [_seconds(names, cached) for _ in range(TURNS[quick])]
        yield from group_rows(names, "compile", compiled)
        yield from group_rows(names, "load from the cache", loaded)
        if not quick:
            yield _side_by_side(environment, names, alone_s)


def _imports(environment: Mapping[str, str], turns: int) -> Row:
    costs = [cost(IMPORT, environment) for _ in range(turns + 1)][1:]
    processor = Samples(tuple(each.processor_s for each in costs))
    wall = Samples(tuple(each.wall_s for each in costs))
    return Row(
        "import mfn_server.app",
        value=processor.median,
        unit="s",
        spread=processor.spread,
        figure=f"{wall.median:.2f} s on the clock",
        samples={"processor_s": processor.values, "wall_s": wall.values},
    )


def group_rows(names: Sequence[str], what: str, runs: Sequence[Mapping[str, float]]) -> Iterator[Row]:
    """A row for each group and one for all: the median of the runs, each of which says seconds by group."""
    for name in names:
        yield seconds_row(f"{what}: {name}", [run[name] for run in runs])
    yield seconds_row(f"{what}: all of them", [sum(run[name] for name in names) for run in runs])


def _side_by_side(environment: Mapping[str, str], names: Sequence[str], alone_s: float) -> Row:
    """Two processes, each with a cache of its own: of one cache both could write an index at once, and lose entries."""
    largest = str(Group.REACTION_DIFFUSION)
    shares = [[largest], [name for name in names if name != largest]]
    began = time.perf_counter()
    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(lambda share: _seconds_apart(share, environment), shares))
    together_s = time.perf_counter() - began
    return Row(
        "compile all of them in two processes, on the clock",
        "one process",
        value=together_s / alone_s,
        unit="x",
        figure=f"{together_s:.1f} s against {alone_s:.1f} s; {largest} in one, all others in the other",
    )


def _seconds_apart(names: Sequence[str], environment: Mapping[str, str]) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory(prefix="mfn-kernels-") as folder:
        return _seconds(names, {**environment, CACHE: folder})


def _seconds(names: Sequence[str], environment: Mapping[str, str]) -> Mapping[str, float]:
    """Processor time of each group in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.starts.groups", *names]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    seconds: Mapping[str, float] = json.loads(done.stdout)
    return seconds

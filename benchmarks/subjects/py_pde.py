"""Gray-Scott, float64, against py-pde's numba backend: steady state on one core, and end to end from a cold request.

Both start from one initial state and make the same steps of explicit Euler; before anything is timed their fields must
agree. In steady state py-pde's stepper, compiled for one thread, and our kernel take turns on one core, processor time
of either thread. End to end, each turn is a new process of py-pde with its modules imported, timed on the clock from
the equations to the final state; ours is a call of our client to a warm server until the final state is in hand.

py-pde allocates arrays at every step, and the C library gives large ones back to the system, so that by default every
step takes their pages anew: two thirds of its time at 512 x 512. Here it is told to keep them.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring.machine import one_core
from benchmarks.measuring.rows import Row, at_least, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, rate, ratio
from benchmarks.peers.program import HOW_TO_GET, PeerProgram, installed
from benchmarks.servers.server_process import ServerProcess
from mfn_client import Client
from mfn_grpc.core.reaction_diffusion import GrayScott, Simulation, SimulationSpec

PEER = "py-pde, numba"
STEADY_EDGES = 128, 512
STEADY_BAR = at_least(5.0)
CELLS = {True: 10**6, False: 10**8}
"""Cell updates a turn in steady state, quick or not."""
CHECKED_STEPS = 100
AGREEMENT = 1e-9
"""Both add the same terms in different orders; no step amplifies what is rounded off."""
KEEPING_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TRIM_THRESHOLD_": str(2**32),
    "MALLOC_TOP_PAD_": str(2**26),
}
"""For the C library of GNU: other ones do not know these variables."""
REQUEST_EDGES = {True: (128,), False: (128, 512)}
REQUEST_BAR = at_least(10.0)
REQUEST_STEPS = {True: 100, False: 10_000}
"""As many as the pattern needs to fill the grid."""
MOST_STEPS = 100_000_000

Array = np.ndarray[Any, np.dtype[Any]]


def measure(quick: bool) -> Iterator[Row]:
    """A row an edge in steady state, then one an edge end to end."""
    if not installed():
        yield from (Row(_steady(edge), PEER, unit="x", bar=STEADY_BAR, skipped=HOW_TO_GET) for edge in STEADY_EDGES)
        for edge in REQUEST_EDGES[quick]:
            what = _end_to_end(edge, REQUEST_STEPS[quick])
            yield Row(what, PEER, unit="x", bar=REQUEST_BAR, skipped=HOW_TO_GET)
        return
    with one_core():
        for edge in STEADY_EDGES:
            yield _steady_row(edge, CELLS[quick], repeats=1 if quick else 9)
    with ServerProcess() as server, Client(server.target) as client:
        for edge in REQUEST_EDGES[quick]:
            yield _request_row(client, edge, REQUEST_STEPS[quick], repeats=1 if quick else 3)


def simulation(edge: int) -> Simulation:
    """Ours at its initial state."""
    return Simulation(SimulationSpec(GrayScott(), steps=MOST_STEPS, shape=(edge, edge)))


def peer(state: Path, **environment: str) -> PeerProgram:
    """py-pde with the state in a file and the parameters of our default, keeping the memory that it frees."""
    model = GrayScott()
    constants = model.feed, model.kill, model.diffusion_u, model.diffusion_v, model.default_dt
    return PeerProgram("gray_scott.py", state, *constants, **KEEPING_MEMORY, **environment)


def difference(ours: Simulation, theirs: PeerProgram, folder: Path, steps: int) -> float:
    """The largest difference of any cell after both have made so many steps; RuntimeError where they disagree."""
    ours.advance(steps)
    theirs.answer({"do": "step", "steps": steps})
    theirs.answer({"do": "save", "path": str(folder / "theirs.npy")})
    largest = float(np.abs(ours.state - np.load(folder / "theirs.npy")).max())
    if not largest <= AGREEMENT:
        raise RuntimeError(
            f"py-pde and ours differ by {largest:.1e} after {steps} steps: they compute different things"
        )
    return largest


def _steady(edge: int) -> str:
    return f"{edge} x {edge} float64, one core, steady state"


def _end_to_end(edge: int, steps: int) -> str:
    return f"{edge} x {edge} float64, {steps:,} steps, end to end from a cold request"


def _steady_row(edge: int, cells: int, repeats: int) -> Row:
    ours, steps = simulation(edge), max(1, cells // edge**2)
    millions = edge**2 * steps / 1e6
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mfn-py-pde-")))
        theirs = stack.enter_context(peer(_saved(ours.state, folder), NUMBA_NUM_THREADS="1"))
        largest = difference(ours, theirs, folder, CHECKED_STEPS)
        turns: dict[str, Callable[[], float]] = {
            "ours": partial(rate, millions, partial(ours.advance, steps)),
            PEER: lambda: millions / float(theirs.answer({"do": "step", "steps": steps})["seconds"]),
        }
        rates = interleaved(turns, repeats)
    figure = f"{rates['ours'].median:,.0f} M against {rates[PEER].median:,.0f} M cell updates/s"
    setting = "its fastmath on, no threads, freed memory kept"
    agreement = f"fields within {largest:.0e} after {CHECKED_STEPS} steps"
    told = f"{figure} ({setting}); {agreement}"
    return ratio_row(_steady(edge), PEER, ratio(rates["ours"], rates[PEER]), told, rates, STEADY_BAR)


def _request_row(client: Client, edge: int, steps: int, repeats: int) -> Row:
    """Turns without a warming round: every request is as cold as the first."""
    seconds: dict[str, list[float]] = {"ours": [], PEER: []}
    with tempfile.TemporaryDirectory(prefix="mfn-py-pde-") as name:
        state = _saved(simulation(edge).state, Path(name))
        for turn in range(repeats):
            seconds["ours"].append(_our_seconds(client, edge, steps, seed=turn))
            seconds[PEER].append(_their_seconds(state, steps))
    times = {who: Samples(tuple(taken)) for who, taken in seconds.items()}
    figure = f"{times['ours'].median:.2f} s against {times[PEER].median:.1f} s"
    return ratio_row(_end_to_end(edge, steps), PEER, ratio(times[PEER], times["ours"]), figure, times, REQUEST_BAR)


def _our_seconds(client: Client, edge: int, steps: int, seed: int) -> float:
    began = time.perf_counter()
    *_, last = client.simulate("gray_scott", rows=edge, cols=edge, steps=steps, seed=seed, stride=steps)
    seconds = time.perf_counter() - began
    if last.step != steps:
        raise RuntimeError(f"the last frame is of step {last.step}, {steps} were asked for")
    return seconds


def _their_seconds(state: Path, steps: int) -> float:
    with peer(state) as theirs:
        return float(theirs.answer({"do": "solve", "steps": steps})["seconds"])


def _saved(state: Array, folder: Path) -> Path:
    np.save(folder / "state.npy", state)
    return folder / "state.npy"

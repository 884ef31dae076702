"""Importing the client, in fresh processes, beside the libraries that any client of such a service needs.

Compared is processor time less that of an interpreter which imports nothing. `import mfn_client` loads its parts when
they are first used, so that what a program asks for first is measured as well.
"""

from collections.abc import Iterator, Mapping

from benchmarks.measuring.rows import Row, at_most, ratio_row
from benchmarks.measuring.timing import Samples, interleaved, ratio
from benchmarks.starts.fresh import byte_code_kept, cost

TURNS = {True: 2, False: 15}
BAR = at_most(1.2)
NOTHING = "pass"
RUNTIME = """
import grpc, numpy
from google.protobuf import descriptor, descriptor_pool, runtime_version, symbol_database
from google.protobuf.internal import builder
"""
"""What every generated stub imports of protobuf, and nothing more."""
AGAINST = "grpc, numpy and protobuf alone"
EVERYTHING = "import mfn_client\nfor name in mfn_client.__all__: getattr(mfn_client, name)"
HELP = "import sys; sys.argv = ['mfn', '--help']; from mfn_client.cli.app import main; main()"
MEASURED = {
    "import mfn_client": "import mfn_client",
    "from mfn_client import Client": "from mfn_client import Client",
    "from mfn_client import AsyncClient": "from mfn_client import AsyncClient",
    "every public name of mfn_client": EVERYTHING,
    "mfn --help": HELP,
}
UNBOUND = {"every public name of mfn_client", "mfn --help"}


def measure(quick: bool) -> Iterator[Row]:
    """All of them in turns, then a row for each."""
    with byte_code_kept() as environment:
        clock: dict[str, list[float]] = {}

        def contestant(name: str, code: str) -> float:
            spent = cost(["-c", code], environment)
            clock.setdefault(name, []).append(spent.wall_s)
            return spent.processor_s

        programs = {"nothing": NOTHING, AGAINST: RUNTIME, **MEASURED}
        contestants = {name: lambda name=name, code=code: contestant(name, code) for name, code in programs.items()}
        processor = interleaved(contestants, TURNS[quick])
    wall = {name: Samples(tuple(values[1:])) for name, values in clock.items()}
    for name in MEASURED:
        yield import_row(name, processor, wall)


def import_row(name: str, processor: Mapping[str, Samples], wall: Mapping[str, Samples]) -> Row:
    """One program against the libraries alone, both less an interpreter that imports nothing."""
    nothing = processor["nothing"].median
    ours, theirs = _above(processor[name], nothing), _above(processor[AGAINST], nothing)
    figure = (
        f"{1e3 * ours.median:.0f} ms against {1e3 * theirs.median:.0f} ms of processor time;"
        f" on the clock, with the interpreter, {1e3 * wall[name].median:.0f} ms"
        f" against {1e3 * wall[AGAINST].median:.0f} ms"
    )
    bar = None if name in UNBOUND else BAR
    return ratio_row(name, AGAINST, ratio(ours, theirs), figure, {"ours_s": ours, "theirs_s": theirs}, bar)


def _above(samples: Samples, floor: float) -> Samples:
    return Samples(tuple(value - floor for value in samples.values))

"""From measuring to a record: the surroundings are taken at the start, before the run itself loads the machine."""

from collections.abc import Sequence
from datetime import UTC, datetime

from benchmarks.measuring.machine import machine, versions
from benchmarks.measuring.run import Measured, measured
from benchmarks.records import tree
from benchmarks.records.record import SCHEMA, Machine, Record, recorded


def here() -> Machine:
    """This machine, as busy as it is now."""
    return Machine(**machine())


def run(names: Sequence[str], *, quick: bool) -> tuple[Measured, Record]:
    """Measure the subjects, and the record of it with every sample."""
    started = datetime.now(UTC).isoformat(timespec="seconds")
    surroundings = here()
    commit, dirty = tree.commit(), tree.dirty()
    found = measured(names, quick=quick)
    rows = recorded(found.rows_of)
    return found, Record(SCHEMA, commit, dirty, started, quick, surroundings, versions(), found.seconds, rows)

"""When more users are too many: what counts as a server's breaking point."""

from collections.abc import Sequence

from benchmarks.load.figures import StageFigures

MOST_ERRORS = 0.01
"""Share of calls that may fail, refusals included."""
SLOWEST_P99_MS = 500.0
"""Of a unary call, or of a stream's first frame."""
LEAST_RISE = 1.05
"""By which more users must raise the calls a second over the best stage before."""


def broken(stages: Sequence[StageFigures]) -> str:
    """Why the last of these stages is the breaking point; empty where it is none."""
    *before, last = stages
    if last.error_share > MOST_ERRORS:
        return f"{last.error_share:.1%} of the calls failed, more than {MOST_ERRORS:.0%}"
    if last.slowest_p99_ms is not None and last.slowest_p99_ms > SLOWEST_P99_MS:
        return f"the slowest p99 was {last.slowest_p99_ms:,.0f} ms, above {SLOWEST_P99_MS:,.0f} ms"
    best = max((stage.per_s for stage in before), default=0.0)
    if last.per_s < LEAST_RISE * best:
        return f"{last.per_s:,.0f} calls/s were not {LEAST_RISE:g} times the {best:,.0f} of fewer users"
    return ""


BUSY_CORES = 0.9
"""Of one core: Python's users, and its server's event loop, have one."""


def bottleneck(stage: StageFigures, processes: int) -> str:
    """Who could not do more in a stage, as far as processor time tells."""
    if stage.client_cores >= BUSY_CORES * processes:
        return "the users' own processes were busy: more of them (--processes), or another machine, may reach further"
    if stage.server_cores is None:
        return "the users' own processes were not busy; what the server did is not seen"
    if stage.server_cores >= BUSY_CORES:
        return "the server was busy"
    return "neither side used up a core: the users' pauses, or something else, set the pace"

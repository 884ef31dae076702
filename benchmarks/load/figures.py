"""What users measured: counts and times as Locust holds them, and the figures of the time between two looks at them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

UNARY, STREAM = "unary", "stream"
"""A call that is answered once; a stream, from its beginning to its end status."""
FIRST_FRAME, FRAME = "first frame", "frame gap"
"""From a stream's beginning to its first whole frame; from one frame to the next."""
JOIN, TASK, UPDATE = "join", "task", "update"
"""Of a participant: from the stream's beginning to the welcome; waiting for a round and its model; from the
announcement of an update to its acknowledgement."""
CONNECTION, CONNECTING = "connection", "connecting"
"""Of a user, when it comes."""
OPERATOR = "operator"
"""What an operator does for a federation before and after it."""
CALLS = frozenset({UNARY, STREAM})
"""The kinds that are calls; others are parts of a call, or what an operator does to set the stage."""
WAITED_FOR = frozenset({UNARY, FIRST_FRAME})
"""The kinds whose times somebody waits for, and which say whether a server keeps up."""
LEAST_EVENTS = 100
"""Fewer say nothing about the slowest of a hundred."""

MIB = 2**20
Key = tuple[str, str]
"""An RPC and a kind."""


@dataclass(frozen=True)
class Tally:
    """Since the beginning. times: how many took so many milliseconds, of those that succeeded."""

    finished: int
    failed: int
    times: Mapping[float, int]
    size_bytes: int


NOTHING = Tally(0, 0, {}, 0)


@dataclass(frozen=True)
class Look:
    """Everything counted up to one moment.

    at_s: since the load began. errors: by RPC, kind and reason. Processor times in seconds.
    """

    at_s: float
    tallies: Mapping[Key, Tally]
    errors: Mapping[tuple[str, str, str], int]
    client_cpu_s: float
    server_cpu_s: float | None


@dataclass(frozen=True)
class RpcFigures:
    """One kind of event of one RPC; times are of what succeeded, None where nothing did."""

    rpc: str
    kind: str
    ok: int
    errors: Mapping[str, int]
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    per_s: float
    mib_per_s: float

    @property
    def is_call(self) -> bool:
        """Whether it counts calls."""
        return self.kind in CALLS


@dataclass(frozen=True)
class StageFigures:
    """A stretch of time with so many users.

    began_s: since the load began. Cores: processor time by time on the clock; the server's if it is ours.
    """

    name: str
    users: int
    began_s: float
    seconds: float
    client_cores: float
    server_cores: float | None
    rpcs: tuple[RpcFigures, ...]

    @property
    def ok(self) -> int:
        """Calls that succeeded."""
        return sum(each.ok for each in self.rpcs if each.is_call)

    @property
    def failed(self) -> int:
        """Calls that did not, refusals included."""
        return sum(sum(each.errors.values()) for each in self.rpcs if each.is_call)

    @property
    def error_share(self) -> float:
        """Of all calls; 0 where there were none."""
        return self.failed / max(1, self.ok + self.failed)

    @property
    def per_s(self) -> float:
        """Calls that succeeded in a second."""
        return self.ok / self.seconds

    @property
    def slowest_p99_ms(self) -> float | None:
        """The largest p99 of what somebody waits for and what happened often enough; None without any."""
        telling = (each for each in self.rpcs if each.kind in WAITED_FOR and each.ok >= LEAST_EVENTS)
        return max((each.p99_ms for each in telling if each.p99_ms is not None), default=None)


@dataclass(frozen=True)
class Outcome:
    """A whole run. span_seconds: from before the first call to after the last; whole: all stages as one.

    broken: why the last stage counts as the breaking point; empty where none does. faults: what went wrong in the
    users' own code, with how often.
    """

    stages: tuple[StageFigures, ...]
    whole: StageFigures
    span_seconds: float
    broken: str = ""
    interrupted: bool = False
    faults: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For `outcome_of`."""
        return asdict(self)


def outcome_of(said: Mapping[str, Any]) -> Outcome:
    """The outcome that `as_json` gave."""
    stages = tuple(_stage_of(stage) for stage in said["stages"])
    return Outcome(**(dict(said) | {"stages": stages, "whole": _stage_of(said["whole"])}))


def _stage_of(said: Mapping[str, Any]) -> StageFigures:
    return StageFigures(**(dict(said) | {"rpcs": tuple(RpcFigures(**each) for each in said["rpcs"])}))


def percentile(times: Mapping[float, int], share: float) -> float | None:
    """The least time within which this share of all events finished; None where there were none."""
    needed, counted = share * sum(times.values()), 0
    for time_ms in sorted(times):
        counted += times[time_ms]
        if counted >= needed:
            return time_ms
    return None


def between(name: str, users: int, before: Look, after: Look) -> StageFigures:
    """What happened from one look to the next, which must be later."""
    seconds = after.at_s - before.at_s
    rpcs = [_rpc(key, before, after, seconds) for key in sorted(after.tallies)]
    server_s = None
    if before.server_cpu_s is not None and after.server_cpu_s is not None:
        server_s = (after.server_cpu_s - before.server_cpu_s) / seconds
    client_s = (after.client_cpu_s - before.client_cpu_s) / seconds
    happened = tuple(each for each in rpcs if each.ok or each.errors)
    return StageFigures(name, users, before.at_s, seconds, client_s, server_s, happened)


def _rpc(key: Key, before: Look, after: Look, seconds: float) -> RpcFigures:
    old, new = before.tallies.get(key, NOTHING), after.tallies[key]
    times = dict(Counter(new.times) - Counter(old.times))
    errors = Counter(_errors(key, after.errors)) - Counter(_errors(key, before.errors))
    ok = new.finished - new.failed - old.finished + old.failed
    p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
    rate = (new.size_bytes - old.size_bytes) / MIB / seconds
    return RpcFigures(*key, ok, dict(errors), p50, p95, p99, ok / seconds, rate)


def _errors(key: Key, errors: Mapping[tuple[str, str, str], int]) -> dict[str, int]:
    return {reason: count for (rpc, kind, reason), count in errors.items() if (rpc, kind) == key}


def stages_ok(stages: Sequence[StageFigures], rpc: str) -> int:
    """Calls of an RPC that succeeded in any of the stages."""
    return sum(each.ok for stage in stages for each in stage.rpcs if each.rpc == rpc and each.is_call)

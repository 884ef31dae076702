"""What the process of the users is told, through its standard input: keys stay out of its arguments."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from subprocess import Popen
from typing import Any


@dataclass(frozen=True)
class PlannedStage:
    """So many users for so many seconds."""

    name: str
    users: int
    seconds: float


@dataclass(frozen=True)
class Plan:
    """A run.

    keys: API keys by principal. ca_file: for TLS, empty without. limits: whether the users are those of the rate
    limits. awaited: RPCs of which one must have succeeded before the last stage ends, within a patience. server_pid:
    whose processor time is read, if any. processes: of users. html: where Locust's report goes. origin_s: when the load
    began, by the monotonic clock of the machine. join: port of the process that leads, for one more process of users;
    0 for the one that leads.
    """

    target: str
    keys: Mapping[str, str]
    ca_file: str
    stages: tuple[PlannedStage, ...]
    until_broken: bool
    limits: bool
    awaited: tuple[str, ...]
    server_pid: int | None
    processes: int
    html: str
    origin_s: float
    join: int = 0

    def as_json(self) -> str:
        """For `plan_of`."""
        return json.dumps(asdict(self))


def plan_of(text: str) -> Plan:
    """The plan that `as_json` gave."""
    said: dict[str, Any] = json.loads(text)
    stages = tuple(PlannedStage(**stage) for stage in said["stages"])
    return Plan(**(said | {"stages": stages, "awaited": tuple(said["awaited"])}))


def told(process: Popen[str], plan: Plan) -> None:
    """Hand a process its plan; nothing else can follow."""
    if process.stdin is None:
        raise ValueError("the process has no pipe to read a plan from")
    with process.stdin as pipe:
        pipe.write(plan.as_json())
    process.stdin = None  # communicate() would flush it

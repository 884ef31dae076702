"""What each kind of load may come to: anything else ends the soak, and the first of each kind must have been seen."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

from mfn_client import RpcError

OK = "ok"


@dataclass(frozen=True)
class Outcomes:
    """Of one kind of load: `usual` must come at least once, `others` may; "ok", or the reason of a refusal."""

    usual: str = OK
    others: frozenset[str] = field(default=frozenset())

    def __contains__(self, outcome: object) -> bool:
        """Whether it is expected."""
        return outcome == self.usual or outcome in self.others


async def outcome_of(work: Awaitable[object], expected: Outcomes) -> str:
    """What a piece of work came to; a refusal that is not expected is raised, a success RuntimeError."""
    try:
        await work
    except RpcError as error:
        outcome = error.reason or error.code.name
        if outcome not in expected:
            raise
        return outcome
    if OK not in expected:
        raise RuntimeError(f"served, where {expected.usual} was to come")
    return OK


def unseen(counts: Mapping[tuple[str, str], int], expected: Mapping[str, Outcomes]) -> list[str]:
    """What was never seen of each kind of load, in words; `counts` is by kind and outcome."""
    return [f"no {name} came to {each.usual}" for name, each in expected.items() if not counts.get((name, each.usual))]

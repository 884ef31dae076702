"""A federation's policy as sentences, and what it waits for."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from mfn_client.cli.output import counted, number

if TYPE_CHECKING:
    from mfn_client import Federation, Round

BEARS_ONE = {"krum": 5, "multi_krum": 5, "bulyan": 7, "hierarchical_krum": 25}
"""Participants that a rule needs against one faulty one; 3 for all others that bear any."""
BEARS_NONE = ("mean", "weighted_mean", "legacy_hierarchical_krum")


def policy_line(found: "Federation", newest: "Round | None") -> str:
    """The rule with its steps, f, the quorum, the target, the deadline, and how many of the rounds have been."""
    policy = found.policy
    quorum, target = policy["min_participants"], policy.get("target_participants")
    return (
        f"{_rule(policy['aggregation'])}, {_f(policy['aggregation'], quorum)}, quorum {quorum}, "
        f"target {'all connected' if target is None else target}, "
        f"deadline {number(policy['round_deadline_seconds'])} s, "
        f"{_rounds_over(found, newest)} of {policy['max_rounds']:,} rounds over"
    )


def waiting(found: "Federation") -> str:
    """Why no round runs, as a sentence without its end; empty where it is at work or over."""
    quorum, connected = found.policy["min_participants"], found.participants_connected
    if found.state == "awaiting_model":
        return "waits for its model: `mfn federation upload` hands it over"
    if found.state == "paused":
        return "is paused: `mfn federation resume` ends that"
    if found.state == "running" and connected < quorum:
        return f"waits for participants: {connected} of {quorum} connected"
    return ""


def unprotected(policy: Mapping[str, Any]) -> str:
    """What to know of a quorum too small for the share of faulty ones; empty where it is not, or f is stated."""
    aggregation, quorum = policy["aggregation"], int(policy["min_participants"])
    share = Fraction(str(aggregation.get("f_fraction", 0)))
    if not share or floor(share * quorum):
        return ""
    if (name := _name(aggregation)) in BEARS_NONE:
        return f"The rule {name} bears no faulty participant, however many take part."
    enough = max(ceil(1 / share), BEARS_ONE.get(name, 3))
    return (
        f"Rounds start with {counted(quorum, 'participant')} and bear no faulty one then; "
        f"--min-participants {enough} bears one."
    )


def _rounds_over(found: "Federation", newest: "Round | None") -> int:
    is_open = newest is not None and newest.round == found.round and newest.state not in {"done", "skipped"}
    return found.round - is_open


def _rule(aggregation: Mapping[str, Any]) -> str:
    steps = [next(iter(step)) for step in aggregation["pre_aggregators"]]
    return _name(aggregation) + (f" behind {', '.join(steps)}" if steps else "")


def _f(aggregation: Mapping[str, Any], quorum: int) -> str:
    if "f_fraction" not in aggregation:
        return f"f {aggregation.get('f', 0)}"
    share = aggregation["f_fraction"]
    return f"f {number(share)} of those present ({floor(Fraction(str(share)) * quorum)} of {quorum})"


def _name(aggregation: Mapping[str, Any]) -> str:
    from mfn_client._policies import RULES

    return next(word for word in aggregation if word in RULES)

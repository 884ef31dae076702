"""What would let a round that gave no aggregate give one, in words."""

from math import ceil

from mfn_grpc.core.aggregation.policy import MOST_CLIENTS, AggregationPolicy, name_of
from mfn_grpc.core.aggregation.shares import exact


def who_needs(policy: AggregationPolicy, needed: int) -> str:
    """The rule by name, and what it sees of `needed` updates where steps before it make fewer of them."""
    name, rows = name_of(policy.rule), policy.rows(needed)
    return name if rows == needed else f"{name}, behind steps that make {rows} of {needed},"


def for_more_updates(policy: AggregationPolicy, needed: int) -> str:
    """What more updates come to where f grows with them; "" where `needed` are enough."""
    if isinstance(policy.faulty, int):
        return ""
    enough = policy.least_updates(needed)
    if enough is None:
        share = f"{policy.faulty:g}"
        return (
            f"no number of updates up to {MOST_CLIENTS} suffices for f_fraction = {share}, as f grows with it: lower it"
        )
    return "" if enough == needed else f"as f grows with their number, {enough} suffice"


def for_larger_f(policy: AggregationPolicy, screened: int, present: int) -> str:
    """What f, or how many clients, would bear that `screened` fail while `present` pass."""
    if isinstance(policy.faulty, int):
        return f"f must be {screened} or more for that"
    if policy.faulty == 0:
        return "f_fraction must be above 0 for that"
    clients = ceil(screened / exact(policy.faulty))
    return (
        f"f_fraction = {policy.faulty:g} allows {screened} of {clients} clients or more, here were {present + screened}"
    )

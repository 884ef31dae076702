"""One aggregation, from the updates to the aggregate and a verdict on each of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from operator import attrgetter

import numpy as np

from mfn_grpc.core.aggregation.blocks import spans
from mfn_grpc.core.aggregation.errors import AggregationFailure, NotFinite, ScreenedBeyondF, TooFewUpdates
from mfn_grpc.core.aggregation.hands import ALONE, Hands
from mfn_grpc.core.aggregation.policy import MOST_CLIENTS, AggregationPolicy, ScreenedConvention
from mfn_grpc.core.aggregation.remedies import for_larger_f, for_more_updates, who_needs
from mfn_grpc.core.aggregation.results import Aggregation, ClientVerdict, VerdictKind
from mfn_grpc.core.aggregation.screening import screen
from mfn_grpc.core.aggregation.stages import Columns, Ready, prepare
from mfn_grpc.core.aggregation.updates import Source, Update
from mfn_grpc.core.aggregation.verdicts import in_vain, verdicts_of
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import Violation, refuse
from mfn_grpc.core.pieces import Pieces

NUMERICS_VERSION = "2"
"""Changes whenever any bit of any aggregate would."""

Write = Callable[[int, Array], None]


def aggregate(
    updates: Sequence[Update],
    size: int,
    policy: AggregationPolicy,
    *,
    round_number: int = 0,
    center: Source | None = None,
    write: Write,
    screened_before: Sequence[ClientVerdict] = (),
    hands: Hands = ALONE,
) -> Pieces[Aggregation]:
    """Aggregate `updates` of `size` elements; write(start, block) gets the aggregate in float64, block after block.

    The result does not depend on the order of `updates`: they are taken by client_id. Memory does not grow with `size`;
    with the number n of updates it grows by n² numbers at most. round_number: 0 or more, with it seeds are taken anew.
    center: where centred clipping starts, None for 0. screened_before: clients that failed a screen before their
    updates got here; they count among the n and the screened, and stand among the verdicts. hands: who works on
    blocks; no bit depends on that. What `write` was given of an aggregation that raises is worth nothing.

    Blocks are cut alike on every machine. Rules by coordinate and means give equal bits on all of them, whatever a
    score says in its last digits; rules that look at distances, and mixing, do on one type of processor with one build
    of numpy and one BLAS thread.

    Raises InvalidInput naming every fault of `policy` and of the client ids, and an AggregationFailure (errors.py) when
    there is no aggregate; that one carries the verdicts, too.
    """
    _check(updates, size, policy, screened_before)
    ordered = sorted(updates, key=attrgetter("client_id"))
    screened = yield from screen(ordered, size, policy.screens)
    failed = [*screened_before, *screened.verdicts]
    try:
        f = faulty_left(policy, len(updates) + len(screened_before), len(failed))
        present = len(screened.passed)
        if (needed := policy.needed(f, max(1, present))) > present:
            raise TooFewUpdates(needed, present, f, who_needs(policy, needed), for_more_updates(policy, needed))
        columns = Columns(screened, size, center if policy.rule.centred else None)
        ready = yield from prepare(columns, policy, f, round_number, hands)
        distances = yield from _combine(columns, ready, write)
    except AggregationFailure as failure:
        failure.verdicts = _in_order([*failed, *in_vain(screened)])
        raise
    judged = verdicts_of(screened, ready.links, ready.rule, distances, size)
    return _record([*failed, *judged], f)


def faulty_left(policy: AggregationPolicy, n: int, screened: int) -> int:
    """How many of those that passed the screens may be faulty, when `screened` of n did not pass."""
    f = policy.f(n)
    if policy.screened is ScreenedConvention.KEEP_F:
        return f
    if screened > f:
        raise ScreenedBeyondF(screened, f, for_larger_f(policy, screened, n - screened))
    return f - screened


def _combine(columns: Columns, ready: Ready, write: Write) -> Pieces[Array]:
    """Write the aggregate; distances of the rows that the rule saw from it, where it has no scores of its own."""
    reader, squares = columns.reader(ready.links), np.zeros(len(ready.rule.taken))
    rows = None if ready.links else ready.rule.rows
    for start, stop in spans(columns.size, reader.width):
        block = yield from reader.read(start, stop, rows)
        combined = ready.rule.combine(block, squares)
        if not np.isfinite(combined).all():
            raise NotFinite(start + int(np.argmin(np.isfinite(combined))))
        write(start, combined)
        yield
    return np.sqrt(squares)


def _record(verdicts: list[ClientVerdict], f: int) -> Aggregation:
    counts = Counter(verdict.kind for verdict in verdicts)
    return Aggregation(
        _in_order(verdicts),
        f,
        counts[VerdictKind.ACCEPTED],
        counts[VerdictKind.REJECTED],
        counts[VerdictKind.SCREENED],
    )


def _in_order(verdicts: list[ClientVerdict]) -> tuple[ClientVerdict, ...]:
    return tuple(sorted(verdicts, key=attrgetter("client_id")))


def _check(
    updates: Sequence[Update], size: int, policy: AggregationPolicy, screened_before: Sequence[ClientVerdict]
) -> None:
    violations = policy.violations()
    if size < 1:
        violations.append(Violation("size", str(size), f"is {size}, must be 1 or more"))
    ids = [*(update.client_id for update in updates), *(verdict.client_id for verdict in screened_before)]
    if len(ids) > MOST_CLIENTS:
        violations.append(Violation("updates", str(len(ids)), f"are {len(ids)}, must be at most {MOST_CLIENTS}"))
    violations += (
        Violation("client_id", name, f"stands {count} times, must be unique")
        for name, count in Counter(ids).items()
        if count > 1
    )
    refuse(violations)

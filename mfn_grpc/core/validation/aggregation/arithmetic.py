"""Checks of what goes wrong in floating point and in the counting of updates."""

from functools import partial

import numpy as np

from mfn_grpc.core.aggregation import (
    PRE_AGGREGATORS,
    RULES,
    AggregationFailure,
    AggregationPolicy,
    ArraySource,
    KrumRule,
    MeanRule,
    StaticClipping,
    TrimmedMeanRule,
    Update,
    aggregate,
    aggregate_arrays,
)
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.validation.aggregation.combining import aggregated, policy
from mfn_grpc.core.validation.checks import CheckSpec, Suite
from mfn_grpc.core.validation.expected import aggregation as expected
from mfn_grpc.core.validation.measuring import at_once, differing, random_numbers

BLANCHARD = "Blanchard et al., NeurIPS (2017), section 4"
DECIMAL = "arithmetic of decimal fractions"
CLOSE_CASES, CLOSE_CLIENTS, CLOSE_SIZE = 10, 12, 4000

check = partial(CheckSpec, suite=Suite.AGGREGATION, unit="1", in_quick=True)


def _close_updates(draws: np.random.Generator) -> Array:
    """Weights of order 1 that differ by 1e-4, float32, as clients send them late in a training."""
    model = draws.standard_normal(CLOSE_SIZE)
    spread = 1e-4 * draws.standard_normal((CLOSE_CLIENTS, CLOSE_SIZE))
    return np.asarray((model + spread).astype(np.float32))


def _scores_by_differences(updates: Array) -> Array:
    """Krum scores with f = 2, pair by pair from differences in float64."""
    rows = updates.astype(np.float64)
    squared = np.array([[np.sum((a - b) ** 2) for b in rows] for a in rows])
    return np.asarray(np.sort(squared, axis=1)[:, 1 : len(rows) - 3].sum(axis=1))


def _score_error(seed: int) -> Pieces[float]:
    """The largest relative error of the scores that Krum reports."""
    updates = _close_updates(random_numbers(seed))
    yield
    record = aggregate_arrays(updates, policy(KrumRule(), f=2))[1]
    exact = _scores_by_differences(updates)
    found = np.array([np.nan if verdict.score is None else verdict.score for verdict in record.verdicts])
    return float(np.max(np.abs(found - exact) / exact))


def _right_picks(seed: int) -> Pieces[float]:
    """How often Krum picks the update that differences pick."""
    draws, right = random_numbers(seed), 0
    for _ in range(CLOSE_CASES):
        updates = _close_updates(draws)
        picked = aggregate_arrays(updates, policy(KrumRule(), f=2))[0]
        right += bool(np.array_equal(picked, updates[np.argmin(_scores_by_differences(updates))]))
        yield
    return right


def _out_of_order(seed: int) -> Pieces[float]:
    """Over all rules and pre-aggregators: values that differ when the updates come in another order."""
    draws = random_numbers(seed)
    rows = draws.standard_normal((35, 40))
    names = [f"client-{k:02d}" for k in range(len(rows))]
    changed = 0
    for chosen in _every_part():
        results = []
        for order in (range(len(rows)), draws.permutation(len(rows))):
            found = np.full(rows.shape[1], np.nan)
            updates = [Update(names[k], ArraySource(rows[k]), 1.0 + k) for k in order]
            try:
                yield from aggregate(updates, rows.shape[1], chosen, write=partial(_put, found))
            except AggregationFailure:
                return float("nan")
            results.append(found)
        changed += differing(*results)
    return changed


def _put(into: Array, start: int, block: Array) -> None:
    into[start : start + len(block)] = block


def _every_part() -> list[AggregationPolicy]:
    """Every rule by itself, and the mean behind every pre-aggregator."""
    rules = [policy(kind(), f=2) for kind in RULES.values()]
    steps = [StaticClipping(1.0) if kind is StaticClipping else kind() for kind in PRE_AGGREGATORS.values()]
    return [*rules, *(policy(MeanRule(), step, f=2) for step in steps)]


def _f_of(updates: Array, f: float) -> float:
    record = aggregated(updates, policy(TrimmedMeanRule(), f=f))[1]
    return float("nan") if record is None else float(record.f)


def _with_one_nan() -> Array:
    rows = np.ones((7, 3))
    rows[2, 1] = np.nan
    return rows


CHECKS = (
    check(
        name="krum_score_error",
        description="Largest relative error of Krum scores of float32 updates of order 1 that differ by 1e-4.",
        measure=_score_error,
        expected=0.0,
        tolerance=1e-9,
        why_this_tolerance="the promised accuracy of distances; products in float32 would be off by 10 and more",
        reference=BLANCHARD,
    ),
    check(
        name="krum_picks_close_updates",
        description="How many of 10 times Krum picks among such updates the one that their differences pick.",
        measure=_right_picks,
        expected=10.0,
        tolerance=0.0,
        why_this_tolerance="scores differ by parts in a hundred, their errors by 1e-9 at most",
        reference=BLANCHARD,
    ),
    check(
        name="order_of_arrival",
        description="Values that differ, over all rules and pre-aggregators, when updates arrive in another order.",
        measure=_out_of_order,
        expected=0.0,
        tolerance=0.0,
        why_this_tolerance="updates are taken by the ids of their clients, so that nothing is added in another order",
        reference="none: a requirement; a sum in another order would differ in its last bits",
    ),
    check(
        name="exact_ceiling",
        description="Mean of the squares of 0 to 99 without a share of 0.29 at each side: those of 29 to 70.",
        measure=at_once(lambda: float(aggregated(expected.SQUARES, policy(TrimmedMeanRule(0.29), f=0))[0][0])),
        expected=expected.TRIMMED_SQUARES,
        tolerance=1e-9,
        why_this_tolerance="roundoff of a sum of order 1e5; 28 at each side would change the mean by 30",
        reference=DECIMAL,
    ),
    check(
        name="exact_floor",
        description="The f of 100 updates, a share of 0.29 of which may be faulty.",
        measure=at_once(lambda: _f_of(np.ones((100, 1)), 0.29)),
        expected=expected.FLOOR_OF_29_PER_CENT,
        tolerance=0.0,
        why_this_tolerance="a count",
        reference=DECIMAL,
    ),
    check(
        name="screened_counts_as_faulty",
        description="The f that is left of 2 when one of seven updates holds a NaN.",
        measure=at_once(lambda: _f_of(_with_one_nan(), 2)),
        expected=expected.LEFT_OF_F_2,
        tolerance=0.0,
        why_this_tolerance="a count",
        reference="definition of f: how many of all, those left out among them, may be faulty",
    ),
)

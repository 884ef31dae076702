from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import (
    PRE_AGGREGATORS,
    RULES,
    AggregationPolicy,
    Bucketing,
    BulyanRule,
    GeometricMedianRule,
    HierarchicalKrumRule,
    KrumRule,
    MultiKrumRule,
    NearestNeighborMixing,
    PreAggregator,
    Rule,
    Screens,
    StaticClipping,
    TrimmedMeanRule,
    aggregate_arrays,
    name_of,
)
from mfn_grpc.core.limits import InvalidInput
from tests.core.aggregation.cases import ALL_RULES


def test_the_default_is_a_trimmed_mean_behind_mixing_with_a_fifth_faulty() -> None:
    default = AggregationPolicy()
    assert (default.rule, default.pre_aggregators) == (TrimmedMeanRule(), (NearestNeighborMixing(),))
    assert [default.f(n) for n in (4, 5, 20, 99)] == [0, 1, 4, 19]


def test_a_stated_rule_stands_alone_unless_steps_are_stated_too() -> None:
    assert AggregationPolicy(rule=TrimmedMeanRule()).pre_aggregators == ()
    assert AggregationPolicy(rule=KrumRule(), pre_aggregators=(Bucketing(),)).pre_aggregators == (Bucketing(),)


def test_f_is_the_number_stated_or_the_exact_share() -> None:
    assert AggregationPolicy(7).f(5) == 7
    assert AggregationPolicy(0.29).f(100) == 29


@given(st.sampled_from(ALL_RULES), st.sampled_from([(), (Bucketing(3),), (NearestNeighborMixing(), Bucketing(2))]),
       st.integers(0, 12), st.integers(1, 60))  # fmt: skip
def test_what_is_needed_is_the_first_number_for_which_the_rows_suffice(
    rule: Rule, steps: tuple[PreAggregator, ...], f: int, at_least: int
) -> None:
    policy = AggregationPolicy(f, rule, steps)

    def suffices(n: int) -> bool:
        rows = n
        for step in steps:
            rows = -(-rows // step.size) if isinstance(step, Bucketing) else rows
        return rule.needed(f, rows) == rows and (not steps or n > f)

    assert policy.needed(f, at_least) == next(n for n in range(at_least, 3000) if suffices(n))


def test_the_least_number_of_updates_follows_from_the_share() -> None:
    """One faulty of five or six: Krum needs 5; of three or four none is faulty, and it needs 3."""
    assert AggregationPolicy(0.2, KrumRule()).least_updates() == 3
    assert AggregationPolicy(2, KrumRule()).least_updates() == 7
    assert AggregationPolicy(2, KrumRule(), ignore_precondition=True).least_updates() == 1
    assert AggregationPolicy(0.4999999, KrumRule()).least_updates() is None
    assert AggregationPolicy(4999, KrumRule()).least_updates() is None


@pytest.mark.parametrize("share", [0.05, 0.2, 0.31])
@pytest.mark.parametrize("rule", [KrumRule(), HierarchicalKrumRule(5), TrimmedMeanRule(0.41)])
def test_no_smaller_number_of_updates_suffices(rule: Rule, share: float) -> None:
    policy = AggregationPolicy(share, rule)
    expected = next((n for n in range(1, 2000) if policy.needed(policy.f(n), n) == n), None)
    assert policy.least_updates() == expected


def test_every_fault_is_named_by_the_contracts_words() -> None:
    policy = AggregationPolicy(
        5000,
        GeometricMedianRule(smoothing=2.0, max_iterations=0),
        (StaticClipping(0.0), Bucketing(0, -1), Bucketing(), Bucketing(), Bucketing()),
        screens=Screens(max_norm=0.0, max_weight=float("inf")),
    )
    assert [violation.field for violation in policy.violations()] == [
        "f",
        "geometric_median.smoothing",
        "geometric_median.max_iterations",
        "pre_aggregators",
        "pre_aggregators[0].static_clipping.max_norm",
        "pre_aggregators[1].bucketing.size",
        "pre_aggregators[1].bucketing.seed",
        "screens.max_norm",
        "screens.max_weight",
    ]


@pytest.mark.parametrize("share", [0.5, -0.1, float("nan"), 3.0])
def test_a_share_is_below_a_half(share: float) -> None:
    assert [violation.field for violation in AggregationPolicy(share).violations()] == ["f_fraction"]


def test_what_is_left_to_its_default_is_in_range() -> None:
    for rule in RULES.values():
        assert AggregationPolicy(rule=rule()).violations() == []
    assert AggregationPolicy(rule=MultiKrumRule(selected=0)).violations()[0].field == "multi_krum.selected"


def test_every_part_has_its_name() -> None:
    assert [name_of(rule) for rule in ALL_RULES] == list(RULES)
    assert [name_of(StaticClipping(1.0)), name_of(Bucketing())] == ["static_clipping", "bucketing"]
    assert set(PRE_AGGREGATORS) & set(RULES) == set()


def test_a_default_that_is_stated_is_the_default() -> None:
    stated = AggregationPolicy(rule=TrimmedMeanRule(), pre_aggregators=(NearestNeighborMixing(),))
    assert stated == AggregationPolicy()
    assert AggregationPolicy(rule=KrumRule(), pre_aggregators=stated.pre_aggregators).pre_aggregators


def test_a_replaced_field_leaves_the_others_as_they_are() -> None:
    mixed = replace(AggregationPolicy(), rule=KrumRule())
    assert (mixed.rule, mixed.pre_aggregators) == (KrumRule(), (NearestNeighborMixing(),))
    assert replace(AggregationPolicy(rule=TrimmedMeanRule()), faulty=1).pre_aggregators == ()
    assert replace(AggregationPolicy(), faulty=1) == AggregationPolicy(1)


WRONG: dict[str, Any] = {
    "faulty": [True, "1", None, np.bool_(1)],
    "rule": ["krum", KrumRule, Bucketing()],
    "pre_aggregators": ["bucketing", Bucketing()],
    "pre_aggregators[0]": [("bucketing",), (KrumRule(),), [Bucketing]],
    "screened": ["keep_f", "KEEP_F", None],
    "screens": [None, {}],
    "ignore_precondition": [1, "no"],
}


@pytest.mark.parametrize(("named", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_of_the_wrong_kind_is_refused_by_name(named: str, value: Any) -> None:
    chosen = AggregationPolicy(**{"rule": KrumRule(), named.removesuffix("[0]"): value})
    assert [violation.field for violation in chosen.violations()] == [named]
    with pytest.raises(InvalidInput, match="must be"):
        aggregate_arrays(np.ones((9, 2)), chosen)


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        (KrumRule(neighbors=cast("Any", "x")), "krum.neighbors"),
        (BulyanRule(selection=cast("Any", "one_shot")), "bulyan.selection"),
        (TrimmedMeanRule(rounding=cast("Any", None)), "trimmed_mean.rounding"),
        (TrimmedMeanRule(fraction=cast("Any", "0.1")), "trimmed_mean.fraction"),
        (MultiKrumRule(selected=True), "multi_krum.selected"),
        (MultiKrumRule(weight_by_examples=cast("Any", 1)), "multi_krum.weight_by_examples"),
        (GeometricMedianRule(max_iterations=cast("Any", None)), "geometric_median.max_iterations"),
    ],
)
def test_a_parameter_of_the_wrong_kind_is_refused_by_name(rule: Rule, named: str) -> None:
    assert [violation.field for violation in AggregationPolicy(1, rule).violations()] == [named]


def test_numbers_of_numpy_are_numbers() -> None:
    whole, share = AggregationPolicy(cast("Any", np.int64(1))), AggregationPolicy(cast("Any", np.float32(0.25)))
    assert (whole, whole.f(100), whole.violations()) == (AggregationPolicy(1), 1, [])
    assert (share, share.f(100), share.violations()) == (AggregationPolicy(0.25), 25, [])
    assert AggregationPolicy(1, MultiKrumRule(selected=cast("Any", np.int32(2)))).violations() == []

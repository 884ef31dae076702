"""Which aggregations idle threads help with."""

import pytest

from mfn_grpc.core.aggregation import (
    AggregationPolicy,
    CoordinateMedianRule,
    KrumRule,
    MeanRule,
    Rule,
    TrimmedMeanRule,
)
from mfn_server.aggregation.helping import hands_of, help_for


def policy(rule: Rule) -> AggregationPolicy:
    return AggregationPolicy(faulty=1, rule=rule, pre_aggregators=())


@pytest.mark.parametrize(
    ("rule", "helped"),
    [(KrumRule(), True), (TrimmedMeanRule(), True), (CoordinateMedianRule(), False), (MeanRule(), False)],
)
def test_distances_and_trimmed_means_are_helped_and_medians_and_means_are_not(rule: Rule, helped: bool) -> None:
    assert (help_for(policy(rule), 4) is not None) == helped


def test_nobody_helps_where_there_is_one_thread_only() -> None:
    assert help_for(policy(KrumRule()), 1) is None


def test_hands_are_as_many_as_threads_where_there_is_help_and_one_elsewhere() -> None:
    assert hands_of(help_for(policy(KrumRule()), 3), 3).count == 3
    assert hands_of(None, 3).count == 1

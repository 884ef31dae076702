"""AggregationPolicy both ways: every default is the contract's, every range the core's, and nothing is lost between."""

from typing import Any

import pytest
from google.protobuf import json_format

from mfn_grpc.core.aggregation import (
    PRE_AGGREGATORS,
    RULES,
    AggregationPolicy,
    NearestNeighborMixing,
    TrimmedMeanRule,
)
from mfn_grpc.core.limits import Faults, InvalidInput
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation.policies import decode_aggregation, encode_aggregation

RULE_FIELDS = {field.name: field for field in pb.AggregationPolicy.DESCRIPTOR.oneofs_by_name["rule"].fields}
STEP_FIELDS = {field.name: field for field in pb.PreAggregator.DESCRIPTOR.oneofs_by_name["kind"].fields}


def message_of(values: dict[str, Any]) -> pb.AggregationPolicy:
    return json_format.ParseDict(values, pb.AggregationPolicy())


def decoded(values: dict[str, Any]) -> AggregationPolicy:
    faults = Faults()
    policy = decode_aggregation(message_of(values), faults)
    faults.refuse()
    return policy


def faults_of(message: pb.AggregationPolicy) -> dict[str, str]:
    """What is wrong with a policy, by field."""
    faults = Faults()
    decode_aggregation(message, faults)
    try:
        faults.refuse()
    except InvalidInput as error:
        return {violation.field: violation.description for violation in error.violations}
    return {}


def as_dict(policy: AggregationPolicy) -> Any:
    return json_format.MessageToDict(encode_aggregation(policy), preserving_proto_field_name=True)


def test_the_core_knows_every_rule_and_pre_aggregator_of_the_contract_and_no_other() -> None:
    assert set(RULES) == set(RULE_FIELDS)
    assert set(PRE_AGGREGATORS) == set(STEP_FIELDS)


def test_the_default_is_a_trimmed_mean_behind_mixing_with_a_fifth_faulty() -> None:
    policy = decoded({})
    assert policy == AggregationPolicy()
    assert (policy.faulty, policy.rule, policy.pre_aggregators) == (0.2, TrimmedMeanRule(), (NearestNeighborMixing(),))
    assert as_dict(policy) == {
        "f_fraction": 0.2,
        "trimmed_mean": {"rounding": "FRACTION_ROUNDING_EXACT_CEILING"},
        "pre_aggregators": [{"nearest_neighbor_mixing": {}}],
        "screened": "SCREENED_CONVENTION_COUNT_AS_FAULTY",
        "screens": {"max_weight": 1e9},
    }


def test_a_rule_that_is_stated_stands_alone() -> None:
    assert decoded({"mean": {}}).pre_aggregators == ()


def test_pre_aggregators_that_are_stated_stand_before_the_default_rule() -> None:
    policy = decoded({"pre_aggregators": [{"bucketing": {"size": 3}}]})
    assert policy.rule == TrimmedMeanRule()
    assert [type(step).__name__ for step in policy.pre_aggregators] == ["Bucketing"]


RESOLVED = {
    "mean": {},
    "weighted_mean": {"max_weight_over_median": 10.0},
    "coordinate_median": {},
    "trimmed_mean": {"rounding": "FRACTION_ROUNDING_EXACT_CEILING"},
    "krum": {"neighbors": "KRUM_NEIGHBORS_SUM_N_MINUS_F_MINUS_2"},
    "multi_krum": {"neighbors": "KRUM_NEIGHBORS_SUM_N_MINUS_F_MINUS_2"},
    "bulyan": {"selection": "BULYAN_SELECTION_ITERATED"},
    "geometric_median": {"smoothing": 1e-6, "tolerance": 1e-8, "max_iterations": "1000"},
    "centered_clipping": {"iterations": "3"},
    "mean_around_median": {},
    "minimum_diameter": {},
    "covariance_filter": {},
    "hierarchical_krum": {"cluster_size": "10"},
    "legacy_hierarchical_krum": {"clusters": "10"},
}
"""Every default that the contract states."""


@pytest.mark.parametrize("rule", RULE_FIELDS)
def test_every_default_of_a_rule_is_the_contracts(rule: str) -> None:
    assert as_dict(decoded({rule: {}}))[rule] == RESOLVED[rule]


STATED = {
    "mean": {},
    "weighted_mean": {"max_weight_over_median": 3.5},
    "coordinate_median": {},
    "trimmed_mean": {"fraction": 0.29, "rounding": "FRACTION_ROUNDING_BINARY_FLOOR"},
    "krum": {"neighbors": "KRUM_NEIGHBORS_MEAN_N_MINUS_F_MINUS_1"},
    "multi_krum": {
        "neighbors": "KRUM_NEIGHBORS_MEAN_N_MINUS_F_MINUS_1",
        "selected": "4",
        "weight_by_examples": True,
    },
    "bulyan": {"selection": "BULYAN_SELECTION_ONE_SHOT"},
    "geometric_median": {"smoothing": 0.5, "tolerance": 0.01, "max_iterations": "7"},
    "centered_clipping": {"radius": 2.5, "iterations": "9"},
    "mean_around_median": {},
    "minimum_diameter": {},
    "covariance_filter": {},
    "hierarchical_krum": {"cluster_size": "5", "seed": "9223372036854775807"},
    "legacy_hierarchical_krum": {"clusters": "3"},
}


@pytest.mark.parametrize("rule", RULE_FIELDS)
def test_what_is_stated_of_a_rule_comes_back(rule: str) -> None:
    values = {rule: STATED[rule]}
    assert as_dict(decoded(values))[rule] == STATED[rule]


STEPS: dict[str, dict[str, Any]] = {
    "nearest_neighbor_mixing": {},
    "bucketing": {"size": "4", "seed": "5"},
    "static_clipping": {"max_norm": 2.0},
    "adaptive_clipping": {},
}


@pytest.mark.parametrize("step", STEP_FIELDS)
def test_what_is_stated_of_a_pre_aggregator_comes_back(step: str) -> None:
    whole = as_dict(decoded({"mean": {}, "pre_aggregators": [{step: STEPS[step]}]}))
    assert whole["pre_aggregators"] == [{step: STEPS[step]}]


@pytest.mark.parametrize("rule", RULE_FIELDS)
def test_a_policy_that_was_resolved_stays_as_it_is(rule: str) -> None:
    once = encode_aggregation(decoded({rule: STATED[rule], "f": "3", "ignore_precondition": True}))
    faults = Faults()
    assert encode_aggregation(decode_aggregation(once, faults)) == once
    assert faults_of(once) == {}


def test_a_count_and_a_share_of_0_are_two_things() -> None:
    assert decoded({"f": "0"}).faulty == 0
    assert isinstance(decoded({"f": "0"}).faulty, int)
    assert isinstance(decoded({"f_fraction": 0.0}).faulty, float)
    assert "f" in as_dict(decoded({"f": "0"}))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"f": "-1"}, "f"),
        ({"f": "5000"}, "f"),
        ({"f_fraction": 0.5}, "f_fraction"),
        ({"f_fraction": -0.1}, "f_fraction"),
        ({"f_fraction": "NaN"}, "f_fraction"),
        ({"weighted_mean": {"max_weight_over_median": 0.99}}, "weighted_mean.max_weight_over_median"),
        ({"trimmed_mean": {"fraction": 0.5}}, "trimmed_mean.fraction"),
        ({"trimmed_mean": {"fraction": -0.01}}, "trimmed_mean.fraction"),
        ({"multi_krum": {"selected": "0"}}, "multi_krum.selected"),
        ({"geometric_median": {"smoothing": 0.0}}, "geometric_median.smoothing"),
        ({"geometric_median": {"smoothing": 1.1}}, "geometric_median.smoothing"),
        ({"geometric_median": {"tolerance": 1e-16}}, "geometric_median.tolerance"),
        ({"geometric_median": {"max_iterations": "10001"}}, "geometric_median.max_iterations"),
        ({"centered_clipping": {"radius": 0.0}}, "centered_clipping.radius"),
        ({"centered_clipping": {"radius": "Infinity"}}, "centered_clipping.radius"),
        ({"centered_clipping": {"iterations": "0"}}, "centered_clipping.iterations"),
        ({"hierarchical_krum": {"cluster_size": "2"}}, "hierarchical_krum.cluster_size"),
        ({"hierarchical_krum": {"seed": "-1"}}, "hierarchical_krum.seed"),
        ({"legacy_hierarchical_krum": {"clusters": "1001"}}, "legacy_hierarchical_krum.clusters"),
        ({"pre_aggregators": [{"bucketing": {"size": "0"}}]}, "pre_aggregators[0].bucketing.size"),
        ({"pre_aggregators": [{"static_clipping": {}}]}, "pre_aggregators[0].static_clipping.max_norm"),
        ({"pre_aggregators": [{"adaptive_clipping": {}}, {}]}, "pre_aggregators[1].kind"),
        ({"pre_aggregators": [{"adaptive_clipping": {}}] * 5}, "pre_aggregators"),
        ({"screens": {"max_norm": 0.0}}, "screens.max_norm"),
        ({"screens": {"max_norm": "Infinity"}}, "screens.max_norm"),
        ({"screens": {"max_weight": -1.0}}, "screens.max_weight"),
    ],
)
def test_a_value_outside_the_contracts_range_is_named_by_its_field(values: dict[str, Any], field: str) -> None:
    assert list(faults_of(message_of(values))) == [field]


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (pb.AggregationPolicy.FromString(b"\x98\x01\x09"), "screened"),
        (pb.AggregationPolicy.FromString(b"\x3a\x02\x08\x09"), "krum.neighbors"),
        (pb.AggregationPolicy.FromString(b"\x4a\x02\x08\x09"), "bulyan.selection"),
    ],
    ids=["screened", "neighbors", "selection"],
)
def test_a_number_that_an_enumeration_does_not_have_is_named_by_its_field(
    message: pb.AggregationPolicy, field: str
) -> None:
    assert "must be one of" in faults_of(message)[field]


def test_every_fault_is_named() -> None:
    values = {
        "f": "-1",
        "trimmed_mean": {"fraction": 2.0},
        "pre_aggregators": [{}, {"bucketing": {"size": "0", "seed": "-1"}}],
        "screens": {"max_norm": -1.0, "max_weight": 0.0},
    }
    assert set(faults_of(message_of(values))) == {
        "f",
        "trimmed_mean.fraction",
        "pre_aggregators[0].kind",
        "pre_aggregators[1].bucketing.size",
        "pre_aggregators[1].bucketing.seed",
        "screens.max_norm",
        "screens.max_weight",
    }


def test_a_policy_with_faults_can_be_looked_at_all_the_same() -> None:
    faults = Faults()
    policy = decode_aggregation(
        message_of({"f_fraction": "NaN", "pre_aggregators": [{"bucketing": {"size": "0"}}]}), faults
    )
    assert policy.least_updates() is not None

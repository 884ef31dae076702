"""Policies as callers write them, against the contract that they become."""

import dataclasses
import re
from typing import Any

import pytest

import mfn_client
from mfn_client import (
    AggregationPolicy,
    AsyncBuffer,
    Bucketing,
    EarlyStop,
    EvaluationPolicy,
    FederationPolicy,
    InvalidArgument,
    Krum,
    MultiKrum,
    RetentionPolicy,
    ServerOptimizer,
    StaticClipping,
)
from mfn_client._policies import PRE_AGGREGATORS, RULES, fill_aggregation, fill_policy
from mfn_client._spec import Faults
from mfn_grpc.core.aggregation import PRE_AGGREGATORS as CORE_STEPS
from mfn_grpc.core.aggregation import RULES as CORE_RULES
from mfn_grpc.core.aggregation import AggregationPolicy as CorePolicy
from mfn_grpc.v1 import federation_pb2 as pb

SAME_FIELDS: list[tuple[Any, Any, set[str]]] = [
    (FederationPolicy, pb.FederationPolicy, {"update_encodings"}),
    (AsyncBuffer, pb.AsyncBuffer, set()),
    (ServerOptimizer, pb.ServerOptimizer, set()),
    (EvaluationPolicy, pb.EvaluationPolicy, set()),
    (EarlyStop, pb.EarlyStop, set()),
    (RetentionPolicy, pb.RetentionPolicy, set()),
]


def message_of(policy: FederationPolicy) -> pb.FederationPolicy:
    message, faults = pb.FederationPolicy(), Faults()
    fill_policy(message, policy, "policy", faults)
    faults.check()
    return message


def aggregation_of(**said: Any) -> pb.AggregationPolicy:
    message, faults = pb.AggregationPolicy(), Faults()
    fill_aggregation(message, AggregationPolicy(**said), "aggregation", faults)
    faults.check()
    return message


@pytest.mark.parametrize(("ours", "theirs", "left_out"), SAME_FIELDS)
def test_every_field_of_the_contract_can_be_said(ours: Any, theirs: Any, left_out: set[str]) -> None:
    # The only encoding is RAW, which needs no saying.
    assert set(ours.__dataclass_fields__) == set(theirs.DESCRIPTOR.fields_by_name) - left_out


def test_an_aggregation_says_every_field_with_the_screens_among_them() -> None:
    contract = pb.AggregationPolicy.DESCRIPTOR
    rules = {field.name for field in contract.oneofs_by_name["rule"].fields}
    screens = set(pb.ScreenPolicy.DESCRIPTOR.fields_by_name)
    expected = (set(contract.fields_by_name) - rules - {"screens"}) | {"rule"} | screens
    assert set(AggregationPolicy.__dataclass_fields__) == expected


@pytest.mark.parametrize(
    ("known", "oneof"),
    [
        (RULES, pb.AggregationPolicy.DESCRIPTOR.oneofs_by_name["rule"]),
        (PRE_AGGREGATORS, pb.PreAggregator.DESCRIPTOR.oneofs_by_name["kind"]),
    ],
)
def test_every_alternative_of_the_contract_has_its_class_with_its_fields(known: Any, oneof: Any) -> None:
    assert list(known) == [field.name for field in oneof.fields]
    for field in oneof.fields:
        kind = known[field.name]
        assert set(kind.__dataclass_fields__) == set(field.message_type.fields_by_name)
        assert getattr(mfn_client, kind.__name__) is kind


def test_what_is_left_out_is_left_to_the_server() -> None:
    assert message_of(FederationPolicy()) == pb.FederationPolicy()
    assert aggregation_of() == pb.AggregationPolicy()


def test_a_whole_policy_becomes_the_message_of_the_same_fields() -> None:
    policy = FederationPolicy(
        aggregation=AggregationPolicy(
            rule=MultiKrum(selected=3, neighbors="mean_n_minus_f_minus_1"), f_fraction=0.25, screened="keep_f",
            max_norm=2.5, pre_aggregators=["nearest_neighbor_mixing", Bucketing(size=3, seed=9), StaticClipping(4.0)],
        ),
        min_participants=4,
        late_updates="buffered_async",
        async_buffer=AsyncBuffer(buffer_size=5),
        server_optimizer=ServerOptimizer(momentum=0.0),
        evaluation=EvaluationPolicy(score_metric="accuracy", direction="higher_is_better"),
        early_stop=EarlyStop(),
        update_kind="weights",
        update_element_type="bfloat16",
        config={"rate": 0.5, "batch": 32, "fast": True, "note": "x"},
    )  # fmt: skip
    expected = pb.FederationPolicy(
        aggregation=pb.AggregationPolicy(
            multi_krum=pb.MultiKrumRule(selected=3, neighbors=pb.KRUM_NEIGHBORS_MEAN_N_MINUS_F_MINUS_1),
            f_fraction=0.25,
            screened=pb.SCREENED_CONVENTION_KEEP_F,
            screens=pb.ScreenPolicy(max_norm=2.5),
            pre_aggregators=[
                pb.PreAggregator(nearest_neighbor_mixing=pb.NearestNeighborMixing()),
                pb.PreAggregator(bucketing=pb.Bucketing(size=3, seed=9)),
                pb.PreAggregator(static_clipping=pb.StaticClipping(max_norm=4.0)),
            ],
        ),
        min_participants=4,
        late_updates=pb.LATE_POLICY_BUFFERED_ASYNC,
        async_buffer=pb.AsyncBuffer(buffer_size=5),
        server_optimizer=pb.ServerOptimizer(momentum=0.0),
        evaluation=pb.EvaluationPolicy(score_metric="accuracy", direction=pb.SCORE_DIRECTION_HIGHER_IS_BETTER),
        early_stop=pb.EarlyStop(),
        update_kind=pb.UPDATE_KIND_WEIGHTS,
        update_element_type=4,  # type: ignore[arg-type]  # ELEMENT_TYPE_BFLOAT16
        config={
            "rate": pb.ConfigValue(double_value=0.5),
            "batch": pb.ConfigValue(int_value=32),
            "fast": pb.ConfigValue(bool_value=True),
            "note": pb.ConfigValue(string_value="x"),
        },
    )
    assert message_of(policy) == expected


def test_one_step_before_the_rule_needs_no_list() -> None:
    assert aggregation_of(pre_aggregators="adaptive_clipping") == aggregation_of(pre_aggregators=["adaptive_clipping"])


def test_every_fault_is_named_at_once() -> None:
    policy = FederationPolicy(
        aggregation=AggregationPolicy(
            rule="best", f=1, f_fraction=0.1, pre_aggregators=["static_clipping", "mixing"], screened="never"
        ),
        max_rounds="many",  # type: ignore[arg-type]  # the fault
        late_updates="maybe",
        evaluation=3,  # type: ignore[arg-type]  # the fault
        config={"x": [1]},  # type: ignore[dict-item]  # the fault
    )
    with pytest.raises(InvalidArgument) as raised:
        message_of(policy)
    assert {violation.field for violation in raised.value.violations} == {
        "policy.aggregation.faulty",
        "policy.aggregation.rule",
        "policy.aggregation.pre_aggregators[0].max_norm",
        "policy.aggregation.pre_aggregators[1]",
        "policy.aggregation.screened",
        "policy.max_rounds",
        "policy.late_updates",
        "policy.evaluation",
        "policy.config['x']",
    }


@pytest.mark.parametrize("said", [Bucketing(), 7, object(), Krum])
def test_what_is_no_rule_is_refused(said: Any) -> None:
    with pytest.raises(InvalidArgument, match="must be one of mean, weighted_mean"):
        aggregation_of(rule=said)


def test_policies_are_values() -> None:
    assert dataclasses.replace(FederationPolicy(max_rounds=3), max_rounds=4) == FederationPolicy(max_rounds=4)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Krum().neighbors = "x"  # type: ignore[misc]  # what is tested


def test_the_default_that_is_stated_is_the_engines() -> None:
    default = CorePolicy()
    (stated,) = re.findall(r'Default: "(\w+)"\s+behind "(\w+)"', AggregationPolicy.__doc__ or "")
    assert (CORE_RULES[stated[0]], (CORE_STEPS[stated[1]](),)) == (type(default.rule), default.pre_aggregators)


@pytest.mark.parametrize(("word", "kind"), list(RULES.items()))
def test_a_rule_that_states_what_it_needs_states_the_engines(word: str, kind: Any) -> None:
    stated = re.search(r"Needs n >= (\d)f \+ (\d)", kind.__doc__)
    for f in range(4):
        needed = CORE_RULES[word]().needed(f)
        if stated is not None:
            assert needed == int(stated[1]) * f + int(stated[2])
        else:  # not robust, or of clusters
            assert needed == 1 or word == "hierarchical_krum"

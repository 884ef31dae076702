"""Policies of federations: defaults filled in, every fault named by its path on the wire."""

import math
from typing import Any

import pytest

from mfn_grpc.core.aggregation import KrumRule, TrimmedMeanRule
from mfn_grpc.core.limits import Faults, InvalidInput
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.errors import Fault
from mfn_server.federation.machine.policy import EarlyStop, EvaluationPolicy, LatePolicy, ScoreDirection
from mfn_server.federation.resources.policies import (
    decode_policy,
    policy_of,
    require_offered_encodings,
    say_update_type,
)
from mfn_server.federation.resources.quorum import default_quorum, suffices
from tests.server.federation.hosting import Hosting
from tests.server.federation.scripted import manifest_of

MANY = "x" * 65


def message(**fields: Any) -> pb.FederationPolicy:
    return pb.FederationPolicy(**fields)


def krum(**fields: Any) -> pb.AggregationPolicy:
    return pb.AggregationPolicy(krum=pb.KrumRule(), **fields)


def faults_of(policy: pb.FederationPolicy) -> dict[str, str]:
    faults = Faults()
    with faults.under("policy"):
        decode_policy(policy, faults)
    try:
        faults.refuse()
    except InvalidInput as error:
        return {violation.field: violation.description for violation in error.violations}
    return {}


def test_an_empty_policy_gets_every_documented_default() -> None:
    resolved = policy_of(message()).message
    expected = message(
        aggregation=pb.AggregationPolicy(
            f_fraction=0.2,
            trimmed_mean=pb.TrimmedMeanRule(rounding=pb.FRACTION_ROUNDING_EXACT_CEILING),
            pre_aggregators=[pb.PreAggregator(nearest_neighbor_mixing=pb.NearestNeighborMixing())],
            screened=pb.SCREENED_CONVENTION_COUNT_AS_FAULTY,
            screens=pb.ScreenPolicy(max_weight=1e9),
        ),
        min_participants=2,
        over_selection=0,
        round_deadline_seconds=600,
        late_updates=pb.LATE_POLICY_REJECT,
        server_optimizer=pb.ServerOptimizer(learning_rate=1, momentum=0),
        max_rounds=100,
        update_kind=pb.UPDATE_KIND_DELTA,
        retention=pb.RetentionPolicy(model_versions=10),
        heartbeat_seconds=30,
    )
    assert resolved == expected


def test_the_parts_that_are_on_when_they_are_there_get_their_defaults_too() -> None:
    sent = message(
        late_updates=pb.LATE_POLICY_BUFFERED_ASYNC,
        evaluation=pb.EvaluationPolicy(),
        early_stop=pb.EarlyStop(),
        min_participants=7,
    )
    resolved = policy_of(sent).message
    assert resolved.async_buffer == pb.AsyncBuffer(buffer_size=7, max_staleness_versions=10, staleness_exponent=0.5)
    assert resolved.evaluation == pb.EvaluationPolicy(
        every_rounds=1, deadline_seconds=60, score_metric="loss", direction=pb.SCORE_DIRECTION_LOWER_IS_BETTER
    )
    assert resolved.early_stop == pb.EarlyStop(patience_evaluations=10, min_improvement=0)


def test_a_resolved_policy_resolves_to_itself() -> None:
    sent = message(
        aggregation=krum(f=2),
        late_updates=pb.LATE_POLICY_BUFFERED_ASYNC,
        evaluation=pb.EvaluationPolicy(direction=pb.SCORE_DIRECTION_HIGHER_IS_BETTER, participants=4),
        early_stop=pb.EarlyStop(min_improvement=0.5),
        update_encodings=[pb.TENSOR_ENCODING_RAW],
        config={"epochs": pb.ConfigValue(int_value=3)},
        selection_seed=2**63 - 1,
    )
    once = policy_of(sent)
    assert policy_of(once.message) == once
    assert once.message.config["epochs"].int_value == 3
    assert not once.message.update_encodings


def test_the_machine_and_the_rule_get_what_the_message_says() -> None:
    sent = message(
        aggregation=krum(f=1),
        late_updates=pb.LATE_POLICY_NEXT_ROUND,
        target_participants=9,
        over_selection=0.25,
        evaluation=pb.EvaluationPolicy(score_metric="accuracy", direction=pb.SCORE_DIRECTION_HIGHER_IS_BETTER),
        early_stop=pb.EarlyStop(patience_evaluations=2),
        selection_seed=5,
    )
    policy = policy_of(sent)
    assert isinstance(policy.aggregation.rule, KrumRule)
    assert policy.aggregation.faulty == 1
    rounds = policy.rounds
    assert (rounds.late_updates, rounds.async_buffer) == (LatePolicy.NEXT_ROUND, None)
    assert (rounds.min_participants, rounds.target_participants, rounds.over_selection) == (5, 9, 0.25)
    assert rounds.evaluation == EvaluationPolicy(score_metric="accuracy", direction=ScoreDirection.HIGHER_IS_BETTER)
    assert rounds.early_stop == EarlyStop(patience_evaluations=2)
    assert rounds.selection_seed == 5


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"min_participants": 0}, "min_participants"),
        ({"min_participants": 10_001}, "min_participants"),
        ({"target_participants": 10_001}, "target_participants"),
        ({"over_selection": -0.1}, "over_selection"),
        ({"over_selection": math.nan}, "over_selection"),
        ({"round_deadline_seconds": 0.0}, "round_deadline_seconds"),
        ({"round_deadline_seconds": math.inf}, "round_deadline_seconds"),
        ({"late_updates": 4}, "late_updates"),
        ({"server_optimizer": pb.ServerOptimizer(learning_rate=0)}, "server_optimizer.learning_rate"),
        ({"server_optimizer": pb.ServerOptimizer(momentum=1)}, "server_optimizer.momentum"),
        ({"evaluation": pb.EvaluationPolicy(every_rounds=0)}, "evaluation.every_rounds"),
        ({"evaluation": pb.EvaluationPolicy(participants=0)}, "evaluation.participants"),
        ({"evaluation": pb.EvaluationPolicy(score_metric="")}, "evaluation.score_metric"),
        ({"evaluation": pb.EvaluationPolicy(score_metric=MANY)}, "evaluation.score_metric"),
        ({"evaluation": pb.EvaluationPolicy(direction=9)}, "evaluation.direction"),  # type: ignore[arg-type]  # unknown
        ({"max_rounds": 0}, "max_rounds"),
        ({"selection_seed": -1}, "selection_seed"),
        ({"update_kind": 3}, "update_kind"),
        ({"update_element_type": ElementType.ELEMENT_TYPE_INT64}, "update_element_type"),
        ({"update_element_type": 99}, "update_element_type"),
        ({"retention": pb.RetentionPolicy(model_versions=0)}, "retention.model_versions"),
        ({"retention": pb.RetentionPolicy(rounds=0)}, "retention.rounds"),
        ({"heartbeat_seconds": 0.5}, "heartbeat_seconds"),
        ({"max_skipped_rounds": 0}, "max_skipped_rounds"),
        ({"aggregation": krum(f_fraction=0.5)}, "aggregation.f_fraction"),
        ({"aggregation": krum(f=-1)}, "aggregation.f"),
        ({"config": {"": pb.ConfigValue(int_value=1)}}, "config['']"),
        ({"config": {MANY: pb.ConfigValue(int_value=1)}}, f"config['{MANY[:64]}']"),
        ({"config": {"a": pb.ConfigValue()}}, "config['a']"),
        ({"config": {"a": pb.ConfigValue(double_value=math.nan)}}, "config['a'].double_value"),
        ({"config": {"a": pb.ConfigValue(string_value="x" * 4097)}}, "config['a'].string_value"),
        ({"config": {str(i): pb.ConfigValue(int_value=i) for i in range(101)}}, "config"),
    ],
)
def test_a_value_out_of_range_is_named_by_its_path(fields: dict[str, Any], path: str) -> None:
    assert set(faults_of(message(**fields))) == {f"policy.{path}"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"min_participants": 5, "target_participants": 4}, "target_participants"),
        ({"early_stop": pb.EarlyStop()}, "early_stop"),
        ({"async_buffer": pb.AsyncBuffer()}, "async_buffer"),
        (
            {
                "late_updates": pb.LATE_POLICY_BUFFERED_ASYNC,
                "min_participants": 5,
                "async_buffer": pb.AsyncBuffer(buffer_size=4),
            },
            "async_buffer.buffer_size",
        ),
        (
            {"update_kind": pb.UPDATE_KIND_WEIGHTS, "update_element_type": ElementType.ELEMENT_TYPE_INT8},
            "update_element_type",
        ),
        ({"aggregation": krum(f=2), "min_participants": 6}, "min_participants"),
    ],
)
def test_values_that_contradict_each_other_are_named(fields: dict[str, Any], path: str) -> None:
    assert set(faults_of(message(**fields))) == {f"policy.{path}"}


def test_all_faults_of_a_policy_are_named_at_once() -> None:
    bad = message(
        aggregation=krum(f=5000),
        max_rounds=0,
        evaluation=pb.EvaluationPolicy(every_rounds=0, deadline_seconds=0),
        config={"a": pb.ConfigValue()},
    )
    paths = ("aggregation.f", "max_rounds", "evaluation.every_rounds", "evaluation.deadline_seconds", "config['a']")
    assert set(faults_of(bad)) == {f"policy.{path}" for path in paths}


def test_a_quorum_below_the_rules_need_is_taken_when_the_precondition_is_ignored() -> None:
    assert faults_of(message(aggregation=krum(f=2, ignore_precondition=True), min_participants=6)) == {}
    assert "at least 7" in faults_of(message(aggregation=krum(f=2), min_participants=6))["policy.min_participants"]


def test_a_rule_that_no_number_of_participants_satisfies_is_refused() -> None:
    assert set(faults_of(message(aggregation=krum(f=4999)))) == {"policy.aggregation.rule"}


@pytest.mark.parametrize(("f", "quorum"), [(0, 3), (1, 5), (2, 7), (100, 203)])
def test_krum_needs_two_f_and_three(f: int, quorum: int) -> None:
    assert policy_of(message(aggregation=krum(f=f))).rounds.min_participants == quorum


def test_the_default_quorum_of_a_share_is_one_from_which_on_every_number_is_enough() -> None:
    aggregation = policy_of(message(aggregation=krum(f_fraction=0.45))).aggregation
    quorum = default_quorum(aggregation)
    assert quorum is not None
    enough = {n for n in range(1, 200) if n >= 2 * math.floor(n * 45 / 100) + 3}
    assert not suffices(aggregation, quorum - 1)
    assert (quorum - 1) not in enough
    assert enough.issuperset(range(quorum, 200))


def test_the_default_quorum_is_two_where_the_rule_would_do_with_one() -> None:
    assert policy_of(message()).rounds.min_participants == 2
    assert isinstance(policy_of(message()).aggregation.rule, TrimmedMeanRule)


@pytest.mark.parametrize("number", [2, 100])
def test_an_encoding_that_is_not_offered_is_not_implemented(number: int) -> None:
    with pytest.raises(Fault) as caught:
        require_offered_encodings(message(update_encodings=[pb.TENSOR_ENCODING_RAW, number]))
    assert caught.value.reason == reasons.ERROR_REASON_NOT_IMPLEMENTED
    require_offered_encodings(message(update_encodings=[pb.TENSOR_ENCODING_RAW]))


async def test_the_type_of_updates_is_told_once_the_model_has_one(hosting: Hosting) -> None:
    host = await hosting()
    federation = await host.operator.create("f", manifest_of({"w": (3,)}))
    assert (await federation.get()).policy.update_element_type == ElementType.ELEMENT_TYPE_UNSPECIFIED
    await federation.upload(bytes(12))
    assert (await federation.get()).policy.update_element_type == ElementType.ELEMENT_TYPE_FLOAT32
    await host.kill()
    await host.restart()
    found = await host.operator.stub.GetFederation(pb.GetFederationRequest(name=federation.name))
    assert found.federation.policy.update_element_type == ElementType.ELEMENT_TYPE_FLOAT32


def test_the_type_of_updates_stays_open_for_a_model_of_several_types_and_as_it_was_said() -> None:
    mixed = manifest_of({"w": (3,)})
    mixed.tensors.add(name="v", element_type=ElementType.ELEMENT_TYPE_FLOAT64)
    message = pb.FederationPolicy()
    say_update_type(message, mixed)
    assert not message.update_element_type
    message.update_element_type = ElementType.ELEMENT_TYPE_FLOAT16
    say_update_type(message, manifest_of({"w": (3,)}))
    assert message.update_element_type == ElementType.ELEMENT_TYPE_FLOAT16

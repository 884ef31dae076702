"""FederationPolicy as a message and as what the server works by: defaults filled in, every fault named by its path.

Ranges and defaults of numbers are those of the parameter classes; what they say of a federation without a number, such
as target_participants, stays absent in the message too.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from mfn_grpc.core.aggregation import AggregationPolicy, ServerOptimizer
from mfn_grpc.core.limits import Faults, Violation, limits_of, parameter, violations_of
from mfn_grpc.tensors import UPDATE_TYPES
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.aggregation.policies import decode_aggregation, encode_aggregation
from mfn_server.decoding import choice, stated, type_violations
from mfn_server.errors import Fault
from mfn_server.federation.machine.policy import (
    AsyncBuffer,
    EarlyStop,
    EvaluationPolicy,
    LatePolicy,
    RoundPolicy,
    ScoreDirection,
    policy_violations,
)
from mfn_server.federation.messages import number_of
from mfn_server.federation.resources.config_values import check_config
from mfn_server.federation.resources.quorum import MOST_PARTICIPANTS, default_quorum, next_sufficient

OFFERED_ENCODINGS = (pb.TENSOR_ENCODING_UNSPECIFIED, pb.TENSOR_ENCODING_RAW)

P = TypeVar("P")


@dataclass(frozen=True)
class RetentionPolicy:
    """What is kept of the past; rounds None keeps the verdicts and events of all."""

    model_versions: int = parameter(10, 1, 10_000, "1", "newest model versions kept", whole=True)
    rounds: int | None = parameter(None, 1, 1_000_000, "1", "newest rounds whose verdicts are kept", whole=True)


@dataclass(frozen=True)
class SessionPolicy:
    """How sessions are kept alive."""

    heartbeat_seconds: float = parameter(30.0, 1, 3600, "s", "longest silence of a participant without work")


@dataclass(frozen=True)
class Policy:
    """A federation's policy. message: with every default filled in, as callers see it."""

    message: pb.FederationPolicy
    rounds: RoundPolicy
    aggregation: AggregationPolicy
    optimizer: ServerOptimizer
    retention: RetentionPolicy
    sessions: SessionPolicy


def decode_policy(message: pb.FederationPolicy, faults: Faults) -> Policy:
    """The policy of a message; whatever is wrong with it is added to `faults`, under the path of its field.

    The message of the result gives the same policy again.
    """
    with faults.under("aggregation"):
        aggregation = decode_aggregation(message.aggregation, faults)
    rounds = _decode_rounds(message, _quorum(message, aggregation, faults), faults)
    policy = Policy(
        message=_choices(message, faults),
        rounds=rounds,
        aggregation=aggregation,
        optimizer=_decode(ServerOptimizer, message, "server_optimizer"),
        retention=_decode(RetentionPolicy, message, "retention"),
        sessions=SessionPolicy(**stated(message, "heartbeat_seconds")),
    )
    _check(policy, faults)
    _fill_in(policy)
    return policy


def policy_of(resolved: pb.FederationPolicy) -> Policy:
    """What the message of a Policy stands for; InvalidInput when it is another one."""
    faults = Faults()
    policy = decode_policy(resolved, faults)
    faults.refuse()
    return policy


def say_update_type(policy: pb.FederationPolicy, model: pb.TensorManifest) -> None:
    """Write into a policy what "the model's own types" are, now that the model is there; not when they differ."""
    types = {tensor.element_type for tensor in model.tensors}
    if not policy.update_element_type and len(types) == 1:
        policy.update_element_type = types.pop()


def require_offered_encodings(message: pb.FederationPolicy) -> None:
    """Refuse encodings that this server does not know, as NOT_IMPLEMENTED; a later contract may have them."""
    for number in message.update_encodings:
        if number not in OFFERED_ENCODINGS:
            text = f"policy.update_encodings names encoding {number}, which this server does not offer; leave it out"
            raise Fault(reasons.ERROR_REASON_NOT_IMPLEMENTED, text)


def _quorum(message: pb.FederationPolicy, aggregation: AggregationPolicy, faults: Faults) -> int:
    """The quorum, by default what the rule needs; one with which the rule cannot work is a fault."""
    if message.HasField("min_participants"):
        _check_quorum(message.min_participants, aggregation, faults)
        return message.min_participants
    needed = None if aggregation.violations() else default_quorum(aggregation)
    if needed is None and not aggregation.violations():
        text = "never has enough participants for its f, however many there are; lower f, or take another rule"
        faults.add(Violation("aggregation.rule", "", text))
    return needed or RoundPolicy().min_participants


def _check_quorum(given: int, aggregation: AggregationPolicy, faults: Faults) -> None:
    """Note that the rule needs more; whether the number is in its range at all is for the machine's policy to say."""
    if aggregation.violations() or not 1 <= given <= MOST_PARTICIPANTS:
        return
    needed = next_sufficient(aggregation, given)
    if needed != given:
        more = "more than 10000" if needed is None else f"at least {needed}"
        text = f"is {given}, must be {more}: the rule needs as many for its f"
        faults.add(Violation("min_participants", str(given), text))


def _decode_rounds(message: pb.FederationPolicy, quorum: int, faults: Faults) -> RoundPolicy:
    numbers = stated(message, *(name for name in limits_of(RoundPolicy) if name != "selection_seed"))
    late = choice(pb.LatePolicy, LatePolicy, "late_updates", message.late_updates, LatePolicy.REJECT, faults)
    buffered = message.HasField("async_buffer") or late is LatePolicy.BUFFERED_ASYNC
    return RoundPolicy(
        **{**numbers, "min_participants": quorum},
        late_updates=late,
        async_buffer=_decode(AsyncBuffer, message, "async_buffer", buffer_size=quorum) if buffered else None,
        evaluation=_decode_evaluation(message.evaluation, faults) if message.HasField("evaluation") else None,
        early_stop=_decode(EarlyStop, message, "early_stop") if message.HasField("early_stop") else None,
        selection_seed=message.selection_seed,
    )


def _decode_evaluation(message: pb.EvaluationPolicy, faults: Faults) -> EvaluationPolicy:
    names = (*limits_of(EvaluationPolicy), "score_metric")
    with faults.under("evaluation"):
        default = ScoreDirection.LOWER_IS_BETTER
        direction = choice(pb.ScoreDirection, ScoreDirection, "direction", message.direction, default, faults)
    return EvaluationPolicy(**stated(message, *names), direction=direction)


def _decode(parameters: type[P], message: pb.FederationPolicy, field: str, **defaults: Any) -> P:
    """The parameters in a field, those left out by these defaults or else their own."""
    return parameters(**{**defaults, **stated(getattr(message, field), *limits_of(parameters))})


def _choices(message: pb.FederationPolicy, faults: Faults) -> pb.FederationPolicy:
    """A copy of the message with the choices filled in that no parameter class holds."""
    resolved = pb.FederationPolicy()
    resolved.CopyFrom(message)
    resolved.ClearField("update_encodings")  # RAW is beside none
    if message.update_kind not in pb.UpdateKind.values():
        names = ", ".join(name for name, number in pb.UpdateKind.items() if number)
        text = f"is {message.update_kind}, must be one of {names}"
        faults.add(Violation("update_kind", str(message.update_kind), text))
    resolved.update_kind = message.update_kind or pb.UPDATE_KIND_DELTA
    if message.update_element_type:
        for violation in type_violations(message.update_element_type, UPDATE_TYPES, "update_element_type"):
            faults.add(violation)
    check_config(message.config, faults)
    return resolved


def _check(policy: Policy, faults: Faults) -> None:
    """Note numbers out of range, and fields that contradict each other."""
    found = [
        *policy_violations(policy.rounds),
        *(violation.under("server_optimizer") for violation in violations_of(policy.optimizer)),
        *(violation.under("retention") for violation in _violations(policy.retention)),
        *violations_of(policy.sessions),
    ]
    message = policy.message
    int8 = message.update_element_type == ElementType.ELEMENT_TYPE_INT8
    if int8 and message.update_kind == pb.UPDATE_KIND_WEIGHTS:
        text = "is ELEMENT_TYPE_INT8, must be a floating-point type when update_kind is UPDATE_KIND_WEIGHTS"
        found.append(Violation("update_element_type", "ELEMENT_TYPE_INT8", text))
    for violation in found:
        faults.add(violation)


def _violations(parameters: RetentionPolicy) -> list[Violation]:
    """As violations_of; a number that may be absent and is has none."""
    limits = limits_of(parameters).items()
    given = {name: value for name, _ in limits if (value := getattr(parameters, name)) is not None}
    found = (limit.violation(name, given[name]) for name, limit in limits if name in given)
    return [violation for violation in found if violation is not None]


def _fill_in(policy: Policy) -> None:
    """Write into the policy's message what it was resolved to."""
    message, rounds = policy.message, policy.rounds
    message.aggregation.CopyFrom(encode_aggregation(policy.aggregation))
    message.late_updates = number_of(pb.LatePolicy, rounds.late_updates)
    _encode(rounds, message)
    _encode(policy.sessions, message)
    _encode(policy.optimizer, message.server_optimizer)
    _encode(policy.retention, message.retention)
    for name in ("async_buffer", "evaluation", "early_stop"):
        if (part := getattr(rounds, name)) is not None:
            _encode(part, getattr(message, name))
    if rounds.evaluation is not None:
        message.evaluation.score_metric = rounds.evaluation.score_metric
        message.evaluation.direction = number_of(pb.ScoreDirection, rounds.evaluation.direction)


def _encode(parameters: Any, message: Any) -> None:
    for name in limits_of(parameters):
        if (value := getattr(parameters, name)) is not None:
            setattr(message, name, value)

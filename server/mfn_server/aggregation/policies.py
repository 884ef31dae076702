"""AggregationPolicy as a message and as the core's value, both ways; defaults and limits are the core's.

Rules and pre-aggregators are told apart by the names of their fields in the messages, which are the core's names for
them; so are their parameters.
"""

from dataclasses import Field, fields
from enum import StrEnum
from typing import Any

from google.protobuf.message import Message

from mfn_grpc.core.aggregation import (
    PRE_AGGREGATORS,
    RULES,
    AggregationPolicy,
    PreAggregator,
    ScreenedConvention,
    Screens,
    name_of,
)
from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.decoding import choice

MOST_LOOKED_AT = 5
"""Pre-aggregators: one more than is allowed, so that the core says so."""

_DEFAULT = AggregationPolicy()


def decode_aggregation(message: pb.AggregationPolicy, faults: Faults) -> AggregationPolicy:
    """The core's policy; whatever is wrong with the message is added to `faults`, by the names of its fields.

    Where a value lies outside its range the policy is the default one, so that it may be looked at all the same.
    """
    which = message.WhichOneof("rule")
    policy = AggregationPolicy(
        faulty=_faulty(message),
        rule=_DEFAULT.rule if which is None else _parameters(getattr(message, which), RULES[which], which, faults),
        pre_aggregators=_pre_aggregators(message, faults),
        ignore_precondition=message.ignore_precondition,
        screened=choice(
            pb.ScreenedConvention, ScreenedConvention, "screened", message.screened, _DEFAULT.screened, faults
        ),
        screens=_parameters(message.screens, Screens, "screens", faults),
    )
    for violation in (found := policy.violations()):
        faults.add(violation)
    return _DEFAULT if found else policy


def encode_aggregation(policy: AggregationPolicy) -> pb.AggregationPolicy:
    """The policy with every default filled in; what stays absent has a meaning when absent."""
    message = pb.AggregationPolicy(
        ignore_precondition=policy.ignore_precondition,
        screened=f"SCREENED_CONVENTION_{policy.screened.name}",
    )
    if isinstance(policy.faulty, int):
        message.f = policy.faulty
    else:
        message.f_fraction = policy.faulty
    _state(policy.rule, getattr(message, name_of(policy.rule)))
    for step in policy.pre_aggregators:
        _state(step, getattr(message.pre_aggregators.add(), name_of(step)))
    _state(policy.screens, message.screens)
    return message


def _faulty(message: pb.AggregationPolicy) -> int | float:
    which = message.WhichOneof("faulty")
    if which == "f":
        return message.f
    return message.f_fraction if which else _DEFAULT.faulty


def _pre_aggregators(message: pb.AggregationPolicy, faults: Faults) -> tuple[PreAggregator, ...]:
    if not message.pre_aggregators:
        return () if message.WhichOneof("rule") else _DEFAULT.pre_aggregators
    few = message.pre_aggregators[:MOST_LOOKED_AT]
    return tuple(_pre_aggregator(step, f"pre_aggregators[{index}]", faults) for index, step in enumerate(few))


def _pre_aggregator(message: pb.PreAggregator, path: str, faults: Faults) -> PreAggregator:
    """The step; where none is stated a stand-in, so that the others keep their places."""
    which = message.WhichOneof("kind")
    if which is None:
        text = f"is missing, must be one of {', '.join(PRE_AGGREGATORS)}"
        faults.add(Violation(f"{path}.kind", "", text))
        return _DEFAULT.pre_aggregators[0]
    step: PreAggregator = _parameters(getattr(message, which), PRE_AGGREGATORS[which], f"{path}.{which}", faults)
    return step


def _parameters(message: Message, kind: Any, path: str, faults: Faults) -> Any:
    """A parameter class with what the message states, and its own defaults for the rest."""
    with faults.under(path):
        given = {field.name: _given(message, field, faults) for field in fields(kind)}
    return kind(**{name: value for name, value in given.items() if value is not None})


def _given(message: Message, field: Field[Any], faults: Faults) -> Any:
    """What the message states for a parameter; None where the default holds."""
    described = message.DESCRIPTOR.fields_by_name[field.name]
    value, default = getattr(message, field.name), field.default
    if described.enum_type is not None and isinstance(default, StrEnum):
        return choice(getattr(pb, described.enum_type.name), type(default), field.name, value, default, faults)
    if described.has_presence and not message.HasField(field.name):
        return None
    return value


def _state(parameters: Any, message: Message) -> None:
    """Fill a message in with all that is known of a rule, a pre-aggregator or the screens."""
    message.SetInParent()
    for field in fields(parameters):
        value = getattr(parameters, field.name)
        if isinstance(value, StrEnum):
            value = _number(message, field.name, value)
        if value is not None:
            setattr(message, field.name, value)


def _number(message: Message, field: str, member: StrEnum) -> int:
    """The number of the value of the same name."""
    described: Any = message.DESCRIPTOR.fields_by_name[field].enum_type
    prefix = described.values[0].name.removesuffix("UNSPECIFIED")
    number: int = described.values_by_name[f"{prefix}{member.name}"].number
    return number

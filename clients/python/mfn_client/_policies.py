"""How a federation works and how updates become one, as callers write it; what is left out keeps the server's default.

Ranges stand in the contract (`federation.proto`) and are judged by the server, whose answer names every fault. Here
only the kinds of values and the words are checked.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, get_args

from google.protobuf.message import Message

from mfn_client._rules import PreAggregator, Rule
from mfn_client._spec import Faults
from mfn_grpc.v1 import federation_pb2 as pb

ConfigScalar = bool | int | float | str


@dataclass(frozen=True, kw_only=True)
class AggregationPolicy:
    """How updates become one.

    Args:
        rule: Its word, such as "krum", or with its switches, such as `Krum(neighbors=...)`. Default: "trimmed_mean"
            behind "nearest_neighbor_mixing".
        f: How many of n participants may be faulty.
        f_fraction: The same as a share of n, in place of `f`.
        pre_aggregators: Applied to the updates before the rule, in order; words or objects.
        ignore_precondition: Whether to run the rule although n is below what it needs for f.
        screened: How updates that fail the screens change n and f: "count_as_faulty" or "keep_f".
        max_norm: Longest update that passes the screens, as a difference from the model. Default: no bound.
        max_weight: Largest claimed number of examples that passes.
    """

    rule: str | Rule | None = None
    f: int | None = None
    f_fraction: float | None = None
    pre_aggregators: Sequence[str | PreAggregator] = ()
    ignore_precondition: bool = False
    screened: str | None = None
    max_norm: float | None = None
    max_weight: float | None = None


@dataclass(frozen=True, kw_only=True)
class AsyncBuffer:
    """How buffered asynchronous rounds work; with `late_updates="buffered_async"` only."""

    buffer_size: int | None = None
    max_staleness_versions: int | None = None
    staleness_exponent: float | None = None


@dataclass(frozen=True, kw_only=True)
class ServerOptimizer:
    """How the aggregate moves the model: velocity = momentum * velocity + aggregate, model += rate * velocity."""

    learning_rate: float | None = None
    momentum: float | None = None


@dataclass(frozen=True, kw_only=True)
class EvaluationPolicy:
    """How models are evaluated: participants measure each published one on data of their own.

    `score_metric`: the reported metric whose median is the score. `direction`: "lower_is_better" or "higher_is_better".
    """

    every_rounds: int | None = None
    participants: int | None = None
    deadline_seconds: float | None = None
    score_metric: str | None = None
    direction: str | None = None


@dataclass(frozen=True, kw_only=True)
class EarlyStop:
    """When to stop before `max_rounds`: so many evaluations without an improvement of at least so much."""

    patience_evaluations: int | None = None
    min_improvement: float | None = None


@dataclass(frozen=True, kw_only=True)
class RetentionPolicy:
    """What is kept of the past; the first, the best and the current model always are."""

    model_versions: int | None = None
    rounds: int | None = None


@dataclass(frozen=True, kw_only=True)
class FederationPolicy:
    """How a federation works; fixed when it is created.

    Args:
        aggregation: How updates become one.
        min_participants: Quorum, for a round to start and to be aggregated. Default: what the rule needs.
        target_participants: Updates that a round waits for. Default: of all connected when it starts.
        over_selection: Share selected beyond the target, against those that drop out.
        round_deadline_seconds: Longest time that a round collects updates.
        late_updates: "reject", "next_round" or "buffered_async".
        async_buffer: How buffered asynchronous rounds work.
        server_optimizer: How the aggregate moves the model. Default: it is added as it is.
        evaluation: Whether and how models are evaluated. Default: not.
        max_rounds: Rounds after which the federation finishes.
        early_stop: When to stop before that; needs `evaluation`.
        selection_seed: Of the selection of participants.
        update_kind: What participants send: "delta" or "weights".
        update_element_type: In which type: "float64", "float32", "float16", "bfloat16" or "int8". Default: the model's.
        retention: What is kept of the past.
        heartbeat_seconds: Longest silence of a participant without work; after three, its session ends.
        max_skipped_rounds: Rounds skipped in a row after which the federation finishes. Default: never.
        config: For the participants' training code, sent with every round.
    """

    aggregation: AggregationPolicy | None = None
    min_participants: int | None = None
    target_participants: int | None = None
    over_selection: float | None = None
    round_deadline_seconds: float | None = None
    late_updates: str | None = None
    async_buffer: AsyncBuffer | None = None
    server_optimizer: ServerOptimizer | None = None
    evaluation: EvaluationPolicy | None = None
    max_rounds: int | None = None
    early_stop: EarlyStop | None = None
    selection_seed: int = 0
    update_kind: str | None = None
    update_element_type: str | None = None
    retention: RetentionPolicy | None = None
    heartbeat_seconds: float | None = None
    max_skipped_rounds: int | None = None
    config: Mapping[str, ConfigScalar] = field(default_factory=dict)


def _word(kind: type) -> str:
    """The contract's word for a class: "multi_krum" for MultiKrum."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


RULES: Mapping[str, type] = {_word(kind): kind for kind in get_args(Rule)}
PRE_AGGREGATORS: Mapping[str, type] = {_word(kind): kind for kind in get_args(PreAggregator)}
_SCREENS = ("max_norm", "max_weight")


def fill_policy(message: pb.FederationPolicy, policy: FederationPolicy, path: str, faults: Faults) -> None:
    """Put a federation's policy into a message, with its faults noted."""
    message.SetInParent()
    _fill(message, policy, path, faults, leave=("aggregation", "config"))
    if policy.aggregation is not None:
        fill_aggregation(message.aggregation, policy.aggregation, f"{path}.aggregation", faults)
    for key, value in policy.config.items():
        _set_config(message.config[key], value, f"{path}.config[{key!r}]", faults)


def fill_aggregation(message: pb.AggregationPolicy, policy: AggregationPolicy, path: str, faults: Faults) -> None:
    """Put an aggregation's policy into a message, with its faults noted."""
    message.SetInParent()
    if policy.f is not None and policy.f_fraction is not None:
        faults.add(f"{path}.faulty", f"is both f = {policy.f!r} and f_fraction = {policy.f_fraction!r}, must be one")
    _fill(message, policy, path, faults, leave=("rule", "pre_aggregators", *_SCREENS))
    for name in _SCREENS:
        if (bound := getattr(policy, name)) is not None:
            faults.assign(message.screens, name, bound, f"{path}.screens.{name}")
    if policy.rule is not None:
        _choose(message, policy.rule, RULES, f"{path}.rule", faults)
    for index, step in enumerate(_listed(policy.pre_aggregators)):
        where = f"{path}.pre_aggregators[{index}]"
        _choose(message.pre_aggregators.add(), step, PRE_AGGREGATORS, where, faults)


def _listed(steps: Any) -> Sequence[Any]:
    """One step alone may stand for a list of one."""
    return steps if isinstance(steps, Sequence) and not isinstance(steps, str) else [steps]


def _choose(message: Message, said: Any, known: Mapping[str, type], path: str, faults: Faults) -> None:
    """Set one of several alternatives by its word or by its object."""
    word = said if isinstance(said, str) else _word(type(said))
    if word not in known or not isinstance(said, str | known[word]):
        faults.add(path, f"is {said!r}, must be one of {', '.join(known)}")
        return
    chosen = getattr(message, word)
    chosen.SetInParent()
    if isinstance(said, str):
        for name in (each.name for each in fields(known[word]) if each.default is MISSING):
            faults.add(f"{path}.{name}", f"is missing, must be given: {known[word].__name__}({name}=...)")
        return
    _fill(chosen, said, path, faults)


def _fill(message: Any, said: Any, path: str, faults: Faults, leave: Sequence[str] = ()) -> None:
    """Set the fields of a message from the dataclass of the same names; None leaves a default to the server."""
    for each in fields(said):
        value, where = getattr(said, each.name), f"{path}.{each.name}"
        if value is None or each.name in leave:
            continue
        target = message.DESCRIPTOR.fields_by_name[each.name]
        if target.enum_type is not None:
            faults.choose(message, each.name, value, where)
        elif target.message_type is None:
            faults.assign(message, each.name, value, where)
        elif is_dataclass(value):
            getattr(message, each.name).SetInParent()
            _fill(getattr(message, each.name), value, where, faults)
        else:
            faults.add(where, f"is {value!r}, must be a {target.message_type.name}")


def _set_config(message: pb.ConfigValue, value: Any, path: str, faults: Faults) -> None:
    kinds = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}
    name = next((name for kind, name in kinds.items() if isinstance(value, kind)), None)
    if name is None:
        faults.add(path, f"is {value!r}, must be true or false, a number or text")
    else:
        faults.assign(message, name, value, path)

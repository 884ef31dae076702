"""What the round machine decides by: the part of a federation's policy that governs its rounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, unique

from mfn_grpc.core.limits import SEED, Limit, Violation, limited, limits_of, parameter


@unique
class LatePolicy(StrEnum):
    """What becomes of an update that is complete only after its round's deadline."""

    REJECT = "REJECT"
    NEXT_ROUND = "NEXT_ROUND"
    BUFFERED_ASYNC = "BUFFERED_ASYNC"


@unique
class ScoreDirection(StrEnum):
    """Which of two scores is the better one."""

    LOWER_IS_BETTER = "LOWER_IS_BETTER"
    HIGHER_IS_BETTER = "HIGHER_IS_BETTER"


@dataclass(frozen=True, slots=True)
class AsyncBuffer:
    """Buffered asynchronous rounds (Nguyen 2022): an update that lags s versions weighs (1 + s)^-exponent."""

    buffer_size: int = parameter(2, 1, 10_000, "1", "updates that fill the buffer", whole=True)
    max_staleness_versions: int = parameter(10, 0, 1000, "1", "versions that an update may lag", whole=True)
    staleness_exponent: float = parameter(0.5, 0.0, 10.0, "1", "exponent of the weight of a lagging update")


@dataclass(frozen=True, slots=True)
class EvaluationPolicy:
    """How models are evaluated; participants None asks all connected that can evaluate."""

    every_rounds: int = parameter(1, 1, 1_000_000, "1", "rounds between evaluations", whole=True)
    participants: int | None = parameter(None, 1, 10_000, "1", "participants asked", whole=True)
    deadline_seconds: float = parameter(60.0, 0.1, 86_400.0, "s", "longest wait for reports")
    score_metric: str = "loss"
    direction: ScoreDirection = ScoreDirection.LOWER_IS_BETTER


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """When to stop before max_rounds; needs evaluation."""

    patience_evaluations: int = parameter(10, 1, 1_000_000, "1", "evaluations in a row without improvement", whole=True)
    min_improvement: float = parameter(0.0, 0.0, 1.7976931348623157e308, "1", "least change that is an improvement")


@dataclass(frozen=True, slots=True)
class RoundPolicy:
    """How rounds work; names, ranges and defaults are those of the message FederationPolicy.

    target_participants None: all connected when the round starts. max_skipped_rounds None: never finish for that.
    async_buffer is given if and only if late_updates is BUFFERED_ASYNC.
    """

    min_participants: int = parameter(2, 1, 10_000, "1", "quorum", whole=True)
    target_participants: int | None = parameter(None, 1, 10_000, "1", "updates that a round waits for", whole=True)
    over_selection: float = parameter(0.0, 0.0, 1.0, "1", "share of participants selected beyond the target")
    round_deadline_seconds: float = parameter(600.0, 0.1, 604_800.0, "s", "longest time that a round collects updates")
    late_updates: LatePolicy = LatePolicy.REJECT
    async_buffer: AsyncBuffer | None = None
    evaluation: EvaluationPolicy | None = None
    max_rounds: int = parameter(100, 1, 1_000_000, "1", "rounds after which the federation finishes", whole=True)
    early_stop: EarlyStop | None = None
    selection_seed: int = limited(0, SEED)
    max_skipped_rounds: int | None = parameter(None, 1, 1_000_000, "1", "rounds skipped in a row", whole=True)


_METRIC_NAME = Limit(1, 64, "characters", "length of a metric's name", whole=True)


def policy_violations(policy: RoundPolicy) -> list[Violation]:
    """Every fault of a policy, under the field names of the message FederationPolicy."""
    nested = {"async_buffer": policy.async_buffer, "evaluation": policy.evaluation, "early_stop": policy.early_stop}
    found = list(_out_of_range(policy))
    for name, part in nested.items():
        found += [violation.under(name) for violation in _out_of_range(part)] if part is not None else []
    return found + list(_contradictions(policy))


def _out_of_range(part: RoundPolicy | AsyncBuffer | EvaluationPolicy | EarlyStop) -> Iterator[Violation]:
    for name, limit in limits_of(part).items():
        value = getattr(part, name)
        if value is not None and (violation := limit.violation(name, value)) is not None:
            yield violation
    if isinstance(part, EvaluationPolicy) and _METRIC_NAME.violation("", len(part.score_metric)) is not None:
        yield Violation("score_metric", part.score_metric, "must be 1 to 64 characters (name of the metric)")


def _contradictions(policy: RoundPolicy) -> Iterator[Violation]:
    least = policy.min_participants
    target, buffer = policy.target_participants, policy.async_buffer
    if target is not None and target < least:
        yield _below("target_participants", target, least)
    if buffer is not None and buffer.buffer_size < least:
        yield _below("async_buffer.buffer_size", buffer.buffer_size, least)
    if (policy.late_updates is LatePolicy.BUFFERED_ASYNC) != (buffer is not None):
        yield Violation("async_buffer", str(buffer), "must be given for BUFFERED_ASYNC and for nothing else")
    if policy.early_stop is not None and policy.evaluation is None:
        yield Violation("early_stop", "", "needs evaluation: set evaluation, or leave early_stop out")


def _below(name: str, value: int, least: int) -> Violation:
    return Violation(name, str(value), f"is {value}, must be at least min_participants ({least})")

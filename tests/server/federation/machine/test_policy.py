import pytest

from mfn_grpc.core.limits import InvalidInput
from mfn_server.federation.machine.policy import (
    AsyncBuffer,
    EarlyStop,
    EvaluationPolicy,
    LatePolicy,
    RoundPolicy,
    policy_violations,
)
from mfn_server.federation.machine.state import State


def test_the_defaults_are_without_fault() -> None:
    assert policy_violations(RoundPolicy()) == []


@pytest.mark.parametrize(
    ("policy", "fields"),
    [
        (RoundPolicy(min_participants=0, over_selection=1.5), ["min_participants", "over_selection"]),
        (RoundPolicy(min_participants=5, target_participants=4), ["target_participants"]),
        (
            RoundPolicy(round_deadline_seconds=float("nan"), selection_seed=-1),
            ["round_deadline_seconds", "selection_seed"],
        ),
        (RoundPolicy(max_rounds=0, max_skipped_rounds=0), ["max_rounds", "max_skipped_rounds"]),
        (RoundPolicy(late_updates=LatePolicy.BUFFERED_ASYNC), ["async_buffer"]),
        (RoundPolicy(async_buffer=AsyncBuffer()), ["async_buffer"]),
        (
            RoundPolicy(min_participants=3, late_updates=LatePolicy.BUFFERED_ASYNC, async_buffer=AsyncBuffer(2, -1)),
            ["async_buffer.max_staleness_versions", "async_buffer.buffer_size"],
        ),
        (RoundPolicy(early_stop=EarlyStop()), ["early_stop"]),
        (
            RoundPolicy(evaluation=EvaluationPolicy(every_rounds=0, participants=0, score_metric="")),
            ["evaluation.every_rounds", "evaluation.participants", "evaluation.score_metric"],
        ),
        (
            RoundPolicy(evaluation=EvaluationPolicy(), early_stop=EarlyStop(0, float("inf"))),
            ["early_stop.patience_evaluations", "early_stop.min_improvement"],
        ),
    ],
)
def test_every_fault_is_named_by_its_field(policy: RoundPolicy, fields: list[str]) -> None:
    assert [violation.field for violation in policy_violations(policy)] == fields
    with pytest.raises(InvalidInput):
        State.initial(policy)

from dataclasses import replace

import pytest

from mfn_server.federation.machine.actions import (
    Conclude,
    Discard,
    ModelPublished,
    PayloadKey,
    RoundEnded,
    VerdictGiven,
)
from mfn_server.federation.machine.events import Aggregated
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.records import (
    Judgement,
    Model,
    RoundState,
    SkipReason,
    Verdict,
    VerdictKind,
    VerdictReason,
)
from tests.server.federation.machine.driving import Federation, accepted, digest, model


def aggregating() -> Federation:
    federation = Federation(RoundPolicy(), "ada", "ben")
    federation.send("ada", "ben")
    return federation


def test_a_published_model_is_the_next_version() -> None:
    federation = aggregating()
    federation.aggregate()
    assert federation.state.model == model(1)
    assert federation.told(ModelPublished) == [ModelPublished(model(1))]
    record = federation.told(RoundEnded)[0].record
    assert (record.state, record.model, record.base_model) == (RoundState.DONE, model(1), model(0))
    assert (record.counted, record.screened, record.rejected, record.f) == (2, 0, 0, 1)
    assert record.aggregate_seconds == 0.25
    assert federation.of(Discard) == [
        Discard((PayloadKey("ada", 1, digest("ada 1")), PayloadKey("ben", 1, digest("ben 1"))))
    ]


def test_everybody_gets_the_verdict_of_the_rule_with_what_was_claimed() -> None:
    federation = aggregating()
    outlier = Judgement("ben", VerdictKind.REJECTED, VerdictReason.OUTLIER, "far away", 9.0, 8.0, 0.0)
    federation.aggregate(None, accepted("ada")[0], outlier)
    received = federation.clock - 1
    expected = Verdict(
        "ben",
        1,
        VerdictKind.REJECTED,
        VerdictReason.OUTLIER,
        "far away",
        9.0,
        8.0,
        0.0,
        10,
        {},
        digest("ben 1"),
        received,
    )
    assert federation.verdicts()["ben"] == expected
    assert federation.told(VerdictGiven)[1] == VerdictGiven(expected)
    (conclusion,) = federation.of(Conclude)
    assert (conclusion.round, conclusion.state, conclusion.model) == (1, RoundState.DONE, model(1))
    assert conclusion.verdicts == (federation.verdicts()["ada"], expected)
    counters = federation.state.participants
    assert (counters["ada"].rounds_accepted, counters["ben"].rounds_rejected) == (1, 1)


def test_a_round_skipped_by_the_rule_keeps_the_verdicts_of_its_screens() -> None:
    federation = aggregating()
    screened = Judgement("ada", VerdictKind.SCREENED, VerdictReason.NOT_FINITE)
    federation.aggregate(SkipReason.SCREENED_BEYOND_F, screened)
    verdicts = federation.verdicts()
    assert (verdicts["ada"].kind, verdicts["ada"].reason) == (VerdictKind.SCREENED, VerdictReason.NOT_FINITE)
    assert (verdicts["ben"].kind, verdicts["ben"].reason) == (VerdictKind.REJECTED, VerdictReason.ROUND_SKIPPED)
    record = federation.told(RoundEnded)[0].record
    assert (record.state, record.skip_reason) == (RoundState.SKIPPED, SkipReason.SCREENED_BEYOND_F)
    assert (record.counted, record.screened, record.rejected, record.model) == (2, 1, 0, None)
    assert federation.state.model == model(0)


def test_rounds_skipped_in_a_row_are_counted_until_one_publishes() -> None:
    federation = aggregating()
    federation.aggregate(SkipReason.NOT_FINITE)
    federation.send("ada", "ben")
    federation.aggregate(SkipReason.PRECONDITION)
    assert federation.state.skipped_in_row == 2
    federation.send("ada", "ben")
    federation.aggregate()
    assert federation.state.skipped_in_row == 0


RIGHT = Aggregated(1, model(1), accepted("ada", "ben"), 1, 0.1, 9.0)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RIGHT, round=2),
        replace(RIGHT, outcome=Model(2, b"")),
        replace(RIGHT, judgements=accepted("ada")),
        replace(RIGHT, judgements=accepted("ada", "ben", "ben")),
        replace(RIGHT, judgements=accepted("ada", "ben", "eve")),
        replace(RIGHT, judgements=(*accepted("ada"), Judgement("ben", VerdictKind.MISSING))),
        replace(RIGHT, outcome=SkipReason.PRECONDITION, judgements=accepted("eve")),
    ],
)
def test_an_answer_to_another_question_changes_nothing(wrong: Aggregated) -> None:
    federation = aggregating()
    before = federation.state
    assert federation.happen(wrong) == ()
    assert federation.state == before
    federation.happen(RIGHT)
    assert federation.state.model == model(1)


def test_an_answer_given_twice_counts_once() -> None:
    federation = aggregating()
    federation.happen(RIGHT)
    before = federation.state
    assert federation.happen(RIGHT) == ()
    assert federation.state == before

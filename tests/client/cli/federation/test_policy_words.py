"""A federation's policy as sentences."""

from dataclasses import replace
from typing import Any

import pytest

from mfn_client import Federation, Round
from mfn_client.cli.federation.policy_words import policy_line, unprotected, waiting

MIXING: Any = [{"nearest_neighbor_mixing": {}}]


def policy(quorum: int = 2, pre: Any = (), rounds: int = 100, **aggregation: Any) -> dict[str, Any]:
    return {
        "aggregation": {"pre_aggregators": list(pre), "ignore_precondition": False, **aggregation},
        "min_participants": quorum,
        "round_deadline_seconds": 60.0,
        "max_rounds": rounds,
    }


def federation(said: dict[str, Any], **more: Any) -> Federation:
    empty: dict[str, Any] = dict.fromkeys(Federation.__dataclass_fields__)
    return Federation(**{**empty, "policy": said, "state": "running", "round": 0, "participants_connected": 0, **more})


def of_number(number: int, state: str) -> Round:
    empty: dict[str, Any] = dict.fromkeys(Round.__dataclass_fields__)
    return Round(**{**empty, "round": number, "state": state})


def test_the_rule_f_the_quorum_the_target_and_the_deadline_are_told() -> None:
    default = policy(5, MIXING, f_fraction=0.2, trimmed_mean={"rounding": "exact_ceiling"})
    assert policy_line(federation(default), None) == (
        "trimmed_mean behind nearest_neighbor_mixing, f 0.2 of those present (1 of 5), quorum 5, target all connected, "
        "deadline 60 s, 0 of 100 rounds over"
    )
    stated = policy(9, rounds=2000, f=3, krum={}) | {"target_participants": 12}
    assert policy_line(federation(stated), None) == (
        "krum, f 3, quorum 9, target 12, deadline 60 s, 0 of 2,000 rounds over"
    )


@pytest.mark.parametrize(
    ("state", "over"), [("collecting", 6), ("aggregating", 6), ("evaluating", 6), ("done", 7), ("skipped", 7)]
)
def test_a_round_that_is_open_is_not_over(state: str, over: int) -> None:
    found = federation(policy(f=0, mean={}), round=7)
    assert policy_line(found, of_number(7, state)).endswith(f"{over} of 100 rounds over")


def test_why_it_waits_is_told() -> None:
    found = federation(policy(6, f=1, krum={}), participants_connected=2)
    assert waiting(found) == "waits for participants: 2 of 6 connected"
    assert waiting(replace(found, participants_connected=6)) == ""
    assert waiting(replace(found, state="awaiting_model")).startswith("waits for its model")
    assert waiting(replace(found, state="paused")).startswith("is paused")
    assert waiting(replace(found, state="finished")) == ""


@pytest.mark.parametrize(
    ("quorum", "aggregation", "sentence"),
    [
        (2, {"f_fraction": 0.2, "trimmed_mean": {}}, "--min-participants 5 bears one."),
        (4, {"f_fraction": 0.2, "trimmed_mean": {}}, "--min-participants 5 bears one."),
        (3, {"f_fraction": 0.3, "krum": {}}, "--min-participants 5 bears one."),
        (3, {"f_fraction": 0.15, "bulyan": {}}, "--min-participants 7 bears one."),
        (2, {"f_fraction": 0.2, "mean": {}}, "The rule mean bears no faulty participant"),
        (5, {"f_fraction": 0.2, "trimmed_mean": {}}, ""),
        (10, {"f_fraction": 0.1, "krum": {}}, ""),
        (2, {"f": 0, "trimmed_mean": {}}, ""),
    ],
)
def test_a_quorum_that_bears_nobody_is_told_with_one_that_does(
    quorum: int, aggregation: dict[str, Any], sentence: str
) -> None:
    told = unprotected(policy(quorum, **aggregation))
    assert sentence in told
    assert bool(told) == bool(sentence)
    if sentence.startswith("--"):
        assert told.startswith(f"Rounds start with {quorum} participants and bear no faulty one then; ")

"""Events as sentences."""

from typing import Any

import pytest

from mfn_client import FederationEvent, ModelRef, Round, Verdict
from mfn_client.cli.federation.rows import round_row
from mfn_client.cli.federation.words import in_words


def ended(counted: int, screened: int, rejected: int) -> Round:
    empty: dict[str, Any] = dict.fromkeys(Round.__dataclass_fields__)
    told = {"round": 5, "state": "done", "selected": 9, "counted": counted, "screened": screened, "rejected": rejected}
    return Round(**{**empty, **told, "model": ModelRef("uid-1", 5, b"")})


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((6, 0, 0), "round 5 is done: 6 of 6 updates accepted"),
        ((6, 1, 2), "round 5 is done: 3 of 6 updates accepted, 1 screened, 2 rejected"),
        ((1, 0, 0), "round 5 is done: 1 of 1 update accepted"),
    ],
)
def test_what_was_screened_or_rejected_is_among_what_was_counted(numbers: Any, sentence: str) -> None:
    assert in_words(FederationEvent(1, None, "round_ended", ended(*numbers))) == sentence


def test_the_rows_of_rounds_tell_the_same() -> None:
    assert round_row(ended(6, 1, 2))[2:6] == ("9", "6", "3", "1")


def test_an_accepted_update_is_told_with_its_share() -> None:
    verdict = Verdict("federations/d/participants/p5", 3, "accepted", "", "far", None, None, 0.004, 1, {}, b"", None)
    assert in_words(FederationEvent(1, None, "verdict", verdict)) == "p5 in round 3 is accepted, share 0.004: far"

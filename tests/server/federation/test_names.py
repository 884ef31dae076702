"""Names of federations and participants."""

import pytest

from mfn_grpc.core.limits import InvalidInput
from mfn_server.federation.names import (
    ParticipantName,
    federation_name,
    parse_federation,
    parse_participant,
    participant_name,
    require_id,
)

SOUND = ["a", "digits", "a-1", "a--b", "z" * 63]
UNSOUND = ["", "A", "1a", "-a", "a-", "a_b", "a.b", "é", "a b", "a\n", "z" * 64, "a/b", "a\0"]


@pytest.mark.parametrize("value", SOUND)
def test_an_id_of_the_stated_form_is_taken(value: str) -> None:
    assert require_id(value, "federation_id") == value
    assert parse_federation(federation_name(value), "name") == value
    name = participant_name("digits", value)
    assert parse_participant(name, "name") == ParticipantName("digits", value)
    assert str(parse_participant(name, "name")) == name


@pytest.mark.parametrize("value", UNSOUND)
def test_an_id_of_another_form_is_a_fault_of_its_field(value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        require_id(value, "participant_id")
    assert [violation.field for violation in caught.value.violations] == ["participant_id"]


@pytest.mark.parametrize(
    "name",
    [
        *(f"federations/{each}" for each in UNSOUND),
        "federation/a",
        "/federations/a",
        "federations/a/",
        "federations/a/participants/b",
        "x" * 10_000,
    ],
)
def test_a_federations_name_of_another_form_is_a_fault_of_its_field(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_federation(name, "parent")
    (violation,) = caught.value.violations
    assert violation.field == "parent"
    assert len(violation.description) < 300


@pytest.mark.parametrize("name", ["federations/a", "federations/a/participants/", "federations/A/participants/b", "b"])
def test_a_participants_name_of_another_form_is_a_fault_of_its_field(name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_participant(name, "name")
    assert [violation.field for violation in caught.value.violations] == ["name"]

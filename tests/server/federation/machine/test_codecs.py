import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_server.federation.machine.codecs import (
    MalformedRecord,
    decode_event,
    decode_state,
    encode_event,
    encode_state,
)
from mfn_server.federation.machine.events import Event, Paused, Reported, UpdateDurable
from mfn_server.federation.machine.policy import RoundPolicy
from mfn_server.federation.machine.records import Claim, Model
from mfn_server.federation.machine.state import State
from tests.server.federation.machine.driving import model

events: st.SearchStrategy[Event] = st.one_of(*(st.from_type(kind) for kind in get_args(Event)))


def same(one: Any, other: Any) -> bool:
    """Equal in every type and bit, a NaN to any other."""
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (one == other and str(one) == str(other))
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@given(events)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert same(decode_event(encode_event(event)), event)


@given(st.from_type(State))
def test_a_state_comes_back_as_it_was(state: State) -> None:
    assert same(decode_state(encode_state(state)), state)


def test_texts_are_plain_json() -> None:
    event = Reported("ben", 3, model(2), 5, {"loss": math.nan, "gain": -math.inf, "x": 0.1}, 7.0)
    assert json.loads(encode_event(event)) == {
        "type": "Reported",
        "value": {
            "participant": "ben",
            "round": 3,
            "model": {"version": 2, "sha256": model(2).sha256.hex()},
            "num_examples": 5,
            "metrics": {"loss": "NaN", "gain": "-Infinity", "x": 0.1},
            "at": 7.0,
        },
    }


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"type": "Paused"}',
        b'{"type": "Paused", "value": {}}',
        b'{"type": "Paused", "value": {"at": 1}}',
        b'{"type": "Paused", "value": {"at": NaN}}',
        b'{"type": "Paused", "value": {"at": "now"}}',
        b'{"type": "Paused", "value": {"at": 1.0, "why": ""}}',
        b'{"type": "Stopped", "value": {"at": 1.0}}',
        b'{"type": ["Paused"], "value": {"at": 1.0}}',
        b'{"type": "RoundDeadline", "value": {"round": true, "at": 1.0}}',
        b'{"type": "RoundDeadline", "value": {"round": 1.0, "at": 1.0}}',
        b'{"type": "ModelUploaded", "value": {"model": {"version": 0, "sha256": "zz"}, "at": 1.0}}',
        b'{"type": "Aggregated", "value": {"round": 1, "outcome": {"type": "SkipReason", "value": "LAZY"}}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_event_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedRecord):
        decode_event(text)


def test_an_unknown_field_of_a_state_is_refused() -> None:
    text = json.loads(encode_state(State.initial(RoundPolicy())))
    with pytest.raises(MalformedRecord):
        decode_state(json.dumps({**text, "mood": "good"}).encode())


def test_a_whole_number_where_a_real_one_belongs_becomes_real() -> None:
    assert decode_event(encode_event(Paused(at=5))) == Paused(at=5.0)


def test_an_update_is_what_its_participant_claimed() -> None:
    event = UpdateDurable("ben", 3, model(2), b"\1" * 32, 8, 10, 1.0)
    assert event.claim == Claim(3, Model(2, model(2).sha256), b"\1" * 32)
    assert replace(event, round=4).claim != event.claim

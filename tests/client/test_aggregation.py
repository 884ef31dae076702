"""Aggregation of one's own updates: what is sent, what comes back, what breaks."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mfn_client import AsyncClient, Client, InvalidArgument, Krum, StreamCorrupted
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.client.faces import Face
from tests.client.federations import Wishes, federations
from tests.client.test_model_transfer import reversed_with

UPDATES: dict[str, Any] = {f"c{k}": {"w": np.full(100_000, k, np.float32), "b": np.array([float(k)])} for k in range(3)}


@pytest.fixture
def wishes() -> Wishes:
    return Wishes()


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "asyncio"])
def call(request: pytest.FixtureRequest, wishes: Wishes) -> Iterator[Face]:
    with federations(wishes) as target:
        yield Face(request.param, target)


def begin_of(wishes: Wishes) -> pb.AggregateBegin:
    found: pb.AggregateBegin = next(each.begin for each in wishes.requests if each.HasField("begin"))
    return found


def test_updates_go_in_and_their_aggregate_and_verdicts_come_out(call: Face, wishes: Wishes) -> None:
    result = call("aggregate", UPDATES, rule=Krum(), f=0, weights={"c1": 5.0}, round=7, result_element_type="float64")
    np.testing.assert_array_equal(result.arrays["w"], np.ones(100_000))
    np.testing.assert_array_equal(result.arrays["b"], [1.0])
    assert {client: verdict.kind for client, verdict in result.verdicts.items()} == dict.fromkeys(UPDATES, "accepted")
    assert result.verdicts["c1"].weight == 5.0
    assert (result.record.round, result.record.clients, result.record.accepted) == (7, 3, 3)
    assert result.record.aggregation["krum"] == {"neighbors": "unspecified"}
    begin = begin_of(wishes)
    assert (begin.round, begin.result_element_type) == (7, ElementType.ELEMENT_TYPE_FLOAT64)
    assert wishes.requests[-1].finish.round == 7


def test_a_client_that_differs_is_judged_by_the_server_whoever_comes_first(call: Face) -> None:
    updates = {"a": {"w": np.ones(2)}, **UPDATES}
    result = call("aggregate", updates, rule="mean", f=0)
    assert result.verdicts["a"].kind == "screened"
    assert result.verdicts["a"].reason == "manifest"
    assert [result.verdicts[client].kind for client in UPDATES] == ["accepted"] * 3


def test_values_that_are_not_finite_are_sent_as_they_are(call: Face) -> None:
    result = call("aggregate", {"a": {"w": np.array([math.nan])}, "b": {"w": np.ones(1)}}, rule="mean", f=0)
    assert np.isnan(result.arrays["w"]).all()


def test_a_stream_that_breaks_begins_again(call: Face, wishes: Wishes) -> None:
    wishes.cut_after = [3, 5]
    result = call("aggregate", UPDATES, rule="mean", f=0)
    np.testing.assert_array_equal(result.arrays["b"], [1.0])
    assert sum(each.HasField("begin") for each in wishes.requests) == 3


@pytest.mark.parametrize(("checksum", "words"), [(False, "crc32c"), (True, "another digest")])
def test_a_damaged_aggregate_is_not_handed_out(call: Face, wishes: Wishes, checksum: bool, words: str) -> None:
    wishes.damage = reversed_with(checksum)
    with pytest.raises(StreamCorrupted, match=words):
        call("aggregate", UPDATES, rule="mean", f=0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"updates": {}}, "updates: is empty"),
        ({"updates": {"a": {"w": np.arange(3)}}}, r"updates\['a'\]: tensor 'w' is of int64"),
        ({"updates": UPDATES, "weights": {"z": 1.0}}, r"weights\['z'\]: is of a client that has no update"),
        ({"updates": UPDATES, "rule": "best"}, "begin.aggregation.rule: is 'best', must be one of mean"),
        ({"updates": UPDATES, "rules": "krum"}, "rules: is unknown, must be one of rule"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    call: Face, wishes: Wishes, arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        call("aggregate", **arguments)
    assert wishes.requests == []

"""Every call has a request id: the caller's where it is sound, else a new one."""

import re

import pytest

from mfn_grpc.v1 import electrochemistry_pb2
from tests.server.calling import Wire

BAD = electrochemistry_pb2.ComputeNernstRequest()


@pytest.mark.parametrize("given", ["a", "id-1", "A.b_c-9", "x" * 64, "3f2504e0-4f89-11d3-9a0c-0305e82c3301"])
def test_a_sound_id_is_kept(wire: Wire, given: str) -> None:
    refusal = wire.refusal("ComputeNernst", BAD, metadata=[("x-request-id", given)])
    assert (refusal.request_id, refusal.trailers["x-request-id"]) == (given, given)


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "a;b", "%0a", "id/1", "<script>"])
def test_an_id_that_could_upset_a_log_is_replaced(wire: Wire, given: str) -> None:
    refusal = wire.refusal("ComputeNernst", BAD, metadata=[("x-request-id", given)])
    assert re.fullmatch(r"[0-9a-f]{32}", refusal.request_id)


def test_of_two_ids_the_first_counts(wire: Wire) -> None:
    refusal = wire.refusal("ComputeNernst", BAD, metadata=[("x-request-id", "one"), ("x-request-id", "two")])
    assert refusal.request_id == "one"


def test_calls_without_an_id_get_one_each(wire: Wire) -> None:
    found = {wire.refusal("ComputeNernst", BAD).request_id for _ in range(5)}
    assert len(found) == 5

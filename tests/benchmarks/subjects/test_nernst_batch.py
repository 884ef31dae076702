"""The batch that is sent, and the answers that count."""

import numpy as np
import pytest

from benchmarks.servers.bare_echo import BATCH_ANSWER, POINTS
from benchmarks.subjects import nernst_batch
from mfn_grpc.arrays import from_array, to_array
from mfn_grpc.v1 import electrochemistry_pb2 as pb
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES
from mfn_server.services.electrochemistry import _nernst_batch


def answer(*potentials: float, count: int = POINTS) -> bytes:
    """An answer whose potentials are these again and again."""
    values = np.resize(np.array(potentials), count)
    return pb.ComputeNernstBatchResponse(potential_mv=to_array(values)).SerializeToString()


def test_the_batch_fits_one_message_and_its_answer_is_as_long_as_the_echos() -> None:
    request = nernst_batch.request()
    assert len(request.SerializeToString()) <= MAX_MESSAGE_BYTES
    raw = _nernst_batch(request).SerializeToString()
    nernst_batch.check(raw)
    assert 0 < len(raw) - len(BATCH_ANSWER) < 64


def test_the_potentials_of_the_batch_are_those_of_the_equation() -> None:
    request = nernst_batch.request()
    message = pb.ComputeNernstBatchResponse.FromString(_nernst_batch(request).SerializeToString())
    fields = request.concentration_out_molar, request.concentration_in_molar
    out, inside = (from_array(each).astype(np.float64) for each in fields)
    expected = 1e3 * 8.31446261815324 * 310.15 / 96485.33212331 * np.log(out / inside)
    np.testing.assert_allclose(from_array(message.potential_mv).astype(np.float64), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("raw", [answer(1.0, count=7), answer(1.0, float("nan"))])
def test_an_answer_of_another_size_or_without_numbers_does_not_count(raw: bytes) -> None:
    with pytest.raises(ValueError, match="bytes of potentials"):
        nernst_batch.check(raw)

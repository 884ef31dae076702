"""Frames from parts: order, completeness, damage."""

import numpy as np
import pytest

from mfn_client import StreamCorrupted
from mfn_client._decoding import decoded
from mfn_client._frames import FrameAssembler
from mfn_client._results import Started
from mfn_grpc.arrays import AnyArray, split_parts
from mfn_grpc.v1 import simulation_pb2 as pb


def assembler(rows: int = 256, cols: int = 300) -> FrameAssembler:
    started = pb.Started(frame_stride=1)
    started.spec.grid.shape.extend([rows, cols])
    return FrameAssembler(decoded(Started, started))


def message(step: int, *arrays: AnyArray, last: bool = True) -> pb.Frame:
    names = ("u", "v")
    return pb.Frame(
        step=step,
        time=step * 0.5,
        parts=[next(split_parts(n, a)) for n, a in zip(names, arrays, strict=False)],
        last=last,
    )


def test_a_frame_without_the_features_that_were_asked_for_is_corruption() -> None:
    started = pb.Started(frame_stride=1)
    started.spec.grid.shape.extend([4, 4])
    asked = FrameAssembler(decoded(Started, started), with_features=True)
    whole = message(0, np.zeros((2, 2)))
    whole.features.v_mean = 0.0
    frame = asked.add(whole)
    assert frame is not None
    assert frame.features is not None
    assert frame.features.v_mean == 0.0
    with pytest.raises(StreamCorrupted, match="Frame 1 came without the features"):
        asked.add(message(1, np.zeros((2, 2))))


def test_a_frame_in_many_messages_is_put_together() -> None:
    field = np.random.default_rng(1).standard_normal((256, 300))
    parts = list(split_parts("u", field))
    assert len(parts) == 3
    into = assembler()
    assert into.add(pb.Frame(step=7, parts=parts[:1])) is None
    assert into.add(pb.Frame(step=7, parts=parts[1:2])) is None
    frame = into.add(pb.Frame(step=7, time=3.5, parts=parts[2:], last=True))
    assert frame is not None
    assert (frame.step, frame.time, list(frame.fields)) == (7, 3.5, ["u"])
    np.testing.assert_array_equal(frame.fields["u"], field)


def test_frames_follow_one_another() -> None:
    into = assembler()
    for step in (0, 5):
        frame = into.add(message(step, np.full((2, 3), float(step)), np.zeros((2, 3))))
        assert frame is not None
        assert frame.fields["u"][0, 0] == step
        assert list(frame.fields) == ["u", "v"]


def test_quantised_fields_arrive_as_values() -> None:
    (part,) = split_parts("u", np.array([[0, 255]], np.uint8), scale=0.1, offset=-70.0)
    frame = assembler().add(pb.Frame(parts=[part], last=True))
    assert frame is not None
    np.testing.assert_allclose(frame.fields["u"], [[-70.0, -44.5]], rtol=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [
        (message(1, np.zeros((2, 2)), last=False), message(2, np.zeros((2, 2))), "before frame 1 was whole"),
        (message(1, np.zeros((2, 2)), last=False), message(1, np.zeros((2, 2))), "holds 'u' twice"),
        (pb.Frame(), message(0, np.zeros(4)), "1 axes, not 2"),
        (pb.Frame(), pb.Frame(last=True), "ended before"),
        (pb.Frame(), message(0, np.zeros((300, 300))), "are accepted here"),
    ],
)
def test_what_does_not_fit_together_is_corruption(first: pb.Frame, second: pb.Frame, word: str) -> None:
    into = assembler()
    assert into.add(first) is None
    with pytest.raises(StreamCorrupted, match=word):
        into.add(second)


def test_a_frame_that_ends_inside_an_array_is_corruption() -> None:
    first = next(split_parts("u", np.zeros((256, 300))))
    with pytest.raises(StreamCorrupted, match="ended before its arrays were whole"):
        assembler().add(pb.Frame(step=3, parts=[first], last=True))


def test_a_flipped_bit_is_noticed() -> None:
    (part,) = split_parts("u", np.zeros((2, 2)))
    part.data = part.data[:-1] + b"\x01"
    with pytest.raises(StreamCorrupted, match=r"Frame 4 arrived damaged: .*CRC-32C"):
        assembler().add(pb.Frame(step=4, parts=[part], last=True))

"""Frames: when they are due, what they hold, and how they are cut into messages."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.arrays import PART_BYTES, AssembledArray, PartAssembler
from mfn_grpc.core.limits import Faults, InvalidInput
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.reaction_diffusion import GrayScott, Mycelium, SimulationSpec
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import types_pb2 as types
from mfn_grpc.wire import Buffer
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES
from mfn_server.simulation.frames import FrameForm, decode_form, frame_message, frame_steps, make_frame

MIB = 1024 * 1024
SPEC = SimulationSpec(GrayScott(), shape=(12, 20))
BOTH = ((0, "u"), (1, "v"))


def form_of(spec: SimulationSpec = SPEC, **options: Any) -> FrameForm:
    faults = Faults()
    form = decode_form(pb.FrameOptions(**options), spec, faults)
    faults.refuse()
    return form


def faults_of(**options: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        form_of(**options)
    return {violation.field: violation.description for violation in caught.value.violations}


def noise(*shape: int, dtype: Any = np.float64) -> Any:
    return np.random.default_rng(5).standard_normal(shape).astype(dtype)


def sealed(parts: list[Buffer], *, last: bool) -> bytes:
    """A message of step 7, numbered 5, that ends a frame with a token."""
    tail = pb.Frame(last=True, resume_token=b"token") if last else pb.Frame()
    return frame_message(5, pb.Frame(step=7, time=3.5), parts, tail)


def encoded(form: FrameForm, state: Any) -> list[bytes]:
    return finish(make_frame(form, state, sealed))


def messages_of(form: FrameForm, state: Any) -> list[pb.Frame]:
    return [pb.SimulateResponse.FromString(raw).frame for raw in encoded(form, state)]


def decoded(raws: list[bytes]) -> list[AssembledArray]:
    return whole([pb.SimulateResponse.FromString(raw).frame for raw in raws])


def framed(form: FrameForm, state: Any) -> list[AssembledArray]:
    return decoded(encoded(form, state))


def whole(messages: list[pb.Frame]) -> list[AssembledArray]:
    assembler = PartAssembler(1 << 30)
    found = [assembler.add(part) for message in messages for part in message.parts]
    assert assembler.idle
    return [array for array in found if array is not None]


class TestWhenTheyAreDue:
    def test_the_first_every_stride_th_and_the_last(self) -> None:
        assert list(frame_steps(0, 10, 4, None)) == [0, 4, 8, 10]
        assert list(frame_steps(0, 8, 4, None)) == [0, 4, 8]
        assert list(frame_steps(100, 107, 3, None)) == [100, 103, 106, 107]
        assert list(frame_steps(0, 1, 1, None)) == [0, 1]

    @given(st.integers(0, 50), st.integers(1, 60), st.integers(1, 60), st.data())
    def test_after_any_of_them_exactly_the_later_ones_follow(
        self, first: int, steps: int, stride: int, data: st.DataObject
    ) -> None:
        stride = min(stride, steps)
        all_of_them = [step for step in range(first, first + steps + 1) if (step - first) % stride == 0]
        all_of_them = sorted({*all_of_them, first + steps})
        assert list(frame_steps(first, first + steps, stride, None)) == all_of_them
        after = data.draw(st.sampled_from(all_of_them))
        assert list(frame_steps(first, first + steps, stride, after)) == [s for s in all_of_them if s > after]

    @given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 60))
    def test_resuming_with_another_stride_repeats_nothing(self, steps: int, stride: int, after: int) -> None:
        later = list(frame_steps(0, steps, stride, min(after, steps)))
        assert all(step > min(after, steps) for step in later)
        assert later == sorted(set(later))
        assert (later[-1:] == [steps]) == (after < steps)


class TestWhatTheyHold:
    def test_everything_unreduced_in_the_precision_of_the_run_unless_asked(self) -> None:
        assert form_of() == FrameForm(BOTH, np.dtype(np.float64), 1)

    def test_the_chosen_species_in_the_order_asked_for(self) -> None:
        assert form_of(species=["v", "u"]).species == ((1, "v"), (0, "u"))
        state = noise(2, 12, 20)
        frame = framed(form_of(species=["v"]), state)
        assert [array.name for array in frame] == ["v"]
        assert np.array_equal(frame[0].elements, state[1])

    def test_a_frame_does_not_change_when_the_simulation_goes_on(self) -> None:
        state = noise(2, 12, 20)
        before = state.copy()
        raws = encoded(form_of(), state)
        state[...] = 0
        frame = decoded(raws)
        assert all(np.array_equal(array.elements, field) for array, field in zip(frame, before, strict=True))

    def test_every_fault_of_the_options_is_named(self) -> None:
        found = faults_of(species=["w", "w"], element_type=types.ELEMENT_TYPE_INT64, max_edge=3)
        assert set(found) == {
            "frame_options.species[0]",
            "frame_options.species[1]",
            "frame_options.element_type",
            "frame_options.max_edge",
        }

    def test_a_species_asked_for_twice_is_refused(self) -> None:
        assert set(faults_of(species=["v", "v"])) == {"frame_options.species[1]"}

    def test_more_species_than_the_model_has_are_one_fault_that_counts_them(self) -> None:
        found = faults_of(species=["u"] * 1_000_000)
        assert set(found) == {"frame_options.species"}
        assert "has 1000000 entries, must have at most 2" in found["frame_options.species"]

    @pytest.mark.parametrize("edge", [0, -1, 3, 4097, 2**62])
    def test_an_edge_out_of_range_is_refused(self, edge: int) -> None:
        assert "4 to 4096" in faults_of(max_edge=edge)["frame_options.max_edge"]

    @pytest.mark.parametrize("number", [4, 5, 6, 9, 77])
    def test_an_element_type_that_is_not_offered_is_refused(self, number: int) -> None:
        assert "ELEMENT_TYPE_FLOAT64" in faults_of(element_type=number)["frame_options.element_type"]


def averaged(field: Any, block: int) -> list[list[float]]:
    """Means over square blocks, by a plain loop."""
    rows, cols = field.shape
    return [
        [
            float(
                np.mean([field[i, j] for i in range(a, min(a + block, rows)) for j in range(b, min(b + block, cols))])
            )
            for b in range(0, cols, block)
        ]
        for a in range(0, rows, block)
    ]


class TestReduction:
    @pytest.mark.parametrize(
        ("shape", "max_edge", "block"),
        [((12, 20), 20, 1), ((12, 20), 10, 2), ((13, 21), 5, 5), ((4, 50), 7, 8), ((64, 64), 4, 16)],
    )
    def test_blocks_are_as_small_as_the_edge_allows_and_averaged(
        self, shape: tuple[int, int], max_edge: int, block: int
    ) -> None:
        spec = SimulationSpec(GrayScott(), shape=shape)
        form = form_of(spec, max_edge=max_edge)
        state = noise(2, *shape)
        frame = framed(form, state)
        assert form.block == block
        assert max(frame[0].elements.shape) <= max_edge
        for array, field in zip(frame, state, strict=True):
            # A mean of up to 256 values in another order: a few roundings of 2^-53 each.
            assert np.allclose(array.elements, averaged(field, block), rtol=0, atol=1e-14)
        assert sum(array.elements.nbytes for array in frame) == form.nbytes(spec)

    @pytest.mark.parametrize("dtype", ["f8", "f4", "u1", "i1"])
    @pytest.mark.parametrize("block", [1, 3])
    def test_bands_of_rows_give_the_same_frame_in_pieces(
        self, dtype: str, block: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        form, state = FrameForm(BOTH, np.dtype(dtype), block), noise(2, 31, 20)
        expected = framed(form, state)
        monkeypatch.setattr("mfn_server.simulation.frames.BAND_CELLS", 61)
        monkeypatch.setattr("mfn_server.simulation.frames.PART_BYTES", 77)
        for found, whole_one in zip(framed(form, state), expected, strict=True):
            assert (found.name, found.scale, found.offset) == (whole_one.name, whole_one.scale, whole_one.offset)
            assert found.elements.dtype == whole_one.elements.dtype
            assert np.array_equal(found.elements, whole_one.elements)
        cells = form.nbytes(SimulationSpec(GrayScott(), shape=(31, 20))) // form.dtype.itemsize
        assert sum(1 for _ in make_frame(form, state, sealed)) >= cells // 61

    def test_the_mean_of_an_offset_float32_field_keeps_its_digits(self) -> None:
        spec = SimulationSpec(Mycelium(), shape=(64, 64))
        state = (noise(3, 64, 64) * 1e-3 - 70).astype(np.float32)
        frame = framed(FrameForm(((0, "potential_mv"),), np.dtype(np.float32), form_of(spec, max_edge=4).block), state)
        expected = averaged(state[0].astype(np.float64), 16)
        assert np.allclose(frame[0].elements, expected, rtol=0, atol=1e-4)  # float32 sums of 256 values near 70


class TestElementTypes:
    @pytest.mark.parametrize("dtype", ["<f8", "<f4", "<f2"])
    def test_reals_are_rounded_to_the_type(self, dtype: str) -> None:
        state = noise(2, 12, 20)
        frame = framed(FrameForm(BOTH, np.dtype(dtype), 1), state)
        for array, field in zip(frame, state, strict=True):
            assert array.elements.dtype == np.dtype(dtype)
            assert array.elements.tobytes() == field.astype(dtype).tobytes()
            assert (array.scale, array.offset) == (None, None)

    @given(
        st.sampled_from(["u1", "i1"]),
        st.floats(-1e6, 1e6),
        st.floats(1e-6, 1e6),
        st.integers(0, 2**32 - 1),
    )
    def test_quantised_values_are_within_half_a_step(self, dtype: str, centre: float, spread: float, seed: int) -> None:
        field = centre + spread * np.random.default_rng(seed).standard_normal((9, 7))
        (array,) = framed(FrameForm(((0, "u"),), np.dtype(dtype), 1), field[None])
        assert array.scale is not None
        assert array.offset is not None
        error = np.abs(array.elements.astype(np.float64) * array.scale + array.offset - field)
        # Beside the half step: the rounding of the arithmetic on numbers of this size.
        assert error.max() <= array.scale / 2 + 4 * np.spacing(np.abs(field).max())
        assert array.elements.dtype == np.dtype(dtype)
        info = np.iinfo(dtype)
        assert (array.elements.min(), array.elements.max()) == (info.min, info.max)

    @pytest.mark.parametrize("dtype", ["u1", "i1"])
    def test_a_constant_field_is_quantised_without_loss(self, dtype: str) -> None:
        (array,) = framed(FrameForm(((0, "u"),), np.dtype(dtype), 1), np.full((1, 5, 5), -70.25))
        assert array.scale is not None
        assert array.offset is not None
        assert np.all(array.elements.astype(np.float64) * array.scale + array.offset == -70.25)


class TestMessages:
    def test_messages_hold_about_a_mebibyte_in_parts_of_at_most_256_kibibytes(self) -> None:
        messages = messages_of(FrameForm(BOTH, np.dtype(np.float64), 1), noise(2, 520, 700))
        sizes = [sum(len(part.data) for part in message.parts) for message in messages]
        assert sum(sizes) == 2 * 520 * 700 * 8
        assert all(len(part.data) <= PART_BYTES for message in messages for part in message.parts)
        assert all(size <= MIB for size in sizes)
        assert all(a + b > MIB for a, b in pairwise(sizes))  # no message that its neighbour had room for
        assert all(message.ByteSize() < MAX_MESSAGE_BYTES for message in messages)

    def test_all_messages_carry_the_step_and_the_last_alone_ends_the_frame(self) -> None:
        messages = messages_of(FrameForm(BOTH, np.dtype(np.float64), 1), noise(2, 300, 300))
        assert len(messages) == 2
        assert {(message.step, message.time) for message in messages} == {(7, 3.5)}
        assert [message.last for message in messages] == [False, True]

    def test_a_small_frame_is_one_message(self) -> None:
        (message,) = messages_of(form_of(), noise(2, 12, 20))
        assert message.last
        assert [part.header.name for part in message.parts] == ["u", "v"]

    def test_put_together_again_the_parts_are_the_state_bit_for_bit(self) -> None:
        state = noise(2, 300, 411)
        arrays = framed(FrameForm(BOTH, np.dtype(np.float64), 1), state)
        assert [array.name for array in arrays] == ["u", "v"]
        assert np.stack([array.elements for array in arrays]).tobytes() == state.tobytes()

    def test_quantised_frames_carry_scale_and_offset(self) -> None:
        state = noise(2, 12, 20)
        for field, array in zip(state, framed(FrameForm(BOTH, np.dtype("u1"), 1), state), strict=True):
            assert array.scale == (field.max() - field.min()) / 255
            assert array.offset == field.min()
            assert array.element_type == types.ELEMENT_TYPE_UINT8

    @pytest.mark.parametrize("dtype", ["<f8", "<f4", "<f2", "u1", "i1"])
    @pytest.mark.parametrize("shape", [(4, 4), (12, 20), (257, 411), (1000, 1000)])
    def test_their_bytes_are_those_of_the_generated_class(self, dtype: str, shape: tuple[int, int]) -> None:
        raws = encoded(FrameForm(BOTH, np.dtype(dtype), 1), noise(2, *shape))
        for raw in raws:
            message = pb.SimulateResponse.FromString(raw)
            assert message.sequence == 5
            assert message.SerializeToString() == raw

    def test_features_follow_the_token(self) -> None:
        tail = pb.Frame(last=True, resume_token=b"token", features=types.Features(d_box=1.5))
        whole_one = pb.SimulateResponse(sequence=2**40, frame=pb.Frame(step=3, time=0.5))
        whole_one.frame.MergeFrom(tail)
        assert frame_message(2**40, pb.Frame(step=3, time=0.5), [], tail) == whole_one.SerializeToString()

    def test_a_damaged_part_does_not_pass_its_checksum(self) -> None:
        (message,) = messages_of(form_of(), noise(2, 12, 20))
        part = message.parts[0]
        part.data = part.data[:-1] + bytes([part.data[-1] ^ 1])
        with pytest.raises(ValueError, match="CRC-32C"):
            whole([message])

    def test_checksums_are_castagnolis(self) -> None:
        (message,) = messages_of(FrameForm(((0, "u"),), np.dtype("u1"), 1), np.zeros((1, 4, 8)))
        assert message.parts[0].crc32c == 0x8A9136AA  # of 32 zero bytes: RFC 3720, appendix B.4

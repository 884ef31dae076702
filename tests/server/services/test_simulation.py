"""What a simulation's stream says, and that it says the same as one answer and as the core alone."""

from itertools import pairwise
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import from_array, to_array
from mfn_grpc.core.reaction_diffusion import MODELS, NUMERICS_VERSION
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import types_pb2
from mfn_server.simulation.specs import encode_spec
from tests.server.calling import Wire
from tests.server.specs import decoded, frames, hashed, same_bits, spec, states

PRECISIONS = [pb.PRECISION_FLOAT64, pb.PRECISION_FLOAT32]


def streamed(wire: Wire, message: pb.SimulationSpec, stride: int | None = 1, **options: Any) -> list[Any]:
    return list(wire.stream("Simulate", pb.SimulateRequest(spec=message, frame_stride=stride, **options)))


def run(wire: Wire, message: pb.SimulationSpec, **options: Any) -> Any:
    return wire.answer("RunSimulation", pb.RunSimulationRequest(spec=message, with_final_state=True, **options))


@pytest.mark.parametrize("precision", PRECISIONS, ids=pb.Precision.Name)
@pytest.mark.parametrize("name", MODELS)
def test_streamed_and_unary_states_are_those_of_the_core_bit_for_bit(wire: Wire, name: str, precision: Any) -> None:
    message = spec(name, steps=20, shape=(12, 17), precision=precision)
    expected = states(message)
    assert same_bits(frames(streamed(wire, message)), expected)
    final = from_array(run(wire, message).final_state)
    assert final.dtype == expected[20].dtype
    assert final.shape == expected[20].shape
    assert final.tobytes() == expected[20].tobytes()
    assert expected[20].tobytes() != expected[0].tobytes()


def test_the_stream_is_a_start_frames_and_a_summary_in_one_count(wire: Wire) -> None:
    answers = streamed(wire, spec(steps=7), stride=3)
    assert [answer.WhichOneof("event") for answer in answers] == ["started", *["frame"] * 4, "summary"]
    assert [answer.sequence for answer in answers] == list(range(6))
    assert [answer.frame.step for answer in answers[1:-1]] == [0, 3, 6, 7]
    assert [answer.frame.time for answer in answers[1:-1]] == [0.0, 3.0, 6.0, 7.0]


def test_without_a_stride_the_first_and_the_last_state_are_sent(wire: Wire) -> None:
    assert sorted(frames(streamed(wire, spec(steps=9), stride=None))) == [0, 9]


def test_time_is_counted_in_the_models_unit(wire: Wire) -> None:
    answers = streamed(wire, spec("schnakenberg", steps=4, dt=0.01), stride=2)
    assert [answer.frame.time for answer in answers[1:-1]] == pytest.approx([0.0, 0.02, 0.04])


def test_the_start_says_how_the_spec_was_understood(wire: Wire) -> None:
    message = spec("mycelium", steps=5)
    started = streamed(wire, message, stride=None)[0].started
    understood = decoded(message)
    assert started.spec == encode_spec(understood)
    assert started.spec_hash == hashed(understood)
    assert started.numerics_version == NUMERICS_VERSION
    assert started.stability.dt_is_stable
    assert started.frame_stride == 5
    assert not started.HasField("resumed_from_step")


def test_only_the_last_part_of_a_frame_carries_a_token_and_messages_stay_small(wire: Wire) -> None:
    answers = streamed(wire, spec(steps=1, shape=(400, 400)))
    of_frames = [answer.frame for answer in answers[1:-1]]
    assert [frame.step for frame in of_frames] == [0, 0, 0, 1, 1, 1]
    assert [frame.last for frame in of_frames] == [False, False, True] * 2
    assert [bool(frame.resume_token) for frame in of_frames] == [frame.last for frame in of_frames]
    assert all(answer.ByteSize() < 1.2 * 1024 * 1024 for answer in answers)
    assert same_bits(frames(answers), states(spec(steps=1, shape=(400, 400))))


def test_the_summary_describes_the_last_state(wire: Wire) -> None:
    message = spec("mycelium", steps=40)
    answers = streamed(wire, message, stride=None)
    summary, last = answers[-1].summary, frames(answers)[40]
    assert (summary.stop_reason, summary.steps_done) == (pb.STOP_REASON_COMPLETED, 40)
    assert summary.resume_token == b""
    assert [species.name for species in summary.species] == ["potential_mv", "activator", "inhibitor"]
    for species, field in zip(summary.species, last, strict=True):
        assert (species.min, species.max) == (field.min(), field.max())
        assert species.mean == pytest.approx(field.mean(), rel=1e-13)
    assert summary.mycelium.pot_max_mv == last[0].max()
    assert summary.compute_seconds > 0


def test_frames_take_the_form_that_was_asked_for(wire: Wire) -> None:
    options = pb.FrameOptions(species=["v"], element_type=types_pb2.ELEMENT_TYPE_UINT8, max_edge=8)
    answers = streamed(wire, spec(shape=(16, 12)), stride=None, frame_options=options)
    for answer in answers[1:-1]:
        (part,) = answer.frame.parts
        assert (part.header.name, list(part.header.shape)) == ("v", [8, 6])
        assert part.header.element_type == types_pb2.ELEMENT_TYPE_UINT8
        assert part.header.HasField("scale")
        assert part.header.HasField("offset")


@pytest.mark.parametrize("name", ["gray_scott", "mycelium"])
def test_n_steps_and_then_m_from_the_state_reached_equal_n_plus_m(wire: Wire, name: str) -> None:
    whole = run(wire, spec(name, steps=30))
    first = run(wire, spec(name, steps=11))
    second = run(wire, spec(name, steps=19, initial_array=first.final_state, initial_step=11))
    assert second.final_state == whole.final_state
    assert second.summary.steps_done == 19


def test_the_stride_does_not_change_a_bit(wire: Wire) -> None:
    by_stride = [frames(streamed(wire, spec("mycelium", steps=24), stride=stride)) for stride in (1, 5, 24)]
    for one, other in pairwise(by_stride):
        shared = set(one) & set(other)
        assert {0, 24} <= shared
        assert same_bits({step: one[step] for step in shared}, {step: other[step] for step in shared})


@pytest.mark.parametrize("at", [0, 2, 4, 6, 7])
def test_after_any_frame_a_stream_resumes_with_the_same_bits_and_goes_on_counting(wire: Wire, at: int) -> None:
    message = spec(steps=7)
    answers = streamed(wire, message, stride=2)
    cut = next(i for i, answer in enumerate(answers) if answer.frame.last and answer.frame.step == at)
    resumed = streamed(wire, message, stride=2, resume_token=answers[cut].frame.resume_token)
    assert resumed[0].started.resumed_from_step == at
    assert [answer.sequence for answer in resumed] == [answer.sequence for answer in answers[cut:]]
    assert same_bits(frames(answers[: cut + 1]) | frames(resumed), frames(answers))
    assert not set(frames(resumed)) & set(frames(answers[: cut + 1]))


def test_resumed_behind_its_last_frame_a_stream_still_sums_up_the_whole_run(wire: Wire) -> None:
    message = spec("mycelium", steps=25)
    answers = streamed(wire, message, stride=None)
    start, end = streamed(wire, message, stride=None, resume_token=answers[-2].frame.resume_token)
    assert start.started.resumed_from_step == 25
    expected = answers[-1].summary
    assert (end.summary.stop_reason, end.summary.steps_done) == (pb.STOP_REASON_COMPLETED, 25)
    assert list(end.summary.species) == list(expected.species)
    assert end.summary.mycelium == expected.mycelium


def test_a_frames_token_continues_a_unary_run_too(wire: Wire) -> None:
    message = spec(steps=9)
    token = streamed(wire, message, stride=4)[2].frame.resume_token
    assert run(wire, message, resume_token=token).final_state == run(wire, message).final_state


def test_a_unary_answer_leaves_the_final_state_out_unless_asked(wire: Wire) -> None:
    answer = wire.answer("RunSimulation", pb.RunSimulationRequest(spec=spec()))
    assert not answer.HasField("final_state")
    assert answer.summary.steps_done == 6
    assert answer.started.spec == encode_spec(decoded(spec()))


def test_a_final_state_that_would_not_fit_is_refused_with_the_streaming_calls_name(wire: Wire) -> None:
    request = pb.RunSimulationRequest(spec=spec(shape=(512, 512), steps=100_000_000), with_final_state=True)
    refusal = wire.refusal("RunSimulation", request)  # ends at once: nothing is computed for it
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
    assert "Simulate" in refusal.message


def test_the_largest_final_state_that_fits_is_given(wire: Wire) -> None:
    found = from_array(run(wire, spec(shape=(512, 504), steps=1)).final_state)
    assert found.nbytes == 2 * 512 * 504 * 8


def test_equal_seeds_give_equal_runs_and_others_do_not(wire: Wire) -> None:
    one, same, other = (run(wire, spec(seed=seed)).final_state for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_initial_state_of_either_precision_is_the_first_frame(wire: Wire, dtype: Any) -> None:
    state = np.random.default_rng(3).uniform(0, 1, (2, 16, 16)).astype(dtype)
    found = frames(streamed(wire, spec(initial_array=to_array(state)), stride=None))
    assert found[0].tobytes() == state.astype(np.float64).tobytes()

"""Every bad input to a simulation is refused before anything is computed, with all its faults at once."""

import math
import re
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import to_array
from mfn_grpc.core.reaction_diffusion import MODELS
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import types_pb2
from mfn_server.simulation.tokens import Position, Tokens
from tests.server.calling import METHODS, Wire, path_of
from tests.server.conftest import Start
from tests.server.specs import EDGE, spec

INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
UNSTABLE = grpc.StatusCode.INVALID_ARGUMENT, "UNSTABLE_SPEC"
TOO_LARGE = grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE"
NAN, INF = math.nan, math.inf
MIB = 1024 * 1024
NO_FLUX, FIXED = pb.BOUNDARY_KIND_NO_FLUX, pb.BOUNDARY_KIND_FIXED


def gray_scott(**fields: Any) -> pb.SimulationSpec:
    return pb.SimulationSpec(**(dict[str, Any](steps=5, gray_scott=pb.GrayScottModel()) | fields))


def shape(*edges: int) -> pb.SimulationSpec:
    return gray_scott(grid=pb.Grid(shape=edges))


def starting(state: Any, **fields: Any) -> pb.SimulationSpec:
    return spec(initial_array=state if isinstance(state, types_pb2.Array) else to_array(state), **fields)


def boundary(*axes: pb.AxisBoundary) -> pb.SimulationSpec:
    return gray_scott(boundaries=axes)


def raw(element_type: int, edges: list[int], data: bytes) -> types_pb2.Array:
    return types_pb2.Array(element_type=element_type, shape=edges, data=data)  # type: ignore[arg-type]  # also unknown ones


GOOD_STATE = np.ones((2, EDGE, EDGE))
WITH_NAN = np.where(np.arange(GOOD_STATE.size).reshape(GOOD_STATE.shape) == 5, NAN, 1.0)

BAD_SPECS: dict[str, tuple[pb.SimulationSpec, set[str]]] = {
    "no model": (pb.SimulationSpec(steps=5), {"spec.model"}),
    "nothing at all": (pb.SimulationSpec(), {"spec.model"}),
    "a grid of 0": (shape(0, 0), {"spec.grid.shape[0]", "spec.grid.shape[1]"}),
    "a grid of 1": (shape(1, 1), {"spec.grid.shape[0]", "spec.grid.shape[1]"}),
    "a grid of a million": (shape(10**6, 10**6), {"spec.grid.shape[0]", "spec.grid.shape[1]"}),
    "a grid of more than memory can address": (shape(2**62, 16), {"spec.grid.shape[0]"}),
    "a negative grid": (shape(-16, 16), {"spec.grid.shape[0]"}),
    "one axis": (shape(64), {"spec.grid.shape"}),
    "three axes": (shape(16, 16, 16), {"spec.grid.shape"}),
    "a thousand axes": (shape(*[16] * 1000), {"spec.grid.shape"}),
    "no steps": (gray_scott(steps=0), {"spec.steps"}),
    "10^12 steps": (gray_scott(steps=10**12), {"spec.steps"}),
    "negative steps": (gray_scott(steps=-1), {"spec.steps"}),
    "a negative seed": (gray_scott(seed=-1), {"spec.seed"}),
    "no time step": (gray_scott(dt=0), {"spec.dt"}),
    "a negative time step": (gray_scott(dt=-1), {"spec.dt"}),
    "a NaN time step": (gray_scott(dt=NAN), {"spec.dt"}),
    "an infinite time step": (gray_scott(dt=INF), {"spec.dt"}),
    "no spacing": (gray_scott(grid=pb.Grid(spacing=[0, 1])), {"spec.grid.spacing[0]"}),
    "a NaN spacing": (gray_scott(grid=pb.Grid(spacing=[1, NAN])), {"spec.grid.spacing[1]"}),
    "an unknown precision": (gray_scott(precision=9), {"spec.precision"}),
    "an unknown stepper": (gray_scott(stepper=9), {"spec.stepper"}),
    "a NaN parameter": (gray_scott(gray_scott=pb.GrayScottModel(feed=NAN)), {"spec.gray_scott.feed"}),
    "alpha beyond stability": (
        pb.SimulationSpec(steps=5, mycelium=pb.MyceliumModel(alpha=0.26)),
        {"spec.mycelium.alpha"},
    ),
    "a mycelium with another time step": (
        pb.SimulationSpec(steps=5, dt=0.5, mycelium=pb.MyceliumModel()),
        {"spec.dt"},
    ),
    "a mycelium with another stepper": (
        pb.SimulationSpec(steps=5, stepper=pb.STEPPER_RK4, mycelium=pb.MyceliumModel()),
        {"spec.stepper"},
    ),
    "a mycelium with a spacing": (
        pb.SimulationSpec(steps=5, grid=pb.Grid(spacing=[2, 2]), mycelium=pb.MyceliumModel()),
        {"spec.grid.spacing"},
    ),
    "a probability of two": (
        pb.SimulationSpec(steps=5, mycelium=pb.MyceliumModel(spike_probability=2)),
        {"spec.mycelium.spike_probability"},
    ),
    "an unknown boundary": (
        boundary(pb.AxisBoundary(lower=pb.BoundaryCondition(kind=7))),  # type: ignore[arg-type]  # on purpose
        {"spec.boundaries[0].lower.kind"},
    ),
    "half a period": (
        boundary(pb.AxisBoundary(lower=pb.BoundaryCondition(kind=NO_FLUX), upper=pb.BoundaryCondition())),
        {"spec.boundaries[0]"},
    ),
    "too few fixed values": (
        boundary(pb.AxisBoundary(lower=pb.BoundaryCondition(kind=FIXED, values=[1.0]))),
        {"spec.boundaries[0].lower.values"},
    ),
    "a wrong-shaped initial state": (starting(np.ones((2, EDGE, EDGE + 1))), {"spec.initial_array.shape"}),
    "an initial state of another model": (starting(np.ones((3, EDGE, EDGE))), {"spec.initial_array.shape"}),
    "a flat initial state": (starting(np.ones(2 * EDGE * EDGE)), {"spec.initial_array.shape"}),
    "an empty initial state": (starting(np.ones(0)), {"spec.initial_array.shape"}),
    "an initial state of integers": (starting(GOOD_STATE.astype(np.int32)), {"spec.initial_array.element_type"}),
    "an initial state of half precision": (
        starting(GOOD_STATE.astype(np.float16)),
        {"spec.initial_array.element_type"},
    ),
    "an initial state with a NaN": (starting(WITH_NAN), {"spec.initial_array.data"}),
    "an initial state with an infinity": (starting(GOOD_STATE * INF), {"spec.initial_array.data"}),
    "an initial state too large for single precision": (
        starting(GOOD_STATE * 1e300, precision=pb.PRECISION_FLOAT32),
        {"spec.initial_array.data"},
    ),
    "a truncated initial state": (
        starting(raw(types_pb2.ELEMENT_TYPE_FLOAT64, [2, EDGE, EDGE], GOOD_STATE.tobytes()[:-1])),
        {"spec.initial_array.data"},
    ),
    "an initial state of no type": (
        starting(raw(0, [2, EDGE, EDGE], GOOD_STATE.tobytes())),
        {"spec.initial_array.element_type"},
    ),
    "an initial state of bfloat16": (
        starting(to_array(GOOD_STATE, types_pb2.ELEMENT_TYPE_BFLOAT16)),
        {"spec.initial_array.element_type"},
    ),
    "an initial state of an unknown type": (
        starting(raw(42, [2, EDGE, EDGE], GOOD_STATE.tobytes())),
        {"spec.initial_array.element_type"},
    ),
    "an initial state of negative length": (
        starting(raw(types_pb2.ELEMENT_TYPE_FLOAT64, [2, -EDGE, -EDGE], GOOD_STATE.tobytes())),
        {"spec.initial_array.shape[1]", "spec.initial_array.shape[2]"},
    ),
    "an initial step without an initial state": (gray_scott(initial_step=0), {"spec.initial_step"}),
    "a negative initial step": (starting(GOOD_STATE, initial_step=-1), {"spec.initial_step"}),
    "an initial step beyond 10^12": (starting(GOOD_STATE, initial_step=10**12 + 1), {"spec.initial_step"}),
}


REQUESTS: dict[str, Any] = {
    "Simulate": pb.SimulateRequest,
    "RunSimulation": pb.RunSimulationRequest,
    "AnalyzeStability": pb.AnalyzeStabilityRequest,
}


@pytest.mark.parametrize("method", REQUESTS)
@pytest.mark.parametrize("case", BAD_SPECS)
def test_a_bad_spec_is_refused_by_whatever_takes_one_with_the_field_and_what_to_do(
    wire: Wire, case: str, method: str
) -> None:
    bad, fields = BAD_SPECS[case]
    if method == "AnalyzeStability" and case == "no steps":
        assert wire.answer(method, REQUESTS[method](spec=bad)).stability.species  # an analysis needs no steps
        return
    refusal = wire.refusal(method, REQUESTS[method](spec=bad))
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == fields
    assert all(re.search(r"\bmust\b|needs", text) for text in refusal.violations.values())


@pytest.mark.parametrize("name", [name for name in MODELS if name != "mycelium"])
def test_a_time_step_beyond_stability_is_refused_with_the_largest_that_is_stable(wire: Wire, name: str) -> None:
    beyond = spec(name, dt=100.0, stepper=pb.STEPPER_EULER)
    refusal = wire.refusal("Simulate", pb.SimulateRequest(spec=beyond))
    assert (refusal.code, refusal.reason) == UNSTABLE
    assert set(refusal.violations) == {"spec.dt"}
    stable = float(refusal.violations["spec.dt"].split("at most ")[1].split()[0])
    beyond.dt = stable
    assert [answer.WhichOneof("event") for answer in wire.stream("Simulate", pb.SimulateRequest(spec=beyond))]
    beyond.dt = stable * 1.001
    assert wire.refusal("RunSimulation", pb.RunSimulationRequest(spec=beyond)).reason == "UNSTABLE_SPEC"


def test_diffusion_beyond_stability_on_a_fine_grid_is_refused(wire: Wire) -> None:
    fine = gray_scott(grid=pb.Grid(spacing=[0.1, 0.1]), stepper=pb.STEPPER_EULER)
    refusal = wire.refusal("Simulate", pb.SimulateRequest(spec=fine))
    assert (refusal.code, refusal.reason) == UNSTABLE
    found = float(refusal.violations["spec.dt"].split("at most ")[1].split()[0])
    bound = 0.25 * 0.1**2 / 0.16  # D dt / dx^2 <= 1/4 with the default D of u; the reaction takes a little off
    assert 0.999 * bound < found <= bound


def test_what_euler_cannot_step_is_stepped_by_another_when_the_caller_leaves_it_open_and_told_why(wire: Wire) -> None:
    fine = gray_scott(grid=pb.Grid(spacing=[0.1, 0.1]))
    started, *_ = wire.stream("Simulate", pb.SimulateRequest(spec=fine))
    assert started.started.spec.stepper == pb.STEPPER_SEMI_IMPLICIT
    assert started.started.stepper_reason.startswith("SEMI_IMPLICIT")
    assert started.started.stability.dt_is_stable
    fine.stepper = pb.STEPPER_SEMI_IMPLICIT
    named, *_ = wire.stream("Simulate", pb.SimulateRequest(spec=fine))
    assert named.started.stepper_reason == ""
    assert named.started.spec_hash == started.started.spec_hash


def test_what_no_stepper_can_step_is_refused_with_every_limit(wire: Wire) -> None:
    refusal = wire.refusal("Simulate", pb.SimulateRequest(spec=gray_scott(dt=1000.0)))
    assert (refusal.code, refusal.reason) == UNSTABLE
    for stepper in ("EULER", "RK4", "SEMI_IMPLICIT"):
        assert stepper in refusal.violations["spec.dt"]


def test_analysis_takes_an_unstable_time_step_and_says_so(wire: Wire) -> None:
    answer = wire.answer("AnalyzeStability", pb.AnalyzeStabilityRequest(spec=gray_scott(dt=100.0)))
    assert not answer.stability.dt_is_stable


def test_instability_beside_another_fault_is_one_of_several(wire: Wire) -> None:
    refusal = wire.refusal("Simulate", pb.SimulateRequest(spec=gray_scott(dt=100.0, steps=0)))
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == {"spec.dt", "spec.steps"}


BAD_OPTIONS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a stride of 0": ({"frame_stride": 0}, {"frame_stride"}),
    "a stride beyond the steps": ({"frame_stride": 6}, {"frame_stride"}),
    "a negative stride": ({"frame_stride": -1}, {"frame_stride"}),
    "an unknown species": ({"frame_options": pb.FrameOptions(species=["w"])}, {"frame_options.species[0]"}),
    "a species twice": ({"frame_options": pb.FrameOptions(species=["u", "u"])}, {"frame_options.species[1]"}),
    "frames of integers": (
        {"frame_options": pb.FrameOptions(element_type=types_pb2.ELEMENT_TYPE_INT64)},
        {"frame_options.element_type"},
    ),
    "an unknown element type": ({"frame_options": pb.FrameOptions(element_type=88)}, {"frame_options.element_type"}),  # type: ignore[arg-type]  # on purpose
    "an edge of 0": ({"frame_options": pb.FrameOptions(max_edge=0)}, {"frame_options.max_edge"}),
    "options of features that were not asked for": (
        {"feature_options": types_pb2.FeatureOptions(species="u")},
        {"feature_options"},
    ),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_a_bad_option_of_a_stream_is_refused(wire: Wire, case: str) -> None:
    options, fields = BAD_OPTIONS[case]
    refusal = wire.refusal("Simulate", pb.SimulateRequest(spec=gray_scott(), **options))
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == fields


def test_all_faults_of_one_request_are_reported_at_once(wire: Wire) -> None:
    bad = gray_scott(gray_scott=pb.GrayScottModel(feed=-1, kill=INF), steps=10**12, seed=-5, dt=NAN, initial_step=3)
    bad.grid.shape.extend([2, 10**6])
    bad.boundaries.extend([pb.AxisBoundary()] * 3)
    request = pb.SimulateRequest(spec=bad, frame_stride=-1, frame_options=pb.FrameOptions(species=["w"], max_edge=1))
    refusal = wire.refusal("Simulate", request)
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == {
        "spec.gray_scott.feed",
        "spec.gray_scott.kill",
        "spec.steps",
        "spec.seed",
        "spec.dt",
        "spec.initial_step",
        "spec.grid.shape[0]",
        "spec.grid.shape[1]",
        "spec.boundaries",
        "frame_stride",
        "frame_options.species[0]",
        "frame_options.max_edge",
    }


class TestMessages:
    @pytest.mark.parametrize("method", sorted(set(METHODS)))
    @pytest.mark.parametrize("raw", [b"\xff\xff\xff", b"\x0a\x7fshort"], ids=["no tag", "cut short"])
    def test_bytes_that_are_no_protobuf_are_refused_by_every_method(self, wire: Wire, method: str, raw: bytes) -> None:
        refusal = wire.refusal(method, raw)
        if refusal.reason != "NOT_IMPLEMENTED":
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
            assert METHODS[method].input_type.full_name in refusal.message

    @pytest.mark.parametrize("method", [name for name, method in METHODS.items() if not method.client_streaming])
    def test_a_call_closed_without_a_message_is_refused_and_not_left_hanging(self, wire: Wire, method: str) -> None:
        refusal = wire.refusal(method)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "MISSING_REQUEST")
        assert METHODS[method].input_type.full_name in refusal.message

    @pytest.mark.parametrize("method", ["ComputeNernst", "Simulate", "RunSimulation", "ListModels"])
    def test_a_message_above_4_mib_is_refused_with_a_reason(self, wire: Wire, method: str) -> None:
        refusal = wire.refusal(method, b"\x0a" + bytes(4 * MIB))
        assert (refusal.code, refusal.reason) == TOO_LARGE

    def test_a_message_above_8_mib_is_refused_by_the_transport(self, wire: Wire) -> None:
        refusal = wire.refusal("Simulate", bytes(8 * MIB + 1))
        assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refusal.reason == ""

    def test_the_connection_survives_both(self, wire: Wire) -> None:
        wire.refusal("Simulate", bytes(8 * MIB + 1))
        wire.refusal("Simulate", bytes(4 * MIB + 1))
        assert wire.answer("ListModels", pb.ListModelsRequest()).models

    def test_an_initial_state_that_just_fits_a_message_is_taken(self, wire: Wire) -> None:
        state = to_array(np.ones((2, 512, 500)))
        big = spec(shape=(512, 500), steps=1, initial_array=state)
        assert 4 * MIB - 120_000 < big.ByteSize() < 4 * MIB
        *_, last = wire.stream("Simulate", pb.SimulateRequest(spec=big))
        assert last.summary.stop_reason == pb.STOP_REASON_COMPLETED

    def test_a_second_message_of_a_unary_call_is_not_computed_twice(self, wire: Wire) -> None:
        raw_request = pb.ListModelsRequest().SerializeToString()
        answers = list(wire.open(path_of(METHODS["ListModels"]), [raw_request, raw_request]))
        assert len(answers) == 1


class TestResumeTokens:
    def token(self, wire: Wire, message: pb.SimulationSpec) -> bytes:
        answers = list(wire.stream("Simulate", pb.SimulateRequest(spec=message, frame_stride=2)))
        token: bytes = answers[1].frame.resume_token
        assert token
        return token

    def refusal(self, wire: Wire, message: pb.SimulationSpec, token: bytes) -> Any:
        streamed = wire.refusal("Simulate", pb.SimulateRequest(spec=message, resume_token=token))
        unary = wire.refusal("RunSimulation", pb.RunSimulationRequest(spec=message, resume_token=token))
        assert (unary.code, unary.reason) == (streamed.code, streamed.reason)
        return streamed

    def test_a_corrupted_token_is_invalid(self, wire: Wire) -> None:
        token = bytearray(self.token(wire, spec()))
        token[10] ^= 1
        refusal = self.refusal(wire, spec(), bytes(token))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "RESUME_TOKEN_INVALID")

    @pytest.mark.parametrize("token", [b"x", b"\0" * 1000, b"x" * MIB])
    def test_bytes_that_never_were_a_token_are_invalid(self, wire: Wire, token: bytes) -> None:
        refusal = self.refusal(wire, spec(), token)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "RESUME_TOKEN_INVALID")

    def test_a_token_of_another_spec_is_foreign(self, wire: Wire) -> None:
        refusal = self.refusal(wire, spec(seed=None), self.token(wire, spec(dt=0.5)))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "RESUME_TOKEN_FOREIGN")

    async def test_a_token_of_another_caller_is_foreign_and_one_of_other_numerics_is_stale(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = await start(resume_token_key="r" * 32)
        tokens = Tokens(b"r" * 32)
        request = pb.SimulateRequest(spec=spec())
        started = await server.simulation.Simulate(request).read()
        position = Position(0, 1, bytes(16))
        spec_hash = started.started.spec_hash

        async def refused(token: bytes) -> Any:
            request.resume_token = token
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await server.simulation.Simulate(request).read()
            return caught.value

        error = await refused(tokens.issue(position, spec_hash, "key:somebody"))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert "another caller" in error.details()
        with monkeypatch.context() as patched:
            patched.setattr("mfn_server.simulation.tokens.NUMERICS_VERSION", "older")
            token = tokens.issue(position, spec_hash, "anonymous")
        error = await refused(token)
        assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert "numerics older" in error.details()

"""Messages as plain values and as result dataclasses."""

import json
import math

import pytest

from mfn_client import Model, SteadyState, Summary
from mfn_client._decoding import as_plain, decoded
from mfn_client._messages import enum_name, enum_names, json_ready, plain
from mfn_client._results import Started
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.types_pb2 import Array, ElementType


def test_enums_have_short_names() -> None:
    known = enum_names(pb.Precision.DESCRIPTOR)
    assert known == {"float64": 1, "float32": 2}
    assert enum_name(pb.BoundaryKind.DESCRIPTOR, 2) == "no_flux"
    assert enum_name(pb.BoundaryKind.DESCRIPTOR, 0) == "unspecified"
    assert enum_name(pb.BoundaryKind.DESCRIPTOR, 77) == "77"


def test_a_message_becomes_plain_values_with_numbers_as_numbers() -> None:
    array = Array(element_type=ElementType.ELEMENT_TYPE_INT8, shape=[2], data=b"\x01\x02")
    spec = pb.SimulationSpec(gray_scott=pb.GrayScottModel(feed=0.5), steps=2**40, initial_array=array)
    found = plain(spec)
    assert found["steps"] == 2**40
    assert found["seed"] == 0
    assert found["gray_scott"] == {"feed": 0.5}
    assert found["initial_array"] == {"element_type": "int8", "shape": [2], "data": "0102"}
    assert not {"mycelium", "dt", "grid", "initial_step"} & set(found)


def test_json_never_holds_nan() -> None:
    value = {"a": [1.0, math.nan], "b": (math.inf, "x"), "c": b"\x01", "d": None}
    assert json.loads(json.dumps(json_ready(value), allow_nan=False)) == {
        "a": [1.0, None], "b": [None, "x"], "c": "01", "d": None,
    }  # fmt: skip


def test_absent_fields_become_none_and_present_zeros_stay() -> None:
    state = decoded(SteadyState, pb.SteadyState(values=[1.0, 0.9], critical_ratio=0.0))
    assert state.values == (1.0, 0.9)
    assert (state.critical_ratio, state.critical_wavelength, state.grid) == (0.0, None, None)


def test_nested_messages_become_nested_dataclasses() -> None:
    message = pb.Model(name="m", species=[pb.Species(name="u", unit="1")])
    message.parameters.add(name="a", min=0, max=2, is_switch=True)
    model = decoded(Model, message)
    assert model.species[0].unit == "1"
    assert model.parameters[0].is_switch
    assert as_plain(model)["parameters"][0]["max"] == 2.0


def test_a_summary_keeps_its_token_as_bytes_and_its_reason_as_a_word() -> None:
    summary = decoded(Summary, pb.Summary(stop_reason=pb.STOP_REASON_DRAINING, resume_token=b"\x00t"))
    assert (summary.stop_reason, summary.resume_token, summary.mycelium) == ("draining", b"\x00t", None)


def started(steps: int, initial_step: int = 0, stride: int = 4) -> Started:
    message = pb.Started(frame_stride=stride)
    spec = pb.SimulationSpec(brusselator=pb.BrusselatorModel(), steps=steps, initial_step=initial_step)
    message.spec.CopyFrom(spec)
    message.spec.grid.shape.extend([8, 16])
    message.spec.grid.spacing.extend([1.0, 2.0])
    return decoded(Started, message)


def test_what_was_started_tells_model_grid_and_steps() -> None:
    found = started(steps=10, initial_step=5)
    assert (found.model, found.shape, found.spacing) == ("brusselator", (8, 16), (1.0, 2.0))
    assert (found.first_step, found.last_step, found.fault()) == (5, 15, None)


@pytest.mark.parametrize(("step", "following"), [(None, 5), (5, 9), (9, 13), (13, 15), (15, None), (10, 13), (14, 15)])
def test_frames_come_at_every_stride_and_at_the_end(step: int | None, following: int | None) -> None:
    assert started(steps=10, initial_step=5).frame_after(step) == following


def test_a_start_that_frames_cannot_be_read_by_is_named() -> None:
    assert started(steps=1, stride=0).fault() == "a frame stride below 1"
    assert decoded(Started, pb.Started(frame_stride=1)).fault() == "no grid of two axes"

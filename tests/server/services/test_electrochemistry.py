"""Membrane potentials over the wire: known answers, and every bad input refused with its field."""

import math
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_grpc.arrays import from_array, to_array
from mfn_grpc.core.electrochemistry import nernst_potential_mv
from mfn_grpc.v1 import electrochemistry_pb2 as pb
from mfn_grpc.v1 import types_pb2
from tests.server.calling import Wire

INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
CELSIUS_37_K = 310.15
SQUID_K = 291.65


def nernst(z: int = 1, out: float = 0.005, inside: float = 0.14, **fields: Any) -> pb.ComputeNernstRequest:
    return pb.ComputeNernstRequest(z_valence=z, concentration_out_molar=out, concentration_in_molar=inside, **fields)


def ion(z: int = 1, permeability: float = 1.0, out: float = 0.02, inside: float = 0.4, name: str = "") -> pb.Ion:
    return pb.Ion(
        z_valence=z, permeability=permeability, concentration_out_molar=out, concentration_in_molar=inside, name=name
    )


@pytest.mark.parametrize(
    ("z", "out", "inside", "kelvin", "millivolts"),
    [  # Hille 2001, to two decimals
        (1, 0.005, 0.140, CELSIUS_37_K, -89.06),
        (1, 0.145, 0.015, CELSIUS_37_K, 60.63),
        (2, 0.002, 1e-7, CELSIUS_37_K, 132.34),
        (-1, 0.110, 0.010, CELSIUS_37_K, -64.09),
        (1, 0.020, 0.400, SQUID_K, -75.29),
        (1, 0.440, 0.050, SQUID_K, 54.66),
    ],
)
def test_nernst_potentials_are_those_of_the_textbook(
    wire: Wire, z: int, out: float, inside: float, kelvin: float, millivolts: float
) -> None:
    answer = wire.answer("ComputeNernst", nernst(z, out, inside, temperature_k=kelvin))
    assert answer.potential_mv == pytest.approx(millivolts, abs=0.005)


def test_the_temperature_is_that_of_the_body_unless_stated(wire: Wire) -> None:
    assert wire.answer("ComputeNernst", nernst()) == wire.answer("ComputeNernst", nernst(temperature_k=CELSIUS_37_K))
    assert wire.answer("ComputeNernst", nernst()) != wire.answer("ComputeNernst", nernst(temperature_k=300))


def test_the_squids_resting_potential_is_that_of_hodgkin_and_katz(wire: Wire) -> None:
    ions = [ion(1, 1.0, 0.02, 0.4, "K"), ion(1, 0.04, 0.44, 0.05, "Na"), ion(-1, 0.45, 0.56, 0.052, "Cl")]
    answer = wire.answer("ComputeGoldman", pb.ComputeGoldmanRequest(ions=ions, temperature_k=SQUID_K))
    assert answer.potential_mv == pytest.approx(-59.62, abs=0.005)


def test_the_current_of_an_ion_vanishes_at_its_nernst_potential_and_flows_outward_above_it(wire: Wire) -> None:
    at_rest = wire.answer("ComputeNernst", nernst(1, 0.02, 0.4)).potential_mv
    currents = [
        wire.answer(
            "ComputeGoldmanCurrent",
            pb.ComputeGoldmanCurrentRequest(ion=ion(permeability=1e-8), membrane_potential_mv=at_rest + above),
        ).current_density_a_per_m2
        for above in (-1.0, 0.0, 1.0)
    ]
    assert currents[0] < 0 < currents[2]
    assert abs(currents[1]) < 1e-9 * currents[2]


def test_at_zero_millivolts_the_current_is_the_diffusion_alone(wire: Wire) -> None:
    request = pb.ComputeGoldmanCurrentRequest(ion=ion(2, 1e-8, 0.1, 0.3), membrane_potential_mv=0.0)
    found = wire.answer("ComputeGoldmanCurrent", request).current_density_a_per_m2
    assert found == pytest.approx(1e-8 * 2 * 96485.33212 * (300 - 100), rel=1e-9)  # P z F (c_in - c_out), mol/m^3


class TestBatch:
    def test_arrays_are_broadcast_together_and_agree_with_single_calls(self, wire: Wire) -> None:
        z, out = np.array([[1], [-2]]), np.array([0.005, 0.145, 2.0])
        request = pb.ComputeNernstBatchRequest(
            z_valence=to_array(z),
            concentration_out_molar=to_array(out),
            concentration_in_molar=to_array(np.array(0.1, np.float64)),
        )
        found = from_array(wire.answer("ComputeNernstBatch", request).potential_mv)
        assert found.shape == (2, 3)
        expected = [[nernst_potential_mv(int(row[0]), float(c), 0.1) for c in out] for row in z]
        assert np.allclose(found, expected, rtol=1e-14, atol=0)  # numpy's logarithm may differ in the last bit

    def test_temperatures_may_vary_too(self, wire: Wire) -> None:
        kelvin = np.array([280.0, 310.15])
        request = batch(temperature_k=to_array(kelvin))
        found = from_array(wire.answer("ComputeNernstBatch", request).potential_mv)
        assert found[1] / found[0] == pytest.approx(310.15 / 280.0, rel=1e-14)

    def test_empty_arrays_have_an_empty_answer(self, wire: Wire) -> None:
        request = batch(concentration_out_molar=to_array(np.zeros(0)))
        assert from_array(wire.answer("ComputeNernstBatch", request).potential_mv).shape == (0,)

    def test_an_answer_that_would_not_fit_is_refused_before_it_is_computed(self, wire: Wire) -> None:
        column, row = np.full((2000, 1), 0.1), np.full((1, 2000), 0.1)
        request = batch(concentration_out_molar=to_array(column), concentration_in_molar=to_array(row))
        refusal = wire.refusal("ComputeNernstBatch", request)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
        assert "4000000" in refusal.message

    def test_the_largest_answer_that_fits_is_given(self, wire: Wire) -> None:
        count = 4 * 1024 * 1024 // 8 - 128
        request = batch(concentration_out_molar=to_array(np.full(count, 0.1, np.float32)))
        assert from_array(wire.answer("ComputeNernstBatch", request).potential_mv).shape == (count,)


def batch(**arrays: types_pb2.Array) -> pb.ComputeNernstBatchRequest:
    ordinary = {
        "z_valence": to_array(np.array(1, np.int32)),
        "concentration_out_molar": to_array(np.array(0.005, np.float64)),
        "concentration_in_molar": to_array(np.array(0.14, np.float64)),
    }
    return pb.ComputeNernstBatchRequest(**(ordinary | arrays))


def raw(element_type: int, shape: list[int], data: bytes) -> types_pb2.Array:
    return types_pb2.Array(element_type=element_type, shape=shape, data=data)  # type: ignore[arg-type]  # also unknown ones


NAN, INF = math.nan, math.inf
FLOAT64 = types_pb2.ELEMENT_TYPE_FLOAT64

BAD_NERNST: dict[str, tuple[pb.ComputeNernstRequest, set[str]]] = {
    "zero valence": (nernst(0), {"z_valence"}),
    "valence 4": (nernst(4), {"z_valence"}),
    "huge valence": (nernst(-(2**31)), {"z_valence"}),
    "no concentration outside": (nernst(out=0), {"concentration_out_molar"}),
    "negative concentration": (nernst(inside=-0.1), {"concentration_in_molar"}),
    "NaN concentration": (nernst(out=NAN), {"concentration_out_molar"}),
    "infinite concentration": (nernst(inside=INF), {"concentration_in_molar"}),
    "denormal concentration": (nernst(out=5e-324), {"concentration_out_molar"}),
    "37 degrees Celsius": (nernst(temperature_k=37), {"temperature_k"}),
    "zero kelvin": (nernst(temperature_k=0), {"temperature_k"}),
    "NaN temperature": (nernst(temperature_k=NAN), {"temperature_k"}),
    "nothing at all": (
        pb.ComputeNernstRequest(),
        {"z_valence", "concentration_out_molar", "concentration_in_molar"},
    ),
    "everything": (
        nernst(0, -1, NAN, temperature_k=INF),
        {"z_valence", "concentration_out_molar", "concentration_in_molar", "temperature_k"},
    ),
}


@pytest.mark.parametrize("case", BAD_NERNST)
def test_a_bad_nernst_request_is_refused_with_all_its_fields(wire: Wire, case: str) -> None:
    request, fields = BAD_NERNST[case]
    refusal = wire.refusal("ComputeNernst", request)
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == fields


def test_a_concentration_of_zero_is_refused_with_its_range_and_never_clamped(wire: Wire) -> None:
    text = wire.refusal("ComputeNernst", nernst(out=0)).violations["concentration_out_molar"]
    assert "is 0, must be 1e-12 to 100 mol/L" in text


def test_37_kelvin_is_taken_for_a_mistake_and_the_remedy_is_told(wire: Wire) -> None:
    text = wire.refusal("ComputeNernst", nernst(temperature_k=37)).violations["temperature_k"]
    assert "degrees Celsius" in text
    assert "273.15" in text


BAD_GOLDMAN: dict[str, tuple[pb.ComputeGoldmanRequest, set[str]]] = {
    "no ions": (pb.ComputeGoldmanRequest(), {"ions"}),
    "65 ions": (pb.ComputeGoldmanRequest(ions=[ion()] * 65), {"ions"}),
    "no permeant ion": (pb.ComputeGoldmanRequest(ions=[ion(permeability=0)] * 2), {"ions"}),
    "valence 3": (pb.ComputeGoldmanRequest(ions=[ion(), ion(3)]), {"ions[1].z_valence"}),
    "zero valence": (pb.ComputeGoldmanRequest(ions=[ion(0)]), {"ions[0].z_valence"}),
    "negative permeability": (pb.ComputeGoldmanRequest(ions=[ion(permeability=-1)]), {"ions[0].permeability"}),
    "37 kelvin": (pb.ComputeGoldmanRequest(ions=[ion()], temperature_k=37), {"temperature_k"}),
    "a long name": (pb.ComputeGoldmanRequest(ions=[ion(name="x" * 65)]), {"ions[0].name"}),
    "several of several": (
        pb.ComputeGoldmanRequest(ions=[ion(0, NAN), ion(out=0), ion(inside=INF, name="Na" * 40)], temperature_k=-1),
        {
            "ions[0].z_valence",
            "ions[0].permeability",
            "ions[1].concentration_out_molar",
            "ions[2].concentration_in_molar",
            "ions[2].name",
            "temperature_k",
        },
    ),
}


@pytest.mark.parametrize("case", BAD_GOLDMAN)
def test_a_bad_goldman_request_is_refused_with_all_its_fields(wire: Wire, case: str) -> None:
    request, fields = BAD_GOLDMAN[case]
    refusal = wire.refusal("ComputeGoldman", request)
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == fields


def test_ions_beyond_the_limit_are_counted_and_not_looked_at(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = list[Any]()
    monkeypatch.setattr("mfn_server.services.electrochemistry._ion", looked_at.append)
    request = pb.ComputeGoldmanRequest(ions=[pb.Ion()] * 30_000)
    refusal = wire.refusal("ComputeGoldman", request)
    assert (refusal.code, refusal.reason) == INVALID
    assert refusal.violations == {"ions": "has 30000 ions, must have 1 to 64"}
    assert looked_at == []


def test_of_more_than_fifty_faulty_fields_the_rest_is_counted(wire: Wire) -> None:
    refusal = wire.refusal("ComputeGoldman", pb.ComputeGoldmanRequest(ions=[ion(0, -1, 0, 0)] * 64))
    assert (refusal.code, refusal.reason) == INVALID
    assert len(refusal.violations) <= 51
    listed = len(refusal.violations) - 1
    assert refusal.violations["..."] == f"and {4 * 64 - listed} more faults"
    assert "and 255 more" in refusal.message


BAD_CURRENT: dict[str, tuple[pb.ComputeGoldmanCurrentRequest, set[str]]] = {
    "nothing at all": (pb.ComputeGoldmanCurrentRequest(), {"ion", "membrane_potential_mv"}),
    "no ion": (pb.ComputeGoldmanCurrentRequest(membrane_potential_mv=0), {"ion"}),
    "no potential": (pb.ComputeGoldmanCurrentRequest(ion=ion()), {"membrane_potential_mv"}),
    "a potential in volts a thousand times too large": (
        pb.ComputeGoldmanCurrentRequest(ion=ion(), membrane_potential_mv=70_000),
        {"membrane_potential_mv"},
    ),
    "several": (
        pb.ComputeGoldmanCurrentRequest(ion=ion(0, -1), membrane_potential_mv=NAN, temperature_k=37),
        {"ion.z_valence", "ion.permeability", "membrane_potential_mv", "temperature_k"},
    ),
}


@pytest.mark.parametrize("case", BAD_CURRENT)
def test_a_bad_current_request_is_refused_with_all_its_fields(wire: Wire, case: str) -> None:
    request, fields = BAD_CURRENT[case]
    refusal = wire.refusal("ComputeGoldmanCurrent", request)
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == fields


BAD_BATCH: dict[str, tuple[pb.ComputeNernstBatchRequest, set[str]]] = {
    "nothing at all": (
        pb.ComputeNernstBatchRequest(),
        {"z_valence", "concentration_out_molar", "concentration_in_molar"},
    ),
    "one zero among many": (batch(z_valence=to_array(np.array([1, 0, 2]))), {"z_valence[1]"}),
    "a NaN among many": (
        batch(concentration_out_molar=to_array(np.array([0.1, NAN]))),
        {"concentration_out_molar[1]"},
    ),
    "37 kelvin": (batch(temperature_k=to_array(np.array([310.0, 37.0]))), {"temperature_k[1]"}),
    "truncated data": (batch(concentration_in_molar=raw(FLOAT64, [2], bytes(15))), {"concentration_in_molar"}),
    "negative length": (batch(concentration_in_molar=raw(FLOAT64, [-1], b"")), {"concentration_in_molar"}),
    "a shape that overflows": (
        batch(concentration_in_molar=raw(FLOAT64, [2**62, 4], b"")),
        {"concentration_in_molar"},
    ),
    "33 axes": (batch(concentration_in_molar=raw(FLOAT64, [1] * 33, bytes(8))), {"concentration_in_molar"}),
    "no element type": (batch(z_valence=raw(0, [], bytes(8))), {"z_valence"}),
    "an unknown element type": (batch(z_valence=raw(99, [], bytes(8))), {"z_valence"}),
    "booleans for concentrations": (
        batch(concentration_out_molar=to_array(np.array([True]))),
        {"concentration_out_molar"},
    ),
}


@pytest.mark.parametrize("case", BAD_BATCH)
def test_a_bad_batch_is_refused_with_all_its_fields(wire: Wire, case: str) -> None:
    request, fields = BAD_BATCH[case]
    refusal = wire.refusal("ComputeNernstBatch", request)
    assert (refusal.code, refusal.reason) == INVALID
    assert set(refusal.violations) == fields


def test_arrays_that_do_not_broadcast_are_refused_with_their_shapes(wire: Wire) -> None:
    request = batch(concentration_out_molar=to_array(np.full(3, 0.1)), concentration_in_molar=to_array(np.full(4, 0.1)))
    refusal = wire.refusal("ComputeNernstBatch", request)
    assert (refusal.code, refusal.reason) == INVALID
    assert "[3]" in str(refusal.violations) or "(3,)" in str(refusal.violations)

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.constants import BODY_TEMPERATURE_K
from mfn_grpc.core.electrochemistry import nernst_potential_mv, nernst_potentials_mv
from mfn_grpc.core.limits import InvalidInput, Violation

CELSIUS_0_K = 273.15
VALENCES = (-3, -2, -1, 1, 2, 3)

concentrations = st.floats(1e-12, 100.0)
temperatures = st.floats(200.0, 400.0)
valences = st.sampled_from(VALENCES)


def volts_by_hand(z: int, c_out: float, c_in: float, temperature: float) -> float:
    """The formula with CODATA 2018 constants from the SI's definitions: k_B N_A / (e N_A) = k_B / e."""
    return 1.380649e-23 / 1.602176634e-19 * temperature / z * (math.log(c_out) - math.log(c_in))


@pytest.mark.parametrize(
    ("z", "out_mm", "in_mm", "celsius", "expected_mv"),
    [
        (1, 5, 140, 37, -89.06),
        (1, 145, 15, 37, 60.63),
        (2, 2, 1e-4, 37, 132.34),
        (-1, 110, 10, 37, -64.09),
        (1, 20, 400, 18.5, -75.29),
        (1, 440, 50, 18.5, 54.66),
    ],
)
def test_textbook_potentials_come_out_to_the_digits_printed(
    z: int, out_mm: float, in_mm: float, celsius: float, expected_mv: float
) -> None:
    potential = nernst_potential_mv(z, out_mm * 1e-3, in_mm * 1e-3, celsius + CELSIUS_0_K)
    assert potential == pytest.approx(expected_mv, abs=0.005)


@pytest.mark.parametrize(("celsius", "ratio", "expected_mv"), [(25, math.e, 25.6926), (37, math.e, 26.7267)])
def test_one_e_fold_is_rt_over_f(celsius: float, ratio: float, expected_mv: float) -> None:
    assert nernst_potential_mv(1, 0.01 * ratio, 0.01, celsius + CELSIUS_0_K) == pytest.approx(expected_mv, abs=5e-5)


@pytest.mark.parametrize(("celsius", "expected_mv"), [(25, 59.1593), (37, 61.5404)])
def test_one_decade_is_about_sixty_millivolts(celsius: float, expected_mv: float) -> None:
    assert nernst_potential_mv(1, 0.1, 0.01, celsius + CELSIUS_0_K) == pytest.approx(expected_mv, abs=5e-5)


def test_the_default_temperature_is_that_of_the_body() -> None:
    assert nernst_potential_mv(1, 0.005, 0.14) == nernst_potential_mv(1, 0.005, 0.14, BODY_TEMPERATURE_K)
    assert pytest.approx(CELSIUS_0_K + 37) == BODY_TEMPERATURE_K


def test_a_micromolar_is_not_a_floor() -> None:
    assert nernst_potential_mv(2, 2e-3, 1e-7) - nernst_potential_mv(2, 2e-3, 1e-6) == pytest.approx(30.77, abs=0.005)


@given(valences, concentrations, concentrations, temperatures)
def test_the_potential_agrees_with_the_formula_by_hand(z: int, c_out: float, c_in: float, temperature: float) -> None:
    expected = 1e3 * volts_by_hand(z, c_out, c_in, temperature)
    # Two logarithms of up to 28 round at 4e-15 each, and 35 mV stand before them; the constants agree to 1e-14.
    assert nernst_potential_mv(z, c_out, c_in, temperature) == pytest.approx(expected, rel=1e-13, abs=1e-12)


@given(valences, concentrations, concentrations, temperatures)
def test_swapping_inside_and_outside_turns_the_sign(z: int, c_out: float, c_in: float, temperature: float) -> None:
    forth, back = nernst_potential_mv(z, c_out, c_in, temperature), nernst_potential_mv(z, c_in, c_out, temperature)
    # The two quotients round on their own: 1e-16 of a quotient is 4e-15 mV.
    assert forth == pytest.approx(-back, rel=1e-14, abs=1e-14)


@given(valences, concentrations, st.floats(1e-12, 50.0), st.floats(1.001, 2.0), temperatures)
def test_more_outside_drives_the_potential_in_the_direction_of_the_charge(
    z: int, c_in: float, c_out: float, factor: float, temperature: float
) -> None:
    less, more = (nernst_potential_mv(z, c, c_in, temperature) for c in (c_out, c_out * factor))
    assert (more - less) * z > 0


def violations(function: Callable[..., Any], *arguments: object) -> dict[str, Violation]:
    with pytest.raises(InvalidInput) as caught:
        function(*arguments)
    return {violation.field: violation for violation in caught.value.violations}


@pytest.mark.parametrize("function", [nernst_potential_mv, nernst_potentials_mv])
class TestRefusals:
    @pytest.mark.parametrize("z", [0, 4, -4, 1.5, math.nan, math.inf])
    def test_a_valence_that_no_ion_has_is_refused(self, function: Callable[..., Any], z: float) -> None:
        found = violations(function, z, 0.1, 0.2)
        assert list(found) == ["z_valence"]
        assert "one of -3, -2, -1, 1, 2, 3" in found["z_valence"].description

    @pytest.mark.parametrize("concentration", [0.0, -0.0, -0.1, 9e-13, 100.1, math.nan, math.inf, -math.inf])
    @pytest.mark.parametrize("position", [1, 2])
    def test_a_concentration_outside_its_range_is_refused(
        self, function: Callable[..., Any], concentration: float, position: int
    ) -> None:
        arguments = [1.0, 0.1, 0.2]
        arguments[position] = concentration
        (found,) = violations(function, *arguments).items()
        assert found[0] == ("concentration_out_molar", "concentration_in_molar")[position - 1]
        assert "1e-12 to 100 mol/L" in found[1].description

    def test_thirty_seven_kelvin_is_taken_for_degrees_celsius(self, function: Callable[..., Any]) -> None:
        found = violations(function, 1, 0.1, 0.2, 37.0)
        assert "is it in degrees Celsius? add 273.15" in found["temperature_k"].description

    @pytest.mark.parametrize("temperature", [400.1, math.nan, math.inf, -math.inf])
    def test_other_wrong_temperatures_are_not_taken_for_celsius(
        self, function: Callable[..., Any], temperature: float
    ) -> None:
        description = violations(function, 1, 0.1, 0.2, temperature)["temperature_k"].description
        assert "200 to 400 K" in description
        assert "Celsius" not in description

    def test_every_fault_is_reported_at_once(self, function: Callable[..., Any]) -> None:
        found = violations(function, 0, -1.0, math.nan, 37.0)
        assert list(found) == ["z_valence", "concentration_out_molar", "concentration_in_molar", "temperature_k"]
        assert found["concentration_out_molar"].value == "-1"

    def test_the_ends_of_every_range_are_allowed(self, function: Callable[..., Any]) -> None:
        for z, c_out, c_in, temperature in itertools.product((-3, 3), (1e-12, 100), (1e-12, 100), (200, 400)):
            assert np.isfinite(function(z, c_out, c_in, temperature))


def test_arrays_agree_with_a_plain_loop_over_the_formula() -> None:
    rng = np.random.default_rng(1)
    z = rng.choice(np.array(VALENCES, np.int8), (5, 1, 1))
    c_out, c_in = (10 ** rng.uniform(-12, 2, shape) for shape in ((4, 1), (5, 1, 3)))
    temperature = rng.uniform(200, 400, 3)
    potentials = nernst_potentials_mv(z, c_out, c_in, temperature)
    assert potentials.shape == (5, 4, 3)
    for i, j, k in np.ndindex(5, 4, 3):
        expected = 1e3 * volts_by_hand(int(z[i, 0, 0]), c_out[j, 0], c_in[i, 0, k], float(temperature[k]))
        assert potentials[i, j, k] == pytest.approx(expected, rel=1e-13, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.float32, np.float64])
def test_valences_of_any_numeric_type_are_taken(dtype: type[np.generic]) -> None:
    potentials = nernst_potentials_mv(np.array([1, 2, 3], dtype), 0.1, 0.2)
    assert potentials == pytest.approx([nernst_potential_mv(z, 0.1, 0.2) for z in (1, 2, 3)], rel=1e-15)


def test_float32_concentrations_are_computed_in_float64() -> None:
    c_out, c_in = np.array([0.005, 0.145], np.float32), np.array([0.14, 0.015], np.float32)
    potentials = nernst_potentials_mv(1, c_out, c_in)
    assert potentials.dtype == np.float64
    expected = [nernst_potential_mv(1, float(o), float(i)) for o, i in zip(c_out, c_in, strict=True)]
    assert potentials == pytest.approx(expected, rel=1e-14)


def test_lists_are_taken_as_arrays() -> None:
    assert nernst_potentials_mv([1, 2], [0.1, 0.1], [0.2, 0.2]).shape == (2,)


def test_inputs_are_left_as_they_were() -> None:
    c_out, c_in = np.array([0.1, 0.2]), np.array([0.3, 0.4])
    nernst_potentials_mv(1, c_out, c_in)
    assert c_out.tolist() == [0.1, 0.2]
    assert c_in.tolist() == [0.3, 0.4]


def test_scalars_give_an_array_without_axes() -> None:
    potential = nernst_potentials_mv(1, 0.005, 0.14)
    assert isinstance(potential, np.ndarray)
    assert potential.shape == ()
    assert float(potential) == pytest.approx(nernst_potential_mv(1, 0.005, 0.14), rel=1e-14)


def test_no_points_give_no_potentials() -> None:
    potentials = nernst_potentials_mv(np.ones((3, 0), np.int8), np.ones((1, 0)), 0.1)
    assert potentials.shape == (3, 0)
    assert potentials.dtype == np.float64


def test_the_first_offending_index_is_named_and_the_others_are_counted() -> None:
    c_in = np.full((5, 9), 0.1)
    c_in[3, 7] = -1.0
    c_in[4] = math.nan
    c_in[4, 3:6] = 0.0
    (found,) = violations(nernst_potentials_mv, 1, 0.1, c_in).values()
    assert found.field == "concentration_in_molar[3,7]"
    assert found.value == "-1"
    assert found.description.endswith("; and 9 more")


def test_a_single_offending_element_counts_no_others() -> None:
    (found,) = violations(nernst_potentials_mv, [1, 0, 2], 0.1, 0.2).values()
    assert found.field == "z_valence[1]"
    assert "more" not in found.description


def test_the_index_is_that_of_the_argument_not_of_the_broadcast_result() -> None:
    (found,) = violations(nernst_potentials_mv, np.ones((7, 1)), 0.1, [0.1, 0.2, 300.0]).values()
    assert found.field == "concentration_in_molar[2]"


@pytest.mark.parametrize("z", [[1, 4], [1.0, 2.5], [2, -4], [1.0, math.nan]])
def test_a_wrong_valence_in_an_array_is_refused(z: object) -> None:
    assert list(violations(nernst_potentials_mv, z, 0.1, 0.2)) == ["z_valence[1]"]


def test_the_least_int8_is_no_valence() -> None:
    assert list(violations(nernst_potentials_mv, np.array([-128], np.int8), 0.1, 0.2)) == ["z_valence[0]"]


def test_shapes_that_do_not_broadcast_are_refused_by_name() -> None:
    (found,) = violations(nernst_potentials_mv, [1, 1, 1], 0.1, np.ones((4, 2))).values()
    assert found.field == "concentration_in_molar"
    assert found.description == (
        "has shape (4, 2), which does not broadcast with shape (3,) of z_valence, concentration_out_molar"
    )


def test_shape_and_element_faults_are_reported_together() -> None:
    found = violations(nernst_potentials_mv, [1, 0, 1], [0.1, 0.2], -1.0)
    assert set(found) == {"z_valence[1]", "concentration_out_molar", "concentration_in_molar"}


@pytest.mark.parametrize("values", [[1j], ["K"], [True], [None], [[0.1], [0.1, 0.2]]])
def test_what_is_not_a_rectangle_of_numbers_is_refused_beside_other_faults(values: object) -> None:
    assert list(violations(nernst_potentials_mv, 0, 0.1, values)) == ["concentration_in_molar", "z_valence"]

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from mfn_grpc.core.electrochemistry import Ion, goldman_current_a_per_m2, goldman_potential_mv, nernst_potential_mv
from mfn_grpc.core.limits import InvalidInput, Violation

SQUID_K = 273.15 + 18.5
SQUID = (
    Ion(1, 1.0, 20e-3, 400e-3, "K"),
    Ion(1, 0.04, 440e-3, 50e-3, "Na"),
    Ion(-1, 0.45, 560e-3, 52e-3, "Cl"),
)
CALCIUM = Ion(2, 0.3, 10e-3, 1e-7, "Ca")

# Within these the Goldman voltage stays inside the +-1000 mV that currents are asked for.
concentrations = st.floats(1e-9, 1.0)
temperatures = st.floats(200.0, 400.0)


def ions(valences: tuple[int, ...] = (-1, 1, 2)) -> st.SearchStrategy[Ion]:
    permeabilities = st.floats(1e-6, 10.0)
    return st.builds(Ion, st.sampled_from(valences), permeabilities, concentrations, concentrations)


ion_lists = st.lists(ions(), min_size=1, max_size=6)


def current_by_hand(ion: Ion, volts: float, temperature: float) -> float:
    """Textbook form: P z^2 (V F^2 / R T) (c_in - c_out exp(-x)) / (1 - exp(-x)), with c in mol/m^3."""
    faraday, gas = 96485.33212, 8.314462618
    x = ion.z_valence * faraday * volts / (gas * temperature)
    inside, outside = 1e3 * ion.concentration_in_molar, 1e3 * ion.concentration_out_molar
    gradient = (inside - outside * math.exp(-x)) / (1.0 - math.exp(-x))
    return ion.permeability * ion.z_valence * faraday * x * gradient


def root_of_currents_mv(all_ions: Sequence[Ion], temperature: float) -> float:
    def total(volts: float) -> float:
        # The textbook form is 0/0 at 0 V.
        return sum(current_by_hand(ion, volts or 1e-9, temperature) for ion in all_ions)

    return 1e3 * brentq(total, -1.0, 1.0, xtol=1e-12, rtol=1e-14)


def test_the_squid_axon_rests_at_minus_sixty_millivolts() -> None:
    assert goldman_potential_mv(SQUID, SQUID_K) == pytest.approx(-59.62, abs=0.005)


@given(ions(), temperatures)
def test_one_permeant_ion_gives_its_nernst_potential(ion: Ion, temperature: float) -> None:
    nernst = nernst_potential_mv(ion.z_valence, ion.concentration_out_molar, ion.concentration_in_molar, temperature)
    # Near equal concentrations the difference of two products is as exact as their rounding: 1e-16 of 35 mV.
    assert goldman_potential_mv([ion], temperature) == pytest.approx(nernst, rel=1e-13, abs=1e-13)


@given(ions(), ions(), temperatures)
def test_an_impermeant_ion_changes_nothing(ion: Ion, other: Ion, temperature: float) -> None:
    alone = goldman_potential_mv([ion], temperature)
    assert goldman_potential_mv([ion, replace(other, permeability=0.0)], temperature) == alone


@pytest.mark.parametrize("present", [SQUID, (*SQUID, CALCIUM), (CALCIUM, SQUID[2]), (CALCIUM,)])
def test_the_voltage_is_the_root_of_the_summed_currents(present: Sequence[Ion]) -> None:
    # The oracle's constants carry ten digits.
    assert goldman_potential_mv(present, SQUID_K) == pytest.approx(root_of_currents_mv(present, SQUID_K), rel=1e-8)


@given(ion_lists, temperatures)
def test_the_currents_cancel_at_the_goldman_voltage(present: Sequence[Ion], temperature: float) -> None:
    potential = goldman_potential_mv(present, temperature)
    currents = [goldman_current_a_per_m2(ion, potential, temperature) for ion in present]
    # Each current is the difference of two one-way flows; these, and the slope of the current, scale its rounding.
    one_way = sum(
        ion.permeability * 96485e3 * max(ion.concentration_in_molar, ion.concentration_out_molar) for ion in present
    )
    assert abs(math.fsum(currents)) <= 1e-12 * one_way * (1.0 + abs(potential))


def test_more_calcium_permeability_pulls_towards_the_calcium_potential() -> None:
    permeabilities = (0.0, 0.01, 0.1, 1.0, 10.0, 1e6)
    calcium = Ion(2, 0.0, 10e-3, 1e-3)
    potentials = [goldman_potential_mv((*SQUID, replace(calcium, permeability=p)), SQUID_K) for p in permeabilities]
    assert potentials == sorted(set(potentials))
    assert potentials[0] == pytest.approx(goldman_potential_mv(SQUID, SQUID_K))
    assert potentials[-1] == pytest.approx(nernst_potential_mv(2, 10e-3, 1e-3, SQUID_K), abs=0.01)


@given(ion_lists, temperatures)
def test_swapping_inside_and_outside_turns_the_sign(present: Sequence[Ion], temperature: float) -> None:
    swapped = [
        replace(
            ion,
            concentration_out_molar=ion.concentration_in_molar,
            concentration_in_molar=ion.concentration_out_molar,
        )
        for ion in present
    ]
    forth, back = goldman_potential_mv(present, temperature), goldman_potential_mv(swapped, temperature)
    assert forth == pytest.approx(-back, rel=1e-12, abs=1e-12)


@given(ion_lists, temperatures, st.sampled_from([1e-300, 1e-30, 1e-9, 0.5, 7.0, 1e5]))
def test_only_ratios_of_permeabilities_matter(present: Sequence[Ion], temperature: float, factor: float) -> None:
    scaled = [replace(ion, permeability=ion.permeability * factor) for ion in present]
    expected = goldman_potential_mv(present, temperature)
    assert goldman_potential_mv(scaled, temperature) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(ion_lists, temperatures, st.data())
def test_more_of_an_ion_outside_drives_the_voltage_in_the_direction_of_its_charge(
    present: Sequence[Ion], temperature: float, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(present) - 1))
    ion = present[index]
    richer = [*present]
    richer[index] = replace(ion, concentration_out_molar=2 * ion.concentration_out_molar)
    change = goldman_potential_mv(richer, temperature) - goldman_potential_mv(present, temperature)
    # A trace of an ion beside a million times more of others moves the voltage by less than rounding.
    assert change * ion.z_valence >= -1e-11


@given(ion_lists, temperatures)
def test_the_voltage_lies_between_the_nernst_potentials(present: Sequence[Ion], temperature: float) -> None:
    nernst = [
        nernst_potential_mv(ion.z_valence, ion.concentration_out_molar, ion.concentration_in_molar, temperature)
        for ion in present
    ]
    potential = goldman_potential_mv(present, temperature)
    assert min(nernst) - 1e-9 <= potential <= max(nernst) + 1e-9


def test_a_strongly_negative_voltage_keeps_its_digits() -> None:
    potassium = Ion(1, 1.0, 1e-12, 100.0)
    trace = replace(CALCIUM, permeability=1e-18, concentration_out_molar=1e-12, concentration_in_molar=1.0)
    # The quadratic's other form would subtract 100 from 100 here.
    assert goldman_potential_mv((potassium, trace)) == pytest.approx(nernst_potential_mv(1, 1e-12, 100.0), rel=1e-12)


@given(ions((-3, -2, -1, 1, 2, 3)), st.floats(-200.0, -0.1) | st.floats(0.1, 200.0), temperatures)
def test_the_current_agrees_with_the_textbook_form(ion: Ion, potential: float, temperature: float) -> None:
    expected = current_by_hand(ion, potential * 1e-3, temperature)
    scale = ion.permeability * 96485e3 * max(ion.concentration_in_molar, ion.concentration_out_molar)
    # The form by hand loses digits where its two terms nearly cancel, and carries constants of ten digits.
    measured = goldman_current_a_per_m2(ion, potential, temperature)
    assert measured == pytest.approx(expected, rel=1e-7, abs=1e-7 * scale)


@given(ions((-3, -2, -1, 1, 2, 3)), temperatures)
def test_no_current_flows_at_the_nernst_potential(ion: Ion, temperature: float) -> None:
    c_out, c_in = ion.concentration_out_molar, ion.concentration_in_molar
    potential = nernst_potential_mv(ion.z_valence, c_out, c_in, temperature)
    current = goldman_current_a_per_m2(ion, potential, temperature)
    # Two one-way flows of up to 20 (x) times P z F c cancel: some 1e-15 of that is left.
    assert abs(current) <= 1e-12 * ion.permeability * 96485e3 * max(c_out, c_in)


@given(ions((-3, -2, -1, 1, 2, 3)), temperatures)
def test_without_a_potential_the_current_is_fick_diffusion(ion: Ion, temperature: float) -> None:
    expected = ion.permeability * ion.z_valence * 96485.33212331 * 1e3
    expected *= ion.concentration_in_molar - ion.concentration_out_molar
    assert goldman_current_a_per_m2(ion, 0.0, temperature) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("potential", [5e-324, 1e-300, 1e-12])
def test_the_current_is_continuous_at_zero(potential: float) -> None:
    for sign in (-1, 1):
        near = goldman_current_a_per_m2(SQUID[0], sign * potential)
        assert near == pytest.approx(goldman_current_a_per_m2(SQUID[0], 0.0), rel=1e-12)


@pytest.mark.parametrize("z", [-3, -1, 1, 3])
@pytest.mark.parametrize("side", [-1, 1])
def test_far_from_rest_the_current_is_ohmic_in_the_side_that_it_comes_from(z: int, side: int) -> None:
    ion = Ion(z, 1e-8, 0.02, 0.4)
    current = goldman_current_a_per_m2(ion, side * 1000.0, 200.0)
    source = 0.4 if side * z > 0 else 0.02
    x = z * side * 96485.33212331 / (8.31446261815324 * 200.0)
    assert current == pytest.approx(1e-8 * z * 96485.33212331 * 1e3 * source * x, rel=1e-12)


def test_potassium_leaving_the_cell_is_a_positive_current() -> None:
    assert goldman_current_a_per_m2(SQUID[0], 0.0) > 0
    assert goldman_current_a_per_m2(SQUID[1], 0.0) < 0


def violations(function: Callable[..., float], *arguments: object) -> dict[str, Violation]:
    with pytest.raises(InvalidInput) as caught:
        function(*arguments)
    return {violation.field: violation for violation in caught.value.violations}


def test_faults_of_all_ions_are_reported_at_once() -> None:
    bad = (SQUID[0], Ion(3, -1.0, 0.0, math.nan), replace(SQUID[1], permeability=math.inf), Ion(0, 1.0, 0.1, 101.0))
    assert list(violations(goldman_potential_mv, bad, 37.0)) == [
        "ions[1].z_valence",
        "ions[1].permeability",
        "ions[1].concentration_out_molar",
        "ions[1].concentration_in_molar",
        "ions[2].permeability",
        "ions[3].z_valence",
        "ions[3].concentration_in_molar",
        "temperature_k",
    ]


def test_a_named_ion_is_named_in_its_faults() -> None:
    found = violations(goldman_potential_mv, [replace(SQUID[0], permeability=-1.0)])
    assert found["ions[0].permeability"].description.startswith("of 'K' is -1, must be 0 to 1e+06")


@pytest.mark.parametrize("z", [-3, -2, 0, 3])
def test_the_voltage_takes_monovalent_ions_and_divalent_cations_only(z: int) -> None:
    (found,) = violations(goldman_potential_mv, [replace(SQUID[0], z_valence=z)]).values()
    assert "one of -1, 1, 2" in found.description


@pytest.mark.parametrize("count", [0, 65])
def test_too_few_or_too_many_ions_are_refused(count: int) -> None:
    found = violations(goldman_potential_mv, [SQUID[0]] * count)
    assert found["ions"].description == f"has {count} ions, must have 1 to 64"


def test_sixty_four_ions_are_allowed() -> None:
    assert goldman_potential_mv([SQUID[0]] * 64) == pytest.approx(goldman_potential_mv(SQUID[:1]), rel=1e-13)


def test_a_membrane_that_nothing_permeates_is_refused() -> None:
    found = violations(goldman_potential_mv, [replace(ion, permeability=0.0) for ion in SQUID])
    assert list(found) == ["ions"]
    assert "no permeability above 0" in found["ions"].description


def test_the_smallest_permeability_is_enough() -> None:
    assert goldman_potential_mv([replace(SQUID[0], permeability=5e-324)]) == goldman_potential_mv(SQUID[:1])


def test_a_name_that_is_too_long_is_refused() -> None:
    found = violations(goldman_potential_mv, [replace(SQUID[0], name="K" * 65)])
    assert found["ions[0].name"].description == "has 65 characters, must have at most 64"


def test_faults_of_the_current_are_reported_at_once() -> None:
    found = violations(goldman_current_a_per_m2, Ion(0, -1.0, 0.0, math.inf), 1000.1, 37.0)
    assert list(found) == [
        "ion.z_valence",
        "ion.permeability",
        "ion.concentration_out_molar",
        "ion.concentration_in_molar",
        "membrane_potential_mv",
        "temperature_k",
    ]
    assert "Celsius" in found["temperature_k"].description


@pytest.mark.parametrize("potential", [math.nan, math.inf, -1000.1])
def test_a_potential_outside_its_range_is_refused(potential: float) -> None:
    assert list(violations(goldman_current_a_per_m2, SQUID[0], potential)) == ["membrane_potential_mv"]

"""Checks of membrane potentials, currents and the constants behind them."""

import math
from collections.abc import Callable
from functools import partial

from mfn_grpc.core.constants import FARADAY_C_PER_MOL, GAS_CONSTANT_J_PER_MOL_K
from mfn_grpc.core.electrochemistry import (
    Ion,
    goldman_current_a_per_m2,
    goldman_potential_mv,
    nernst_potential_mv,
    nernst_potentials_mv,
)
from mfn_grpc.core.validation.checks import CheckSpec, Suite
from mfn_grpc.core.validation.expected import physics as expected
from mfn_grpc.core.validation.measuring import at_once

HILLE = "Hille, Ion Channels of Excitable Membranes, 3rd ed. (2001)"
CODATA = "CODATA 2018 / SI Brochure, 9th ed. (2019): N_A, k and e are exact"

BODY_K, SQUID_K, ROOM_K = 310.15, 291.65, 298.15
SQUID = (Ion(1, 1.0, 0.02, 0.4), Ion(1, 0.04, 0.44, 0.05), Ion(-1, 0.45, 0.56, 0.052))
WITH_CALCIUM = (
    Ion(1, 1.0, 5e-3, 140e-3),
    Ion(1, 0.05, 145e-3, 15e-3),
    Ion(-1, 0.3, 110e-3, 10e-3),
    Ion(2, 2.0, 2e-3, 1e-7),
)
POTASSIUM = Ion(1, 1e-7, 5e-3, 140e-3)

check = partial(CheckSpec, suite=Suite.PHYSICS)
# A potential is a product of five rounded factors and a logarithm: a few 1e-14 of 100 mV. One part in 10^11 of R
# or F would show.
potential = partial(
    check, unit="mV", tolerance=1e-9, why_this_tolerance="roundoff is 1e-13 mV; R or F off by 1e-10 would show"
)
current = partial(check, unit="A/m^2")


def _nernst(z: int, out_mm: float, in_mm: float, temperature_k: float) -> Callable[[], float]:
    return lambda: nernst_potential_mv(z, 1e-3 * out_mm, 1e-3 * in_mm, temperature_k)


def _batch() -> float:
    return float(nernst_potentials_mv([[1], [2]], [[5e-3], [2e-3]], [140e-3, 1e-7], BODY_K)[1, 1])


def _current_at_reversal() -> float:
    reversal = nernst_potential_mv(1, POTASSIUM.concentration_out_molar, POTASSIUM.concentration_in_molar, BODY_K)
    return goldman_current_a_per_m2(POTASSIUM, reversal, BODY_K)


CONSTANTS = (
    check(
        name="gas_constant",
        description="The molar gas constant that the engine uses, against the product of Avogadro's and Boltzmann's.",
        measure=at_once(lambda: GAS_CONSTANT_J_PER_MOL_K),
        expected=expected.GAS_CONSTANT,
        tolerance=2e-14,
        unit="J/(mol K)",
        why_this_tolerance="the product of two rounded factors, to a few units of the last place of float64",
        reference=CODATA,
        in_quick=True,
    ),
    check(
        name="faraday_constant",
        description="The Faraday constant that the engine uses, against the product of Avogadro's and the charge.",
        measure=at_once(lambda: FARADAY_C_PER_MOL),
        expected=expected.FARADAY,
        tolerance=1e-9,
        unit="C/mol",
        why_this_tolerance="CODATA prints 8 decimals of an exact product, good to 2e-11; twice float64's last place",
        reference=CODATA,
        in_quick=True,
    ),
    potential(
        name="thermal_voltage_25c",
        description="R T / F at 25 degrees Celsius, as the potential of a concentration ratio of e.",
        measure=at_once(_nernst(1, math.e, 1, ROOM_K)),
        expected=expected.THERMAL_25C_MV,
        reference=f"{HILLE}, table 1.2; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="thermal_voltage_37c",
        description="R T / F at 37 degrees Celsius, as the potential of a concentration ratio of e.",
        measure=at_once(_nernst(1, math.e, 1, BODY_K)),
        expected=expected.THERMAL_37C_MV,
        reference=f"{HILLE}, table 1.2; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_per_decade_25c",
        description="The potential of a tenfold concentration ratio at 25 degrees Celsius.",
        measure=at_once(_nernst(1, 10, 1, ROOM_K)),
        expected=expected.DECADE_25C_MV,
        reference=f"{HILLE}, table 1.2; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_per_decade_37c",
        description="The potential of a tenfold concentration ratio at 37 degrees Celsius.",
        measure=at_once(_nernst(1, 10, 1, BODY_K)),
        expected=expected.DECADE_37C_MV,
        reference=f"{HILLE}, table 1.2; {CODATA}",
        in_quick=True,
    ),
)

POTENTIALS = (
    potential(
        name="nernst_potassium_37c",
        description="Nernst potential of K+, 5 mM outside and 140 mM inside, at 37 degrees Celsius.",
        measure=at_once(_nernst(1, 5, 140, BODY_K)),
        expected=expected.POTASSIUM_37C_MV,
        reference=f"{HILLE}, equation 1.11; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_sodium_37c",
        description="Nernst potential of Na+, 145 mM outside and 15 mM inside, at 37 degrees Celsius.",
        measure=at_once(_nernst(1, 145, 15, BODY_K)),
        expected=expected.SODIUM_37C_MV,
        reference=f"{HILLE}, equation 1.11; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_calcium_37c",
        description="Nernst potential of Ca2+, 2 mM outside and 100 nM inside, at 37 degrees Celsius; nothing clamped.",
        measure=at_once(_nernst(2, 2, 1e-4, BODY_K)),
        expected=expected.CALCIUM_37C_MV,
        reference=f"{HILLE}, equation 1.11; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_chloride_37c",
        description="Nernst potential of Cl-, 110 mM outside and 10 mM inside, at 37 degrees Celsius.",
        measure=at_once(_nernst(-1, 110, 10, BODY_K)),
        expected=expected.CHLORIDE_37C_MV,
        reference=f"{HILLE}, equation 1.11; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_squid_potassium",
        description="Nernst potential of K+ in the squid axon, 20 mM outside and 400 mM inside, at 18.5 degrees.",
        measure=at_once(_nernst(1, 20, 400, SQUID_K)),
        expected=expected.SQUID_POTASSIUM_MV,
        reference=f"{HILLE}, equation 1.11; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_squid_sodium",
        description="Nernst potential of Na+ in the squid axon, 440 mM outside and 50 mM inside, at 18.5 degrees.",
        measure=at_once(_nernst(1, 440, 50, SQUID_K)),
        expected=expected.SQUID_SODIUM_MV,
        reference=f"{HILLE}, equation 1.11; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="nernst_batch_calcium_37c",
        description="The same potential of Ca2+ from the batch of arrays, as one of four broadcast values.",
        measure=at_once(_batch),
        expected=expected.CALCIUM_37C_MV,
        reference=f"{HILLE}, equation 1.11; {CODATA}",
        in_quick=True,
    ),
    potential(
        name="goldman_squid_rest",
        description="Goldman potential of the squid axon at rest, P_K : P_Na : P_Cl = 1 : 0.04 : 0.45, 18.5 degrees.",
        measure=at_once(lambda: goldman_potential_mv(SQUID, SQUID_K)),
        expected=expected.SQUID_REST_MV,
        reference="Hodgkin & Katz, J. Physiol. 108:37 (1949); Goldman, J. Gen. Physiol. 27:37 (1943)",
        in_quick=True,
    ),
    potential(
        name="goldman_one_permeant_ion",
        description="Goldman potential with three of four permeabilities 0: the Nernst potential of the fourth.",
        measure=at_once(lambda: goldman_potential_mv((*(Ion(1, 0.0, 0.4, 0.02),) * 3, POTASSIUM), BODY_K)),
        expected=expected.POTASSIUM_37C_MV,
        reference=f"{HILLE}, chapter 14",
        in_quick=True,
    ),
    potential(
        name="goldman_with_calcium",
        description="Goldman potential with a divalent cation, against the zero of the summed currents by bisection.",
        measure=at_once(lambda: goldman_potential_mv(WITH_CALCIUM, BODY_K)),
        expected=expected.WITH_CALCIUM_MV,
        reference=f"{HILLE}, chapter 14; Spangler, Ala. J. Med. Sci. 9:218 (1972)",
        in_quick=True,
    ),
)

CURRENTS = (
    current(
        name="ghk_current_at_reversal",
        description="Goldman-Hodgkin-Katz current of K+ at its own Nernst potential, where it must vanish.",
        measure=at_once(_current_at_reversal),
        expected=0.0,
        tolerance=1e-14,
        why_this_tolerance="the difference of two flows of 0.17 A/m^2, each rounded by a few 1e-16 of itself",
        reference=f"{HILLE}, chapter 14",
        in_quick=True,
    ),
    current(
        name="ghk_current_at_zero",
        description="Current of K+ without a potential: free diffusion, P z F (c_in - c_out).",
        measure=at_once(lambda: goldman_current_a_per_m2(POTASSIUM, 0.0, BODY_K)),
        expected=expected.CURRENT_AT_ZERO_A_PER_M2,
        tolerance=1e-13,
        why_this_tolerance="roundoff of 1.3 A/m^2 in float64, a few times over",
        reference=f"{HILLE}, chapter 14, limit of V to 0",
        in_quick=True,
    ),
    current(
        name="ghk_current_near_zero",
        description="Current of K+ at 1e-9 mV, where x / (exp(x) - 1) taken literally loses ten digits.",
        measure=at_once(lambda: goldman_current_a_per_m2(POTASSIUM, 1e-9, BODY_K)),
        expected=expected.CURRENT_NEAR_ZERO_A_PER_M2,
        tolerance=1e-13,
        why_this_tolerance="roundoff of 1.3 A/m^2 in float64; the literal quotient is off by some 1e-6",
        reference=f"{HILLE}, chapter 14, series at V = 0",
        in_quick=True,
    ),
    current(
        name="ghk_current_at_minus_80_mv",
        description="Current of K+ at -80 mV and 37 degrees, against the printed quotient of exponentials.",
        measure=at_once(lambda: goldman_current_a_per_m2(POTASSIUM, -80.0, BODY_K)),
        expected=expected.CURRENT_AT_MINUS_80_A_PER_M2,
        tolerance=1e-13,
        why_this_tolerance="two forms of one formula, each rounded by some 1e-15",
        reference=f"{HILLE}, chapter 14",
        in_quick=True,
    ),
)

CHECKS = (*CONSTANTS, *POTENTIALS, *CURRENTS)

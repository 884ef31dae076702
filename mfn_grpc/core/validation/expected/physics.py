"""Membrane potentials and currents by their textbook formulas, from the defining constants of the SI."""

import math

# The SI fixes these three (BIPM, SI Brochure, 9th edition, 2019; CODATA 2018 prints R and F as their products).
AVOGADRO_PER_MOL = 6.02214076e23
BOLTZMANN_J_PER_K = 1.380649e-23
ELEMENTARY_CHARGE_C = 1.602176634e-19

GAS_CONSTANT = AVOGADRO_PER_MOL * BOLTZMANN_J_PER_K
FARADAY = AVOGADRO_PER_MOL * ELEMENTARY_CHARGE_C
CELSIUS = 273.15


def thermal_mv(celsius: float) -> float:
    """R T / F, in mV."""
    return 1e3 * BOLTZMANN_J_PER_K * (CELSIUS + celsius) / ELEMENTARY_CHARGE_C


def nernst_mv(z: int, out: float, inside: float, celsius: float) -> float:
    """Hille 2001, equation 1.11; concentrations in any one unit."""
    return thermal_mv(celsius) / z * (math.log(out) - math.log(inside))


POTASSIUM_37C_MV = nernst_mv(1, 5, 140, 37)
SODIUM_37C_MV = nernst_mv(1, 145, 15, 37)
CALCIUM_37C_MV = nernst_mv(2, 2, 1e-4, 37)
CHLORIDE_37C_MV = nernst_mv(-1, 110, 10, 37)
SQUID_POTASSIUM_MV = nernst_mv(1, 20, 400, 18.5)
SQUID_SODIUM_MV = nernst_mv(1, 440, 50, 18.5)

THERMAL_25C_MV = thermal_mv(25)
THERMAL_37C_MV = thermal_mv(37)
DECADE_25C_MV = thermal_mv(25) * math.log(10)
DECADE_37C_MV = thermal_mv(37) * math.log(10)

# Hodgkin & Katz 1949: permeabilities K : Na : Cl of the squid axon at rest, concentrations in mM, anions exchanged.
SQUID_REST_MV = thermal_mv(18.5) * math.log(
    (1 * 20 + 0.04 * 440 + 0.45 * 52) / (1 * 400 + 0.04 * 50 + 0.45 * 560),
)


def _flux(z: int, permeability: float, out: float, inside: float, x: float) -> float:
    """Current of one ion over F at x = F V / R T, by the quotient as Hille 2001, chapter 14, prints it."""
    factor = math.exp(-z * x)
    return permeability * z * z * x * (inside - out * factor) / (1 - factor)


def _zero_current_mv(ions: tuple[tuple[int, float, float, float], ...], celsius: float) -> float:
    """The potential at which all currents add to nothing, by bisection; the sum rises with the potential."""
    low, high = -8.0, 7.0
    for _ in range(200):
        middle = 0.5 * (low + high)
        if sum(_flux(*ion, middle) for ion in ions) > 0:
            high = middle
        else:
            low = middle
    return low * thermal_mv(celsius)


# K, Na, Cl and Ca (z, P, out, in), in mM at 37 degrees.
WITH_CALCIUM_MV = _zero_current_mv(((1, 1, 5, 140), (1, 0.05, 145, 15), (-1, 0.3, 110, 10), (2, 2, 2, 1e-4)), 37)

# One ion: P = 1e-7 m/s, 5 and 140 mM, which are mol/m^3.
_P, _OUT, _IN = 1e-7, 5.0, 140.0
_X_HYPERPOLARISED = -80 / thermal_mv(37)
CURRENT_AT_ZERO_A_PER_M2 = _P * FARADAY * (_IN - _OUT)
# Two terms of the series in x: at 1e-9 mV the third is 1e-22 of them.
CURRENT_NEAR_ZERO_A_PER_M2 = _P * FARADAY * ((_IN - _OUT) + 0.5e-9 / thermal_mv(37) * (_IN + _OUT))
CURRENT_AT_MINUS_80_A_PER_M2 = FARADAY * _flux(1, _P, _OUT, _IN, _X_HYPERPOLARISED)

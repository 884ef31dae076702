"""What ions, membranes and temperatures may be; every range of the package is declared here."""

import math
from collections.abc import Collection
from dataclasses import replace

from mfn_grpc.core.limits import Limit, Violation

NERNST_VALENCES = frozenset({-3, -2, -1, 1, 2, 3})
# The closed form of the Goldman voltage is a quadratic for these charges only.
GOLDMAN_VALENCES = frozenset({-1, 1, 2})

CONCENTRATION_MOLAR = Limit(1e-12, 100.0, "mol/L", "a concentration; 1 mmol/L is 0.001")
TEMPERATURE_K = Limit(200.0, 400.0, "K", "an absolute temperature")
PERMEABILITY = Limit(0.0, 1e6, "1", "a permeability; m/s where currents are asked for, any unit for the voltage")
MEMBRANE_POTENTIAL_MV = Limit(-1000.0, 1000.0, "mV", "the potential of the inside against the outside")

MAX_IONS = 64
MAX_NAME_LENGTH = 64


def valence_violation(name: str, value: float, allowed: Collection[int] = NERNST_VALENCES) -> Violation | None:
    """What is wrong with a charge number, or None."""
    if value in allowed:
        return None
    listed = ", ".join(str(z) for z in sorted(allowed))
    return Violation(name, f"{value:g}", f"is {value:g}, must be one of {listed} (the charge number of the ion)")


def temperature_violation(name: str, value: float) -> Violation | None:
    """What is wrong with an absolute temperature, or None; a low one is most likely in degrees Celsius."""
    violation = TEMPERATURE_K.violation(name, value)
    if violation is None or not (math.isfinite(value) and value < TEMPERATURE_K.minimum):
        return violation
    return replace(violation, description=f"{violation.description}; is it in degrees Celsius? add 273.15")

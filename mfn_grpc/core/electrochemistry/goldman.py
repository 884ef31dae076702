"""Goldman-Hodgkin-Katz voltage and current (Goldman 1943; Hodgkin & Katz 1949; Hille 2001, chapter 14).

The voltage with divalent cations follows from the currents: at V with y = exp(F V / R T) the currents of cations,
anions and divalent cations are, up to a common factor,

    P (c_in y - c_out) / (y - 1),    P (c_out y - c_in) / (y - 1),    4 P (c_in y^2 - c_out) / (y^2 - 1),

and their sum is zero where (A y^2 + (a - b) y - B) is, with a and b the monovalent sums and A and B the same with the
divalent terms added (compare Spangler 1972).
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mfn_grpc.core.constants import BODY_TEMPERATURE_K, FARADAY_C_PER_MOL, GAS_CONSTANT_J_PER_MOL_K
from mfn_grpc.core.electrochemistry.ranges import (
    CONCENTRATION_MOLAR,
    GOLDMAN_VALENCES,
    MAX_IONS,
    MAX_NAME_LENGTH,
    MEMBRANE_POTENTIAL_MV,
    NERNST_VALENCES,
    PERMEABILITY,
    temperature_violation,
    valence_violation,
)
from mfn_grpc.core.limits import Violation, refuse

_LITRES_PER_M3 = 1e3


@dataclass(frozen=True)
class Ion:
    """One ion species across a membrane.

    `z_valence` is -1, 1 or 2 for the voltage and +-1, +-2 or +-3 for the current; `permeability` 0 to 1e6, in m/s for
    the current and in any unit for the voltage, where only ratios matter; concentrations 1e-12 to 100 mol/L; `name`
    (at most 64 characters) is for error messages.
    """

    z_valence: int
    permeability: float
    concentration_out_molar: float
    concentration_in_molar: float
    name: str = ""


def goldman_potential_mv(ions: Sequence[Ion], temperature_k: float = BODY_TEMPERATURE_K) -> float:
    """Potential, inside against outside, in mV, at which the currents of 1 to 64 ions cancel.

    At least one permeability must be above 0; the temperature is 200 to 400 K. Raises InvalidInput naming every fault
    of every ion (`ions[2].permeability`).
    """
    refuse(_voltage_violations(ions, temperature_k))
    volt = GAS_CONSTANT_J_PER_MOL_K * temperature_k / FARADAY_C_PER_MOL
    return 1e3 * volt * math.log(_equilibrium_boltzmann_factor(ions))


def goldman_current_a_per_m2(
    ion: Ion, membrane_potential_mv: float, temperature_k: float = BODY_TEMPERATURE_K
) -> float:
    """Current density of one ion in A/m^2; positive when positive charge leaves the cell.

    i = P z F (c_in B(-x) - c_out B(x)) with x = z F V / R T and B(x) = x / (exp(x) - 1). The potential is -1000 to
    1000 mV, the temperature 200 to 400 K. Raises InvalidInput naming every fault (`ion.permeability`).
    """
    refuse(_current_violations(ion, membrane_potential_mv, temperature_k))
    x = ion.z_valence * FARADAY_C_PER_MOL * 1e-3 * membrane_potential_mv / (GAS_CONSTANT_J_PER_MOL_K * temperature_k)
    flow_molar = ion.concentration_in_molar * _bernoulli(-x) - ion.concentration_out_molar * _bernoulli(x)
    return ion.permeability * ion.z_valence * FARADAY_C_PER_MOL * _LITRES_PER_M3 * flow_molar


def _bernoulli(x: float) -> float:
    # The ranges keep |x| below 180, far from where expm1 overflows; below 1e-16 the quotient is 1 to the last bit.
    return x / math.expm1(x) if x else 1.0


def _equilibrium_boltzmann_factor(ions: Sequence[Ion]) -> float:
    inward, outward, inward_divalent, outward_divalent = _permeation_sums(ions)
    quadratic = inward + inward_divalent
    constant = outward + outward_divalent
    difference = outward - inward
    root = math.hypot(difference, 2.0 * math.sqrt(quadratic * constant))
    # Of the two forms of the positive root, each side takes the one that adds numbers of the same sign.
    if difference >= 0.0:
        return (difference + root) / (2.0 * quadratic)
    return 2.0 * constant / (root - difference)


def _permeation_sums(ions: Sequence[Ion]) -> tuple[float, float, float, float]:
    """The sums a and b over monovalent ions, then 4 P c_in and 4 P c_out over divalent cations."""
    largest = max(ion.permeability for ion in ions)
    sums = {(multiple, side): 0.0 for multiple in (False, True) for side in ("in", "out")}
    for ion in ions:
        # Only ratios matter; relative permeabilities keep the products above from vanishing or overflowing.
        weight = ion.permeability / largest * ion.z_valence**2
        divalent = ion.z_valence == 2
        inside, outside = ("in", "out") if ion.z_valence > 0 else ("out", "in")
        sums[divalent, inside] += weight * ion.concentration_in_molar
        sums[divalent, outside] += weight * ion.concentration_out_molar
    return sums[False, "in"], sums[False, "out"], sums[True, "in"], sums[True, "out"]


def _voltage_violations(ions: Sequence[Ion], temperature_k: float) -> Iterator[Violation]:
    if not 1 <= len(ions) <= MAX_IONS:
        yield Violation("ions", f"{len(ions)} ions", f"has {len(ions)} ions, must have 1 to {MAX_IONS}")
    elif all(ion.permeability == 0.0 for ion in ions):
        yield Violation("ions", "all permeabilities 0", "has no permeability above 0, must have at least one")
    for index, ion in enumerate(ions[:MAX_IONS]):
        yield from _ion_violations(f"ions[{index}]", ion, GOLDMAN_VALENCES)
    if (violation := temperature_violation("temperature_k", temperature_k)) is not None:
        yield violation


def _current_violations(ion: Ion, membrane_potential_mv: float, temperature_k: float) -> Iterator[Violation]:
    yield from _ion_violations("ion", ion, NERNST_VALENCES)
    if (violation := MEMBRANE_POTENTIAL_MV.violation("membrane_potential_mv", membrane_potential_mv)) is not None:
        yield violation
    if (violation := temperature_violation("temperature_k", temperature_k)) is not None:
        yield violation


def _ion_violations(path: str, ion: Ion, valences: Collection[int]) -> Iterator[Violation]:
    found = (
        valence_violation("z_valence", ion.z_valence, valences),
        PERMEABILITY.violation("permeability", ion.permeability),
        CONCENTRATION_MOLAR.violation("concentration_out_molar", ion.concentration_out_molar),
        CONCENTRATION_MOLAR.violation("concentration_in_molar", ion.concentration_in_molar),
    )
    of_ion = f"of {ion.name[:MAX_NAME_LENGTH]!r} " if ion.name else ""
    for violation in found:
        if violation is not None:
            yield Violation(f"{path}.{violation.field}", violation.value, of_ion + violation.description)
    if (length := len(ion.name)) > MAX_NAME_LENGTH:
        wrong = f"has {length} characters, must have at most {MAX_NAME_LENGTH}"
        yield Violation(f"{path}.name", f"{length} characters", wrong)

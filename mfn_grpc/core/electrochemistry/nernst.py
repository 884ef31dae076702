"""Nernst potentials: E = (R T / z F) ln(c_out / c_in). Hille 2001, chapter 1."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mfn_grpc.core.constants import BODY_TEMPERATURE_K, FARADAY_C_PER_MOL, GAS_CONSTANT_J_PER_MOL_K
from mfn_grpc.core.electrochemistry.array_checks import numbers, range_violation, shape_violation, valences_violation
from mfn_grpc.core.electrochemistry.ranges import (
    CONCENTRATION_MOLAR,
    NERNST_VALENCES,
    TEMPERATURE_K,
    temperature_violation,
    valence_violation,
)
from mfn_grpc.core.limits import Violation, refuse

MV_PER_KELVIN = 1e3 * GAS_CONSTANT_J_PER_MOL_K / FARADAY_C_PER_MOL

# Plain names: the scalar function is called thousands of times a second, and attributes cost.
_LEAST_MOLAR, _MOST_MOLAR = CONCENTRATION_MOLAR.minimum, CONCENTRATION_MOLAR.maximum
_COLDEST_K, _HOTTEST_K = TEMPERATURE_K.minimum, TEMPERATURE_K.maximum


def nernst_potential_mv(
    z_valence: int,
    concentration_out_molar: float,
    concentration_in_molar: float,
    temperature_k: float = BODY_TEMPERATURE_K,
) -> float:
    """Equilibrium potential of one ion, inside against outside, in mV.

    `z_valence` is +-1, +-2 or +-3, concentrations are 1e-12 to 100 mol/L, the temperature is 200 to 400 K.
    Raises InvalidInput naming every argument outside its range; nothing is clamped.
    """
    if not (
        z_valence in NERNST_VALENCES
        and _LEAST_MOLAR <= concentration_out_molar <= _MOST_MOLAR
        and _LEAST_MOLAR <= concentration_in_molar <= _MOST_MOLAR
        and _COLDEST_K <= temperature_k <= _HOTTEST_K
    ):
        refuse(_scalar_violations(z_valence, concentration_out_molar, concentration_in_molar, temperature_k))
    return MV_PER_KELVIN * temperature_k / z_valence * math.log(concentration_out_molar / concentration_in_molar)


def nernst_potentials_mv(
    z_valence: ArrayLike,
    concentration_out_molar: ArrayLike,
    concentration_in_molar: ArrayLike,
    temperature_k: ArrayLike = BODY_TEMPERATURE_K,
) -> NDArray[np.float64]:
    """Equilibrium potentials in mV, float64, of the shape that the arguments broadcast to (0-d for scalars).

    Ranges are those of `nernst_potential_mv`, for every element; the last bits may differ from it (numpy's logarithm).
    Raises InvalidInput naming every faulty argument with its first offending index, or the shape that does not
    broadcast.
    """
    z, c_out, c_in, temperature = _checked(z_valence, concentration_out_molar, concentration_in_molar, temperature_k)
    potential = np.empty(np.broadcast_shapes(z.shape, c_out.shape, c_in.shape, temperature.shape))
    # In place: at 2e5 points the page faults of temporaries cost more than the logarithms.
    np.divide(c_out, c_in, out=potential)
    np.log(potential, out=potential)
    np.multiply(potential, MV_PER_KELVIN * temperature, out=potential)
    return np.divide(potential, z, out=potential)


def _scalar_violations(z: float, c_out: float, c_in: float, temperature: float) -> list[Violation]:
    found = (
        valence_violation("z_valence", z),
        CONCENTRATION_MOLAR.violation("concentration_out_molar", c_out),
        CONCENTRATION_MOLAR.violation("concentration_in_molar", c_in),
        temperature_violation("temperature_k", temperature),
    )
    return [violation for violation in found if violation is not None]


def _checked(z: ArrayLike, c_out: ArrayLike, c_in: ArrayLike, temperature: ArrayLike) -> list[NDArray[np.float64]]:
    named = {
        "z_valence": z,
        "concentration_out_molar": c_out,
        "concentration_in_molar": c_in,
        "temperature_k": temperature,
    }
    taken = {name: numbers(name, values) for name, values in named.items()}
    arrays = {name: array for name, array in taken.items() if not isinstance(array, Violation)}
    faults = [fault for fault in taken.values() if isinstance(fault, Violation)]
    faults += [fault for name, array in arrays.items() if (fault := _element_violation(name, array)) is not None]
    if (misfit := shape_violation(arrays)) is not None:
        faults.append(misfit)
    refuse(faults)
    return list(arrays.values())


def _element_violation(name: str, array: NDArray[np.float64]) -> Violation | None:
    if name == "z_valence":
        return valences_violation(name, array)
    if name == "temperature_k":
        return range_violation(name, array, TEMPERATURE_K, temperature_violation)
    return range_violation(name, array, CONCENTRATION_MOLAR, CONCENTRATION_MOLAR.violation)

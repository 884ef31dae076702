"""Transforms against differences: they diagonalise the second difference of their boundary, and undo themselves."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mfn_grpc.core.reaction_diffusion.programs.transforms import Axis, InsulatedAxis, PeriodicAxis

Lines = NDArray[np.inexact[Any]]
AXES: dict[str, Callable[[int, float], Axis]] = {
    "periodic": lambda cells, spacing: PeriodicAxis(cells, spacing, real=True),
    "periodic_of_complex": lambda cells, spacing: PeriodicAxis(cells, spacing, real=False),
    "insulated": InsulatedAxis,
}
DTYPES = {
    "periodic": (np.float64, np.float32),
    "periodic_of_complex": (np.complex128, np.complex64),
    "insulated": (np.float64, np.float32, np.complex128, np.complex64),
}
CASES = [pytest.param(AXES[name], dtype, id=f"{name}-{dtype.__name__}") for name in AXES for dtype in DTYPES[name]]
each_case = pytest.mark.parametrize(("make", "dtype"), CASES)


def eps_of(dtype: type[np.inexact[Any]]) -> float:
    return float(np.finfo(np.zeros(1, dtype).real.dtype).eps)


def noise(cells: int, dtype: type[np.inexact[Any]]) -> Lines:
    pairs = np.random.default_rng(cells).standard_normal((3, cells, 2)) @ np.array([1, 1j])
    return np.asarray((pairs if np.issubdtype(dtype, np.complexfloating) else pairs.real).astype(dtype))


@pytest.mark.parametrize("cells", [4, 5, 12, 37])
@each_case
def test_the_second_difference_multiplies_every_mode_by_minus_its_eigenvalue(
    make: Callable[[int, float], Axis], dtype: type[np.inexact[Any]], cells: int
) -> None:
    axis, field = make(cells, 0.7), noise(cells, dtype)
    padded = np.pad(field, ((0, 0), (1, 1)), mode="edge" if isinstance(axis, InsulatedAxis) else "wrap")
    difference = (padded[:, :-2] - 2 * padded[:, 1:-1] + padded[:, 2:]) / np.asarray(0.49, field.real.dtype)
    expected = -axis.eigenvalues * axis.forward(field, axis=1)
    assert axis.eigenvalues[0] == 0
    assert expected.shape == (3, axis.modes)
    # Some roundings of sums of a few hundred.
    assert np.abs(axis.forward(difference, axis=1) - expected).max() < 3e3 * eps_of(dtype)


@pytest.mark.parametrize("cells", [4, 5, 12, 37])
@each_case
def test_the_inverse_gives_lines_and_their_precision_back_along_either_axis(
    make: Callable[[int, float], Axis], dtype: type[np.inexact[Any]], cells: int
) -> None:
    axis, field = make(cells, 0.7), noise(cells, dtype)
    for place, given in ((1, field), (0, field.T.copy())):
        found = axis.inverse(axis.forward(given, axis=place), axis=place)
        assert found.dtype == dtype
        assert np.abs(found - given).max() < 20 * eps_of(dtype)

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion import AxisBoundary, BoundaryCondition, BoundaryKind
from mfn_grpc.core.reaction_diffusion.boundary import ghosts
from mfn_grpc.core.reaction_diffusion.kernels.ghosts import fill_ghosts, fill_ghosts_reference
from tests.core.reaction_diffusion.cases import INSULATED, NO_FLUX, PERIODIC, Array, fixed

LEVELS = AxisBoundary(fixed(3.0, 30.0), fixed(5.0, 50.0))
AXES = {"periodic": PERIODIC, "no_flux": NO_FLUX, "fixed": LEVELS, "mixed": AxisBoundary(INSULATED, fixed(5.0, 50.0))}


def padded(boundary: tuple[AxisBoundary, AxisBoundary], shape: tuple[int, int] = (4, 5)) -> Array:
    """A random state of two species whose ghost cells the kernel has filled."""
    state = np.zeros((2, shape[0] + 2, shape[1] + 2))
    state[:, 1:-1, 1:-1] = np.random.default_rng(1).uniform(-1, 1, (2, *shape))
    fill_ghosts(state, *ghosts(boundary, (2, *shape), np.float64))
    return state


def test_periodic_ghosts_are_the_opposite_edges() -> None:
    state = padded((PERIODIC, PERIODIC))
    expected = np.pad(state[:, 1:-1, 1:-1], ((0, 0), (1, 1), (1, 1)), mode="wrap")
    assert np.array_equal(state[:, 1:-1], expected[:, 1:-1])
    assert np.array_equal(state[:, :, 1:-1], expected[:, :, 1:-1])


def test_no_flux_ghosts_repeat_the_edge_so_that_nothing_flows() -> None:
    state = padded((NO_FLUX, NO_FLUX))
    expected = np.pad(state[:, 1:-1, 1:-1], ((0, 0), (1, 1), (1, 1)), mode="edge")
    assert np.array_equal(state[:, 1:-1], expected[:, 1:-1])
    assert np.array_equal(state[:, :, 1:-1], expected[:, :, 1:-1])


def test_between_a_fixed_ghost_and_its_edge_lies_the_value_of_the_species() -> None:
    state = padded((LEVELS, LEVELS))
    for species, (lower, upper) in enumerate([(3.0, 5.0), (30.0, 50.0)]):
        field = state[species]
        for ghost, edge, value in (
            (field[0, 1:-1], field[1, 1:-1], lower),
            (field[-1, 1:-1], field[-2, 1:-1], upper),
            (field[1:-1, 0], field[1:-1, 1], lower),
            (field[1:-1, -1], field[1:-1, -2], upper),
        ):
            # One rounding in 2 value - edge, one in the mean.
            assert (ghost + edge) / 2 == pytest.approx(value, rel=1e-15)


def test_each_end_of_an_axis_has_its_own_condition() -> None:
    field = padded((AXES["mixed"], PERIODIC))[0]
    assert np.array_equal(field[0, 1:-1], field[1, 1:-1])
    assert (field[-1] + field[-2])[1:-1] / 2 == pytest.approx(5.0, rel=1e-15)
    assert np.array_equal(field[1:-1, 0], field[1:-1, -2])


@given(
    st.tuples(st.sampled_from(sorted(AXES)), st.sampled_from(sorted(AXES))),
    st.tuples(st.integers(4, 9), st.integers(4, 9)),
    st.sampled_from([np.float64, np.float32]),
)
def test_the_kernel_fills_the_same_bits_as_numpy(names: tuple[str, str], shape: tuple[int, int], dtype: type) -> None:
    state: Array = np.random.default_rng(2).uniform(-1, 1, (2, shape[0] + 2, shape[1] + 2)).astype(dtype)
    expected = state.copy()
    edges = ghosts((AXES[names[0]], AXES[names[1]]), (2, *shape), dtype)
    fill_ghosts(state, *edges)
    fill_ghosts_reference(expected, edges)
    assert state.tobytes() == expected.tobytes()


def test_ghosts_have_the_precision_of_the_state() -> None:
    edges = ghosts((LEVELS, LEVELS), (2, 4, 4), np.float32)
    assert edges.sign.dtype == edges.offset.dtype == np.float32
    assert edges.source.dtype == np.int64


@pytest.mark.parametrize("boundary", AXES.values(), ids=list(AXES))
def test_a_whole_axis_is_accepted(boundary: AxisBoundary) -> None:
    assert boundary.violations("boundaries[0]", 2) == []


@pytest.mark.parametrize("kind", [BoundaryKind.PERIODIC, BoundaryKind.NO_FLUX])
def test_values_are_refused_where_nothing_is_fixed(kind: BoundaryKind) -> None:
    (violation,) = BoundaryCondition(kind, (1.0,)).violations("boundaries[0].lower", 2)
    assert violation.field == "boundaries[0].lower.values"
    assert violation.description.startswith("has 1 values, must have 0")


@pytest.mark.parametrize("values", [(), (1.0,), (1.0, 2.0, 3.0)])
def test_a_fixed_edge_needs_one_value_for_each_species(values: tuple[float, ...]) -> None:
    (violation,) = fixed(*values).violations("edge", 2)
    assert violation.field == "edge.values"
    assert f"has {len(values)} values, must have 2" in violation.description


def test_every_value_that_is_not_finite_is_named() -> None:
    found = AxisBoundary(fixed(math.nan, 1.0), fixed(math.inf, -math.inf)).violations("b", 2)
    assert [violation.field for violation in found] == ["b.lower.values[0]", "b.upper.values[0]", "b.upper.values[1]"]


@pytest.mark.parametrize("other", [INSULATED, fixed(1.0, 2.0)])
@pytest.mark.parametrize("periodic_below", [True, False])
def test_an_axis_periodic_at_one_end_only_is_refused(other: BoundaryCondition, *, periodic_below: bool) -> None:
    ends = (BoundaryCondition(), other) if periodic_below else (other, BoundaryCondition())
    (violation,) = AxisBoundary(*ends).violations("boundaries[1]", 2)
    assert violation.field == "boundaries[1]"
    assert "must be periodic at both ends or at neither" in violation.description


def test_a_fixed_end_decides_the_kind_of_its_axis() -> None:
    kinds = {name: axis.kind for name, axis in AXES.items()}
    assert kinds == {
        "periodic": BoundaryKind.PERIODIC,
        "no_flux": BoundaryKind.NO_FLUX,
        "fixed": BoundaryKind.FIXED,
        "mixed": BoundaryKind.FIXED,
    }
    assert AxisBoundary(fixed(1.0, 2.0), INSULATED).kind is BoundaryKind.FIXED

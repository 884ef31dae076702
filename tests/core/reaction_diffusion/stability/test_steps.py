import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.reaction_diffusion.stability import Stepper, TuringSystem, largest_stable_dt
from mfn_grpc.core.reaction_diffusion.stability.steps import RK4_REAL_REACH
from tests.core.reaction_diffusion.cases import amplification

SCHNAKENBERG = ((0.8, 1.0), (-1.8, -1.0))
EXPLICIT = (Stepper.EULER, Stepper.RK4)

# Jacobians that are stable without diffusion, by what limits a step there.
STABLE = {
    "turing": SCHNAKENBERG,
    "node": ((-3.0, 0.5), (0.7, -20.0)),
    "spiral": ((-0.1, 4.0), (-5.0, -0.3)),
    "weak spiral": ((0.2, 4.0), (-5.0, -0.21)),
    "stiff inhibitor": ((2.0, 10.0), (-10.0, -30.0)),
    "second activates": ((-1.0, -1.8), (1.0, 0.8)),
}


def pair(jacobian: object, diffusion: tuple[float, float]) -> TuringSystem:
    return TuringSystem(("u", "v"), diffusion, ((0.0, 0.0),), (np.array(jacobian, float),))


def decaying_mode_grows(jacobian: np.ndarray, diffusion: np.ndarray, dt: float, stepper: Stepper) -> bool:
    """Whether, in any of a stack of modes, more perturbations grow in a step than grow in truth."""
    step = np.linalg.eigvals(amplification(jacobian, diffusion, dt, stepper))
    truth = np.linalg.eigvals(jacobian - diffusion)
    return bool(np.any((np.abs(step) > 1 + 1e-12).sum(axis=-1) > (truth.real > 1e-12).sum(axis=-1)))


def second_difference(cells: int, spacing: float, periodic: bool) -> np.ndarray:
    matrix = np.diag(np.full(cells, 2.0)) - np.diag(np.ones(cells - 1), 1) - np.diag(np.ones(cells - 1), -1)
    if periodic:
        matrix[0, -1] = matrix[-1, 0] = -1
    else:
        matrix[0, 0] = matrix[-1, -1] = 1
    return matrix / spacing**2


def assembled(
    jacobian: object, diffusion: tuple[float, float], spacing: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """J on every cell of 8 x 6, and diffusion on that grid; even periodic edges hold the shortest wave."""
    rows, columns = second_difference(8, spacing[0], True), second_difference(6, spacing[1], True)
    laplacian = np.kron(rows, np.eye(6)) + np.kron(np.eye(8), columns)
    return np.kron(np.array(jacobian, float), np.eye(48)), np.kron(np.diag(diffusion), laplacian)


@pytest.mark.parametrize(("stepper", "number"), [(Stepper.EULER, 0.25), (Stepper.RK4, 0.348162)])
@pytest.mark.parametrize("edge", [1.0, 0.1])
def test_pure_diffusion_is_limited_by_its_diffusion_number(stepper: Stepper, number: float, edge: float) -> None:
    still = TuringSystem(("u", "v"), (0.3, 2.0), (), ())
    limit = largest_stable_dt(still, (edge, edge), stepper)
    assert 2.0 * limit.max_dt / edge**2 == pytest.approx(number, rel=1e-6)
    assert limit.limited_by == "diffusion"


def test_alpha_of_a_quarter_is_allowed_to_the_last_bit() -> None:
    assert largest_stable_dt(TuringSystem(("u", "v"), (0.25, 0.1), (), ()), (1.0, 1.0), Stepper.EULER).max_dt == 1.0


def test_anisotropic_diffusion_is_limited_by_the_sum_over_the_axes() -> None:
    limit = largest_stable_dt(TuringSystem(("u", "v"), (2.0, 1.0), (), ()), (0.5, 2.0), Stepper.EULER)
    assert limit.max_dt == pytest.approx(0.5 / (2.0 / 0.25 + 2.0 / 4.0), rel=1e-15)


def test_the_real_reach_of_runge_kutta_is_where_its_polynomial_is_one() -> None:
    (crossing,) = (root.real for root in np.roots([1 / 24, 1 / 6, 1 / 2, 1]) if root.imag == 0)
    assert -crossing == pytest.approx(RK4_REAL_REACH, rel=1e-14)


def test_nothing_bounds_a_system_that_neither_diffuses_nor_reacts() -> None:
    for stepper in Stepper:
        assert largest_stable_dt(TuringSystem(("u", "v"), (0.0, 0.0), (), ()), (1.0, 1.0), stepper).max_dt == math.inf


def test_implicit_diffusion_bounds_no_step_by_itself() -> None:
    limit = largest_stable_dt(TuringSystem(("u", "v"), (1e3, 1e3), (), ()), (1e-3, 1e-3), Stepper.SEMI_IMPLICIT)
    assert limit.max_dt == math.inf


@pytest.mark.parametrize("stepper", EXPLICIT)
def test_an_unstable_state_leaves_the_bound_of_diffusion_alone(stepper: Stepper) -> None:
    alone = largest_stable_dt(TuringSystem(("u", "v"), (1.0, 4.0), (), ()), (1.0, 1.0), stepper)
    assert largest_stable_dt(pair(((2.0, 1.0), (-4.0, -1.0)), (1.0, 4.0)), (1.0, 1.0), stepper) == alone


def test_the_strictest_of_several_states_decides() -> None:
    mild, stiff = np.diag([-1.0, -2.0]), np.diag([-3.0, -50.0])
    both = TuringSystem(("u", "v"), (0.1, 0.1), ((0.0, 0.0), (1.0, 1.0)), (mild, stiff))
    assert largest_stable_dt(both, (1.0, 1.0), Stepper.EULER).max_dt == pytest.approx(2 / (50 + 0.1 * 8))


@pytest.mark.parametrize("stepper", EXPLICIT)
def test_the_smaller_of_diffusion_alone_and_kinetics_alone_is_named(stepper: Stepper) -> None:
    node = ((-1.0, 0.0), (0.0, -2.0))
    # Fastest decay: 2 by the kinetics, 8 D by diffusion.
    assert largest_stable_dt(pair(node, (0.3, 0.1)), (1.0, 1.0), stepper).limited_by == "diffusion"
    assert largest_stable_dt(pair(node, (0.2, 0.1)), (1.0, 1.0), stepper).limited_by == "reaction"
    assert largest_stable_dt(pair(node, (0.3, 0.1)), (1.0, 1.0), Stepper.SEMI_IMPLICIT).limited_by == "reaction"


@pytest.mark.parametrize(
    ("jacobian", "expected"),
    [(((-1.0, 0.0), (0.0, -4.0)), 0.5), (((-1.0, 7.0), (-7.0, -1.0)), 2 / 50)],
)
def test_euler_kinetics_alone_follow_the_textbook(jacobian: object, expected: float) -> None:
    # 2 / |lambda| for real eigenvalues, -2 Re / |lambda|^2 for complex ones.
    assert largest_stable_dt(pair(jacobian, (0.0, 0.0)), (1.0, 1.0), Stepper.EULER).max_dt == pytest.approx(expected)


def test_runge_kutta_reaches_root_eight_along_the_imaginary_axis() -> None:
    # Hardly damped: |R(iy)|^2 = 1 - y^6/72 + y^8/576 is 1 at y^2 = 8.
    limit = largest_stable_dt(pair(((-1e-9, 1.0), (-1.0, -1e-9)), (0.0, 0.0)), (1.0, 1.0), Stepper.RK4)
    assert limit.max_dt == pytest.approx(math.sqrt(8), rel=1e-7)


@pytest.mark.parametrize("eigenvalue", [-0.1 + 1j, -1 + 1j, -0.5 + 7j])
def test_runge_kutta_reaches_as_far_along_a_spiral_as_its_polynomial(eigenvalue: complex) -> None:
    jacobian = ((eigenvalue.real, eigenvalue.imag), (-eigenvalue.imag, eigenvalue.real))
    limit = largest_stable_dt(pair(jacobian, (0.0, 0.0)), (1.0, 1.0), Stepper.RK4).max_dt

    def size(dt: float) -> float:
        return float(abs(np.polyval([1 / 24, 1 / 6, 1 / 2, 1, 1], dt * eigenvalue)))

    assert size((1 - 1e-12) * limit) < 1 < size((1 + 1e-12) * limit)


def test_the_semi_implicit_step_may_not_flip_a_fast_decay() -> None:
    # 1 - 20 dt is -1 at dt = 2 / 20; det (1 + dt J) is 1 at dt = 21 / 20 only.
    limit = largest_stable_dt(pair(((-20.0, 0.0), (0.0, -1.0)), (0.0, 0.0)), (1.0, 1.0), Stepper.SEMI_IMPLICIT)
    assert limit.max_dt == pytest.approx(0.1, rel=1e-15)


@pytest.mark.parametrize("stepper", list(Stepper))
@pytest.mark.parametrize("name", STABLE)
@pytest.mark.parametrize("diffusion", [(1.0, 10.0), (3.0, 0.01), (0.05, 0.05), (0.0, 1.0)])
def test_no_decaying_mode_of_the_assembled_system_grows_below_the_limit(
    stepper: Stepper, name: str, diffusion: tuple[float, float]
) -> None:
    spacing = (1.0, 1.6)
    limit = largest_stable_dt(pair(STABLE[name], diffusion), spacing, stepper).max_dt
    matrix, decay = assembled(STABLE[name], diffusion, spacing)
    assert not decaying_mode_grows(matrix, decay, 0.999 * limit, stepper)


@pytest.mark.parametrize("stepper", list(Stepper))
@pytest.mark.parametrize("name", ["turing", "node", "spiral", "weak spiral"])
@pytest.mark.parametrize("diffusion", [(1.0, 10.0), (3.0, 0.01), (0.05, 0.05)])
def test_some_decaying_mode_of_the_assembled_system_grows_above_the_limit(
    stepper: Stepper, name: str, diffusion: tuple[float, float]
) -> None:
    spacing = (1.0, 1.6)
    limit = largest_stable_dt(pair(STABLE[name], diffusion), spacing, stepper).max_dt
    matrix, decay = assembled(STABLE[name], diffusion, spacing)
    # Either linearised, or with the kinetics at rest elsewhere: pure diffusion.
    still = np.zeros_like(matrix)
    assert decaying_mode_grows(matrix, decay, 1.001 * limit, stepper) or decaying_mode_grows(
        still, decay, 1.001 * limit, stepper
    )


@st.composite
def stable_jacobians(draw: st.DrawFn) -> np.ndarray:
    entries = st.floats(-10.0, 10.0)
    first, second, cross = draw(entries), draw(entries), draw(entries)
    trace = first + second
    second -= max(trace, 0.0) + draw(st.floats(0.01, 5.0))
    # The other cross entry leaves the determinant positive.
    product = first * second - draw(st.floats(0.01, 20.0))
    if abs(cross) < 0.1:
        cross = 1.0
    return np.array([[first, cross], [product / cross, second]])


@given(
    stable_jacobians(),
    st.tuples(st.floats(0.0, 10.0), st.floats(0.0, 10.0)),
    st.tuples(st.floats(0.2, 5.0), st.floats(0.2, 5.0)),
    st.sampled_from(list(Stepper)),
)
def test_the_limit_is_the_largest_over_all_modes_that_a_grid_could_have(
    jacobian: np.ndarray, diffusion: tuple[float, float], spacing: tuple[float, float], stepper: Stepper
) -> None:
    limit = largest_stable_dt(pair(jacobian, diffusion), spacing, stepper).max_dt
    highest = sum(4 / dx**2 for dx in spacing)
    mu = np.concatenate([np.linspace(0.0, highest, 3001), highest * np.geomspace(1e-6, 1.0, 1001)])
    decay = mu[:, None, None] * np.diag(diffusion)
    matrices = np.broadcast_to(jacobian, decay.shape)
    assert not decaying_mode_grows(matrices, decay, limit * (1 - 1e-6), stepper)
    # The scan meets the deciding mode to a 3000th of the range, and a limit is flat there unless at an end.
    beyond = limit * 1.01
    explicit = stepper is not Stepper.SEMI_IMPLICIT
    assert decaying_mode_grows(matrices, decay, beyond, stepper) or (
        explicit and decaying_mode_grows(np.zeros_like(matrices), decay, beyond, stepper)
    )


def test_every_jacobian_of_these_tests_is_stable_without_diffusion() -> None:
    for jacobian in STABLE.values():
        matrix = np.array(jacobian)
        assert np.trace(matrix) < 0 < np.linalg.det(matrix)


def test_an_inner_mode_can_limit_the_semi_implicit_step() -> None:
    # Diffusion of u takes away what tempers v, whose own rate is -4; further on diffusion of v tempers it again.
    jacobian, diffusion = np.array([[0.5, 1.0], [-2.5, -4.0]]), (100.0, 0.01)
    matrices = {mu: jacobian + mu * np.diag(diffusion) for mu in np.linspace(0.0, 8.0, 8001)}
    most = max(-np.linalg.eigvals(matrix).real.min() for matrix in matrices.values())
    ends = [-np.linalg.eigvals(matrices[mu]).real.min() for mu in (0.0, 8.0)]
    assert most > 1.005 * max(ends)
    limit = largest_stable_dt(pair(jacobian, diffusion), (1.0, 1.0), Stepper.SEMI_IMPLICIT).max_dt
    assert limit == pytest.approx(2 / most, rel=1e-6)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(STABLE, 2)))
@pytest.mark.parametrize("stepper", list(Stepper))
def test_exchanging_the_species_exchanges_nothing_else(first: str, second: str, stepper: Stepper) -> None:
    jacobians = tuple(np.array(STABLE[name]) for name in (first, second))
    states = ((0.0, 0.0), (1.0, 1.0))
    forth = TuringSystem(("u", "v"), (1.0, 3.0), states, jacobians)
    back = TuringSystem(("v", "u"), (3.0, 1.0), states, tuple(matrix[::-1, ::-1] for matrix in jacobians))
    limit, mirrored = (largest_stable_dt(each, (1.0, 0.7), stepper) for each in (forth, back))
    assert limit.max_dt == pytest.approx(mirrored.max_dt, rel=1e-9)
    assert limit.limited_by == mirrored.limited_by

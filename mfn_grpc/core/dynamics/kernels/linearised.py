"""One Euler step of a small perturbation beside a field: the kernels of reaction_diffusion, linearised; templates.

perturbation: float64 [species, rows + 2, cols + 2], ghost cells filled. state: the field before the step, float64
[species, rows, cols]. out: the perturbation after the step, like the state. down, across: D dt / dy^2 and D dt / dx^2,
one a species.
"""

from typing import Any

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


def kinetics_tangent(u: Any, v: Any, du: Any, dv: Any, coefficients: tuple[Any, ...]) -> tuple[Any, Any]:
    """Bound by `specialise`: the Jacobian of the kinetics at (u, v) times (du, dv)."""
    raise AssertionError("a template is never called itself")


@jit
def diffused(field: Array, i: int, j: int, down: float, across: float) -> float:
    """What diffusion adds to cell (i, j) of a padded field in one step."""
    centre = 2.0 * field[i + 1, j + 1]
    vertical = (field[i, j + 1] + field[i + 2, j + 1]) - centre
    horizontal = (field[i + 1, j] + field[i + 1, j + 2]) - centre
    return float(down * vertical + across * horizontal)


def two_species_step(perturbation: Array, state: Array, out: Array, scalars: tuple[Any, ...]) -> None:
    """Template for two-species models; scalars: down, across, dt, coefficients of the kinetics."""
    down, across, dt, coefficients = scalars
    pu, pv = perturbation[0], perturbation[1]
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            du, dv = pu[i + 1, j + 1], pv[i + 1, j + 1]
            rate_u, rate_v = kinetics_tangent(state[0, i, j], state[1, i, j], du, dv, coefficients)
            out[0, i, j] = du + (diffused(pu, i, j, down[0], across[0]) + dt * rate_u)
            out[1, i, j] = dv + (diffused(pv, i, j, down[1], across[1]) + dt * rate_v)


def mycelium_step(perturbation: Array, state: Array, out: Array, scalars: tuple[Any, ...]) -> None:
    """Template for the mycelium, before its clamp.

    scalars: down, across, leak, coupling, threshold, rate of the pair, coefficients of its kinetics. Additive noise
    drops out. At a rate of 0 no quotient is formed: the inhibitor may be 0 then.
    """
    down, across, leak, coupling, threshold, rate, coefficients = scalars
    pp, pa, ph = perturbation[0], perturbation[1], perturbation[2]
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            dp, da, dh = pp[i + 1, j + 1], pa[i + 1, j + 1], ph[i + 1, j + 1]
            a, h = state[1, i, j], state[2, i, j]
            raised = coupling * da if a > threshold else 0.0
            out[0, i, j] = dp + (diffused(pp, i, j, down[0], across[0]) + (raised - leak * dp))
            out[1, i, j] = da + diffused(pa, i, j, down[1], across[1])
            out[2, i, j] = dh + diffused(ph, i, j, down[2], across[2])
            if rate > 0.0:
                rate_a, rate_h = kinetics_tangent(a, h, da, dh, coefficients)
                out[1, i, j] += rate * rate_a
                out[2, i, j] += rate * rate_h

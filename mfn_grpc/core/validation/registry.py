"""All checks, by suite, in the order in which they run."""

from mfn_grpc.core.validation import aggregation, dynamics, fractal, learning, physics, reaction_diffusion
from mfn_grpc.core.validation.checks import CheckSpec, Suite

_CHECKS: dict[Suite, tuple[CheckSpec, ...]] = {
    Suite.PHYSICS: physics.CHECKS,
    Suite.REACTION_DIFFUSION: reaction_diffusion.CHECKS,
    Suite.FRACTAL: fractal.CHECKS,
    Suite.DYNAMICS: dynamics.CHECKS,
    Suite.AGGREGATION: aggregation.CHECKS,
    Suite.LEARNING: learning.CHECKS,
}

OFFERED_SUITES: tuple[Suite, ...] = (Suite.QUICK, *_CHECKS, Suite.ALL)
"""All suites, in the order in which a page lists them."""


def checks_of(suite: Suite) -> tuple[CheckSpec, ...]:
    """The checks of a suite in their order."""
    everything = tuple(check for checks in _CHECKS.values() for check in checks)
    if suite is Suite.ALL:
        return everything
    if suite is Suite.QUICK:
        return tuple(check for check in everything if check.in_quick)
    return _CHECKS[suite]

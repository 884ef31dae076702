"""Checks of the reaction-diffusion engine."""

from mfn_grpc.core.validation.reaction_diffusion import (
    boundaries,
    growth,
    invariants,
    patterns,
    potential,
    steppers,
    theory,
)

CHECKS = (
    *theory.CHECKS,
    *growth.CHECKS,
    *invariants.CHECKS,
    *boundaries.CHECKS,
    *steppers.CHECKS,
    *patterns.CHECKS,
    *potential.CHECKS,
)

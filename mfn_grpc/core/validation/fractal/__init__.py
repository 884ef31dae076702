"""Checks of the fractal analysis."""

from mfn_grpc.core.validation.fractal import chance, dimensions, masses

CHECKS = (*dimensions.CHECKS, *chance.CHECKS, *masses.CHECKS)

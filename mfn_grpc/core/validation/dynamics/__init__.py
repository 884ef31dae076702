"""Checks of how systems change in time."""

from mfn_grpc.core.validation.dynamics import early_warning, exponents

CHECKS = (*exponents.CHECKS, *early_warning.CHECKS)

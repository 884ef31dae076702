"""Checks of robust aggregation and of the attacks on it."""

from mfn_grpc.core.validation.aggregation import arithmetic, known_answers, resilience

CHECKS = (*known_answers.CHECKS, *arithmetic.CHECKS, *resilience.CHECKS)

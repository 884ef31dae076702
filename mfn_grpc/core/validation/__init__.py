"""The engine measured against theory: checks with measured and expected values side by side."""

from mfn_grpc.core.validation.checks import CheckResult, CheckSpec, Relation, Suite, judge, run_check
from mfn_grpc.core.validation.registry import OFFERED_SUITES, checks_of

__all__ = ["OFFERED_SUITES", "CheckResult", "CheckSpec", "Relation", "Suite", "checks_of", "judge", "run_check"]

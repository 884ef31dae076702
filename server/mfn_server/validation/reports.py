"""Checks and what a suite came to, as messages."""

from mfn_grpc.core.learning import TrainingMetrics
from mfn_grpc.core.validation import CheckResult, Suite
from mfn_grpc.v1 import validation_pb2 as pb


def suite_name(suite: Suite) -> str:
    """What a suite is called in messages."""
    return f"VALIDATION_SUITE_{suite.name}"


def encode_check(result: CheckResult, seconds: float) -> pb.Check:
    """A check that took so many seconds of compute."""
    spec = result.spec
    return pb.Check(
        name=spec.name,
        suite=suite_name(spec.suite),
        measured=result.measured,
        expected=spec.expected,
        tolerance=spec.tolerance,
        unit=spec.unit,
        passed=result.passed,
        why_this_tolerance=spec.why_this_tolerance,
        reference=spec.reference,
        seconds=seconds,
        relation=f"CHECK_RELATION_{spec.relation.name}",
        description=spec.description,
        detail=result.detail,
    )


def encode_training(metrics: TrainingMetrics) -> pb.TrainingMetrics:
    """What the training cycle came to."""
    return pb.TrainingMetrics(
        **{field.name: getattr(metrics, field.name) for field in pb.TrainingMetrics.DESCRIPTOR.fields}
    )

"""Self-validation of a server: what it measured of its engine, beside what should come out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One measured value beside the expected one, in `unit` ("1" when dimensionless).

    `relation`: "within" the tolerance of the expected value, "at_least" it or "at_most" it. `measured` is NaN when the
    engine gave nothing, which never passes; `detail` says what went wrong.
    """

    name: str
    suite: str
    measured: float
    expected: float
    tolerance: float
    unit: str
    relation: str
    passed: bool
    why_this_tolerance: str
    reference: str
    description: str
    seconds: float
    detail: str


@dataclass(frozen=True)
class TrainingMetrics:
    """What the training cycle came to: a small regression on features of simulated fields, split by seed.

    Losses are mean squared errors of the standardised target; potentials in mV; the Lyapunov exponent is per step.
    `loss_...`: on the training fields. `test_loss`: on fields that training never saw, beside `mean_loss`, that of
    always predicting the mean training target. `shuffled_...`: both again with the targets dealt out anew among all
    fields, where a test loss well below that of the mean shows a leak.
    """

    loss_start: float
    loss_final: float
    loss_drop: float
    pot_min_mv: float
    pot_max_mv: float
    fractal_dimension: float
    lyapunov_exponent: float
    growth_events: int
    nernst_symbolic_mv: float
    nernst_numeric_mv: float
    test_loss: float
    mean_loss: float
    shuffled_test_loss: float
    shuffled_mean_loss: float


@dataclass(frozen=True)
class ValidationStarted:
    """What is about to run: the suite, its seed, and the names of its checks in the suite's order."""

    suite: str
    seed: int
    check_names: tuple[str, ...]


@dataclass(frozen=True)
class ValidationSummary:
    """A suite as a whole; `training` for the suites that hold the training cycle."""

    suite: str
    seed: int
    passed: bool
    passed_count: int
    failed_count: int
    seconds: float
    numerics_version: str
    server_version: str
    training: TrainingMetrics | None


@dataclass(frozen=True)
class ValidationReport:
    """Every check of a suite, in the suite's order, and the suite as a whole."""

    checks: tuple[Check, ...]
    summary: ValidationSummary

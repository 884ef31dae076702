import pytest

from benchmarks.subjects import steppers
from mfn_grpc.core.reaction_diffusion import Stepper


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steppers, "EDGE", 16)
    monkeypatch.setattr(steppers, "STEPS", {True: 2})
    monkeypatch.setattr(steppers, "MODEL_TIME", {True: 0.05})


def test_each_row_is_a_ratio_to_euler() -> None:
    rows = list(steppers.measure(True))
    assert [row.against for row in rows] == ["EULER"] * 3
    assert [name for row in rows for name in ("RK4", "SEMI_IMPLICIT") if name in row.what] == [
        "RK4",
        "SEMI_IMPLICIT",
        "SEMI_IMPLICIT",
    ]
    assert all(row.value is not None and row.value > 0 for row in rows)


def test_diffusion_is_stiff_there_for_euler_but_not_for_the_implicit_step() -> None:
    steps = {stepper: steppers.stiff_run(stepper, 1.0).args[0].args[0] for stepper in Stepper}  # type: ignore[attr-defined]  # partials
    assert steps[Stepper.EULER] > 50 * steps[Stepper.SEMI_IMPLICIT]

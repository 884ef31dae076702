"""Faults built into the exponents, the early warnings and the limits of dt: checks fail that are named here."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.dynamics.early_warning import monitor
from mfn_grpc.core.dynamics.early_warning.surrogates import surrogate_trends
from mfn_grpc.core.dynamics.lyapunov import ifs, linearised
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import choice
from mfn_grpc.core.reaction_diffusion.spec import step_limits
from mfn_grpc.core.reaction_diffusion.stability import steps
from tests.core.validation.running import failing


def test_ignored_probabilities_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = ifs.ifs_exponents

    def unweighted(system: Any, **settings: Any) -> Any:
        count = len(system.probabilities)
        return exact(replace(system, probabilities=np.full(count, 1 / count)), **settings)

    monkeypatch.setattr("mfn_grpc.core.validation.dynamics.exponents.ifs_exponents", unweighted)
    assert failing(["lyapunov_unequal_probabilities", "lyapunov_sierpinski"]) == ["lyapunov_unequal_probabilities"]


def test_first_vectors_along_the_axes_and_in_their_order_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ifs, "first_vectors", lambda count, shape, seed=0: np.eye(count))
    monkeypatch.setattr(np, "argsort", lambda values, kind: np.arange(len(values)))
    names = ["lyapunov_stretched", "lyapunov_stretched_other_axis"]
    assert failing(names) == ["lyapunov_stretched_other_axis"]


def test_tangents_that_stay_at_the_first_state_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = linearised.LinearisedField.advance
    first: dict[int, Array] = {}

    def stuck(self: linearised.LinearisedField, state: Array) -> Pieces[None]:
        yield from exact(self, first.setdefault(id(self), state.copy()))

    monkeypatch.setattr(linearised.LinearisedField, "advance", stuck)
    assert failing(["lyapunov_field_varying", "lyapunov_field_leading"]) == ["lyapunov_field_varying"]


def test_surrogates_without_memory_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor, "surrogate_trends", lambda phi, *others: surrogate_trends(0.0, *others))
    names = ["p_value_without_trend", "small_p_values_without_trend"]
    assert failing(names) == ["small_p_values_without_trend"]


def test_p_values_of_nothing_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def never_as_large(phi: float, *others: Any) -> Pieces[Array]:
        yield
        chosen, count = others[2], others[4]
        return np.full((len(chosen), count), -2.0)

    monkeypatch.setattr(monitor, "surrogate_trends", never_as_large)
    names = ["variance_p_value_to_fold", "p_value_without_trend", "small_p_values_without_trend"]
    assert failing(names) == names[1:]


def test_ties_that_count_as_pairs_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def tau_a(values: Array, _scratch: Array) -> float:
        pairs = [(i, j) for j in range(len(values)) for i in range(j)]
        return float(sum(np.sign(values[j] - values[i]) for i, j in pairs) / len(pairs))

    monkeypatch.setattr(monitor, "kendall_tau", tau_a)
    assert failing(["kendall_tau_with_ties"]) == ["kendall_tau_with_ties"]


@pytest.mark.parametrize(
    ("function", "caught"),
    [
        ("_rk4_complex_limit", ["largest_dt_rk4_spiral"]),
        ("_euler_complex_limit", ["largest_dt_euler_spiral"]),
        ("_limit_of", ["largest_dt_semi_implicit_flip", "stepper_choice"]),
    ],
)
def test_a_limit_that_is_never_reached_is_caught(
    function: str, caught: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, function, lambda *_arguments, **_settings: math.inf)
    names = ["largest_dt_euler_spiral", "largest_dt_rk4_spiral", "largest_dt_semi_implicit_flip", "stepper_choice"]
    assert failing(names) == caught


def test_a_choice_by_half_the_limits_or_without_one_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def halved(spec: Any) -> Any:
        return {stepper: replace(limit, max_dt=limit.max_dt / 2) for stepper, limit in step_limits(spec).items()}

    def bounded(spec: Any) -> Any:
        return {stepper: replace(limit, max_dt=min(limit.max_dt, 1e9)) for stepper, limit in step_limits(spec).items()}

    for mutant in (halved, bounded):
        monkeypatch.setattr(choice, "step_limits", mutant)
        assert failing(["stepper_choice"]) == ["stepper_choice"]

"""Which stepper a spec gets when its caller leaves that open."""

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.limits import UnstableSpec
from mfn_grpc.core.reaction_diffusion import (
    AxisBoundary,
    Brusselator,
    GrayScott,
    Model,
    Mycelium,
    Schnakenberg,
    SimulationSpec,
    Stepper,
    analyze,
    choose_stepper,
)
from tests.core.reaction_diffusion.cases import ALL_MODELS, NO_FLUX, SMALL, TWO_SPECIES, faults, fixed, is_accepted

WALLS = (AxisBoundary(fixed(1.0, 0.0), fixed(1.0, 0.0)), NO_FLUX)
# Diffusion alone limits the explicit steppers, and the reaction lets the other go far beyond.
STIFF = SimulationSpec(Schnakenberg(), shape=(8, 8), spacing=(0.1, 0.1))


def limits_of(spec: SimulationSpec) -> dict[Stepper, float]:
    return {limit.stepper: limit.max_dt for limit in analyze(spec).step_limits}


def stated_limits(reason: str) -> list[float]:
    """The limits in a reason, that of the stepper chosen first."""
    return [float(number) for number in re.findall(r"(?:limit of |[A-Z4] \()([\d.e-]*\d)", reason)]


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.name)
def test_the_defaults_of_every_model_are_stepped_by_euler(model: type[Model]) -> None:
    assert choose_stepper(SimulationSpec(model())).stepper is Stepper.EULER


def test_each_limit_is_where_the_next_stepper_takes_over() -> None:
    euler, rk4, semi_implicit = limits_of(STIFF).values()
    assert euler < rk4 < semi_implicit
    for dt, expected in (
        (euler, Stepper.EULER),
        (math.nextafter(euler, 1), Stepper.RK4),
        (rk4, Stepper.RK4),
        (math.nextafter(rk4, 1), Stepper.SEMI_IMPLICIT),
        (semi_implicit, Stepper.SEMI_IMPLICIT),
        (math.nextafter(semi_implicit, math.inf), Stepper.EULER),
    ):
        assert choose_stepper(replace(STIFF, dt=dt)).stepper is expected


def test_what_the_spec_names_is_not_looked_at() -> None:
    for stepper in Stepper:
        assert choose_stepper(replace(STIFF, stepper=stepper)) == choose_stepper(STIFF)


@pytest.mark.parametrize("model", TWO_SPECIES, ids=lambda model: model.name)
def test_the_reason_is_one_sentence_with_the_numbers_that_decided(model: type[Model]) -> None:
    spec = SimulationSpec(model(), shape=(8, 8), spacing=(0.2, 0.2))
    limits = limits_of(spec)
    passed = list[Stepper]()
    for stepper, limit in limits.items():
        choice = choose_stepper(replace(spec, dt=limit))
        assert choice.stepper is stepper
        assert choice.reason.startswith(f"{stepper.name}: dt {limit} is within its limit of ")
        assert choice.reason.endswith(".")
        stated = stated_limits(choice.reason)
        for short, exact in zip(stated, (limit, *(limits[other] for other in passed)), strict=True):
            assert exact * (1 - 1e-4) < short <= exact  # five digits, and what is stated is stable
        assert all(f"{other.name} (" in choice.reason for other in passed)
        passed.append(stepper)


@pytest.mark.parametrize(("stepper", "words"), [
    (Stepper.EULER, "it costs least"),
    (Stepper.RK4, "a step costs about five times one of EULER"),
    (Stepper.SEMI_IMPLICIT, "a step costs about thirty times one of EULER"),
])  # fmt: skip  # one stepper a line
def test_the_reason_says_what_a_step_costs(stepper: Stepper, words: str) -> None:
    assert choose_stepper(replace(STIFF, dt=limits_of(STIFF)[stepper])).reason.endswith(f"; {words}.")


def test_between_fixed_edges_the_semi_implicit_stepper_is_not_chosen() -> None:
    dt = 2 * limits_of(STIFF)[Stepper.RK4]
    assert choose_stepper(replace(STIFF, dt=dt)).stepper is Stepper.SEMI_IMPLICIT
    choice = choose_stepper(replace(STIFF, dt=dt, boundaries=WALLS))
    assert choice.stepper is Stepper.EULER
    assert "SEMI_IMPLICIT" not in choice.reason


def test_a_dt_beyond_all_limits_is_refused_with_every_limit() -> None:
    spec = replace(STIFF, dt=1000.0)
    choice = choose_stepper(spec)
    text = faults(replace(spec, stepper=choice.stepper), UnstableSpec)["dt"]
    assert all(str(limit) in text for limit in limits_of(spec).values())
    assert stated_limits(choice.reason) == pytest.approx(list(limits_of(spec).values()), rel=1e-4)


@pytest.mark.parametrize("model", [Brusselator(b=6.0), GrayScott(feed=0.0, kill=0.0)], ids=lambda model: model.name)
def test_where_no_state_is_stable_the_semi_implicit_stepper_has_to_be_named(model: Model) -> None:
    """Its limit is unknown, not infinite: these blow up, or leave all that is physical, within a few steps."""
    spec = SimulationSpec(model, shape=(8, 8), dt=1000.0)
    assert math.isinf(limits_of(spec)[Stepper.SEMI_IMPLICIT])
    choice = choose_stepper(spec)
    assert choice.stepper is Stepper.EULER
    assert choice.reason.endswith(
        "; no steady state is stable, so that no limit of SEMI_IMPLICIT is known: it runs where it is named."
    )
    assert "inf" not in choice.reason
    text = faults(replace(spec, stepper=choice.stepper), UnstableSpec)["dt"]
    assert text.endswith("SEMI_IMPLICIT takes any where it is named, as no steady state is stable")
    assert is_accepted(replace(spec, stepper=Stepper.SEMI_IMPLICIT))


def test_without_any_limit_euler_is_left() -> None:
    still = GrayScott(diffusion_u=0.0, diffusion_v=0.0, feed=0.0, kill=0.0)
    choice = choose_stepper(SimulationSpec(still, shape=(8, 8), dt=1000.0))
    assert choice.stepper is Stepper.EULER
    nothing = "no limit of EULER or RK4 or SEMI_IMPLICIT is known"
    assert choice.reason == f"EULER: no steady state is stable, so that {nothing}; it costs least."


def test_the_mycelium_has_one_stepper_whatever_its_dt() -> None:
    for dt in (1.0, 0.5, 1e9, math.nan):
        choice = choose_stepper(SimulationSpec(Mycelium(), dt=dt))
        assert choice.stepper is Stepper.EULER
        assert "discrete-time" in choice.reason


@pytest.mark.parametrize(
    "wrong",
    [
        {"spacing": (0.0, 1.0)},
        {"spacing": (1.0,)},
        {"spacing": (math.nan, 1.0)},
        {"dt": math.nan},
        {"dt": -1.0},
        {"model": GrayScott(feed=math.nan)},
        {"model": GrayScott(diffusion_u=-1.0)},
        {"shape": ()},
        {"boundaries": ()},
        {"seed": -1},
        {"initial_state": np.zeros(3)},
    ],
    ids=str,
)
def test_a_faulty_spec_gets_a_choice_and_stays_refused(wrong: dict[str, Any]) -> None:
    spec = replace(SMALL, **wrong)
    assert choose_stepper(spec).stepper is Stepper.EULER
    assert not is_accepted(spec)


@given(st.sampled_from(TWO_SPECIES), st.floats(1e-6, 1e4), st.floats(0.05, 20))
def test_a_spec_is_refused_for_its_dt_only_where_every_stepper_refuses_it(
    model: type[Model], dt: float, edge: float
) -> None:
    spec = SimulationSpec(model(), shape=(8, 8), dt=dt, spacing=(edge, edge))
    able = [stepper for stepper in Stepper if is_accepted(replace(spec, stepper=stepper))]
    chosen = choose_stepper(spec).stepper
    assert chosen is (able[0] if able else Stepper.EULER)

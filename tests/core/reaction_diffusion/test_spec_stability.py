"""Which time steps and rates a spec may have, and what is said of those it may not."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfn_grpc.core.limits import InvalidInput, UnstableSpec, limits_of
from mfn_grpc.core.reaction_diffusion import (
    AxisBoundary,
    GrayScott,
    Model,
    Mycelium,
    Simulation,
    SimulationSpec,
    Stepper,
    analyze,
    validate,
)
from tests.core.reaction_diffusion.cases import (
    ALL_MODELS,
    INSULATED,
    NO_FLUX,
    PERIODIC,
    SMALL,
    faults,
    fixed,
    is_accepted,
    only_fault,
)


def limit_of(spec: SimulationSpec) -> float:
    (limit,) = (limit for limit in analyze(spec).step_limits if limit.stepper is spec.stepper)
    return limit.max_dt


@pytest.mark.parametrize("stepper", list(Stepper))
@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 2.0)])
@pytest.mark.parametrize("model", [model for model in ALL_MODELS if model is not Mycelium], ids=lambda m: m.name)
def test_the_largest_stable_dt_is_named_in_full_and_is_accepted(
    model: type[Model], spacing: tuple[float, float], stepper: Stepper
) -> None:
    spec = SimulationSpec(model(), shape=(8, 8), spacing=spacing, stepper=stepper)
    largest = limit_of(spec)
    text = faults(replace(spec, dt=math.nextafter(largest, math.inf)), UnstableSpec)["dt"]
    named = float(text.split("must be at most ")[1].split()[0])
    assert named == largest
    assert f" for {stepper.name} (" in text
    assert is_accepted(replace(spec, dt=named))


def test_the_largest_dt_of_diffusion_is_half_over_the_sum() -> None:
    """Without reaction at the steady state: dt <= 1/2 / (D/dx^2 + D/dy^2), see Hairer & Wanner 1996."""
    spec = SimulationSpec(GrayScott(diffusion_u=2.0, feed=0, kill=0), shape=(8, 8), spacing=(0.5, 2.0))
    text = faults(replace(spec, dt=1.0), UnstableSpec)["dt"]
    assert float(text.split("at most ")[1].split()[0]) == pytest.approx(0.5 / (2 / 0.25 + 2 / 4), rel=1e-14)
    assert " for EULER (diffusion limit); RK4 takes up to " in text
    assert text.endswith(" and SEMI_IMPLICIT takes any where it is named, as no steady state is stable")


@pytest.mark.parametrize("stepper", list(Stepper))
def test_a_refusal_names_the_largest_dt_of_every_other_stepper_that_could_run_the_spec(stepper: Stepper) -> None:
    spec = replace(SMALL, dt=1000.0, stepper=stepper)
    limits = {limit.stepper: limit.max_dt for limit in analyze(spec).step_limits}
    text = faults(spec, UnstableSpec)["dt"]
    for other in set(Stepper) - {stepper}:
        assert f"{other.name} takes up to {limits[other]}" in text
    assert f"{stepper.name} takes" not in text


def test_a_refusal_between_fixed_edges_does_not_name_the_stepper_that_they_rule_out() -> None:
    walls = AxisBoundary(fixed(1.0, 0.0), fixed(1.0, 0.0))
    text = faults(replace(SMALL, dt=1000.0, boundaries=(walls, PERIODIC)), UnstableSpec)["dt"]
    assert "RK4 takes up to" in text
    assert "SEMI_IMPLICIT" not in text


def test_fixed_edges_rule_the_semi_implicit_stepper_out_with_the_remedy() -> None:
    spec = replace(SMALL, stepper=Stepper.SEMI_IMPLICIT)
    walls = AxisBoundary(fixed(1.0, 0.0), INSULATED)
    for boundaries in ((walls, PERIODIC), (NO_FLUX, walls)):
        text = only_fault(replace(spec, boundaries=boundaries), "stepper")
        assert text.startswith("must be EULER or RK4 where an edge is FIXED")
    assert is_accepted(replace(spec, boundaries=(NO_FLUX, PERIODIC)))


@pytest.mark.parametrize("stretch", [1.0, 1.02])
def test_just_beyond_the_largest_dt_a_small_checkerboard_grows(stretch: float) -> None:
    """The refusal is not idle: at the limit the steepest mode keeps its size, 2 % beyond it grows 200-fold."""
    board = np.where(np.add.outer(np.arange(8), np.arange(8)) % 2, 1e-6, -1e-6)
    spec = SimulationSpec(GrayScott(), shape=(8, 8), initial_state=np.array([1 + board, 0 * board]))
    simulation = Simulation(replace(spec, dt=stretch * limit_of(spec)))
    simulation.advance(134)
    size = float(np.abs(simulation.state[0] - 1).max())
    assert size == pytest.approx(1e-6 * (2 * stretch - 1) ** 134, rel=1e-6)


def test_an_unstable_dt_may_be_analysed() -> None:
    spec = replace(SMALL, dt=100.0)
    assert is_accepted(spec, stable=False)
    assert not analyze(spec).dt_is_stable
    with pytest.raises(InvalidInput):
        validate(replace(spec, steps=0), stable=False)


@pytest.mark.parametrize("alpha", [0.2500001, 0.26, 1.5, -0.1, math.nan])
def test_an_alpha_above_a_quarter_is_refused(alpha: float) -> None:
    spec = SimulationSpec(Mycelium(alpha=alpha, leak_rate=0), shape=(8, 8))
    assert only_fault(spec, "mycelium.alpha").startswith(f"is {alpha}, must be 0 to 0.25 (")


def test_an_alpha_of_a_quarter_is_accepted_where_nothing_leaks() -> None:
    assert is_accepted(SimulationSpec(Mycelium(alpha=0.25, leak_rate=0), shape=(8, 8)))


def test_an_alpha_that_the_leak_makes_unstable_is_refused_with_the_largest() -> None:
    spec = SimulationSpec(Mycelium(alpha=0.25, leak_rate=0.02), shape=(8, 8))
    assert only_fault(spec, "mycelium.alpha") == "is 0.25, must be at most 0.2475 with leak_rate 0.02 to be stable"
    assert is_accepted(replace(spec, model=Mycelium(alpha=0.2475, leak_rate=0.02)))


def test_a_mycelium_whose_pair_is_too_fast_is_told_by_how_much() -> None:
    fast = Mycelium(reaction_rate=0.5, activator_diffusion=0.1, inhibitor_diffusion=0.25)
    text = faults(SimulationSpec(fast, shape=(8, 8)), UnstableSpec)["mycelium.reaction_rate"]
    factor = float(text.split("by at most ")[1])
    assert is_accepted(SimulationSpec(slowed(fast, factor), shape=(8, 8)))
    faults(SimulationSpec(slowed(fast, 1.001 * factor), shape=(8, 8)), UnstableSpec)
    assert is_accepted(SimulationSpec(replace(fast, turing_enabled=False), shape=(8, 8)))


def slowed(model: Mycelium, factor: float) -> Mycelium:
    """The model with the rates of its pair multiplied."""
    return replace(
        model,
        reaction_rate=factor * model.reaction_rate,
        activator_diffusion=factor * model.activator_diffusion,
        inhibitor_diffusion=factor * model.inhibitor_diffusion,
    )


@pytest.mark.parametrize(
    "other",
    [
        {"steps": 0},
        {"seed": -1},
        {"shape": (1, 8)},
        {"boundaries": ()},
        {"initial_step": 3},
        {"initial_state": np.zeros((1, 1))},
    ],
    ids=str,
)
def test_instability_is_told_beside_faults_that_do_not_touch_it(other: dict[str, Any]) -> None:
    found = faults(replace(SMALL, dt=100.0, **other))
    assert "must be at most" in found.pop("dt")
    assert found


def test_instability_is_not_judged_where_its_terms_are_wrong() -> None:
    assert "dt" not in faults(replace(SMALL, dt=100.0, spacing=(0.0, 1.0)))
    assert "dt" not in faults(replace(SMALL, dt=100.0, model=GrayScott(feed=math.nan)))


def within_limits(model: type[Model]) -> st.SearchStrategy[Model]:
    """The model with any parameters in their ranges, the ends often."""
    drawn: dict[str, st.SearchStrategy[Any]] = {}
    for name, limit in limits_of(model).items():
        ends = float(limit.minimum), float(limit.maximum)
        switch = isinstance(getattr(model(), name), bool)
        drawn[name] = st.booleans() if switch else st.floats(*ends) | st.sampled_from(ends)
    return st.builds(model, **drawn)


@settings(max_examples=200)
@given(
    st.sampled_from(ALL_MODELS).flatmap(within_limits),
    st.floats(1e-12, 1e6),
    st.tuples(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)),
    st.sampled_from(list(Stepper)),
)
def test_no_parameters_within_their_ranges_break_the_validation(
    model: Model, dt: float, spacing: tuple[float, float], stepper: Stepper
) -> None:
    """Every spec is accepted or refused with violations; what is analysed has finite steady states."""
    free: dict[str, Any] = {} if isinstance(model, Mycelium) else {"dt": dt, "spacing": spacing, "stepper": stepper}
    spec = SimulationSpec(model, shape=(8, 8), **free)
    if not is_accepted(spec, stable=False):
        assert isinstance(model, Mycelium)
        assert [violation.field for violation in model.violations()] == ["alpha"]
        return
    with np.errstate(all="ignore"):
        report = analyze(spec)
    assert report.dt_is_stable == is_accepted(spec, stable=True)
    assert all(math.isfinite(value) for state in report.steady_states for value in state.values)

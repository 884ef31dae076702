import math
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.dynamics import HENON, LOGISTIC, LORENZ, Flow, LyapunovExponents, TangentMap
from mfn_grpc.core.dynamics import flow_exponents as flow_pieces
from mfn_grpc.core.dynamics import map_exponents as map_pieces
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish

SCALE = 1000.0


def map_exponents(system: TangentMap, **settings: Any) -> LyapunovExponents:
    return finish(map_pieces(system, **settings))


def flow_exponents(system: Flow, **settings: Any) -> LyapunovExponents:
    return finish(flow_pieces(system, **settings))


def _logistic_in_thousandths(x: Any, parameters: Any, out: Any) -> None:
    out[0] = parameters[0] * x[0] * (1.0 - x[0] / 1000.0)


def _logistic_in_thousandths_tangent(x: Any, vector: Any, parameters: Any, out: Any) -> None:
    out[0] = parameters[0] * (1.0 - 2.0 * x[0] / 1000.0) * vector[0]


THOUSANDTHS = TangentMap(
    "thousandths",
    _logistic_in_thousandths,
    _logistic_in_thousandths_tangent,
    start=(SCALE / math.pi,),
    parameters=(4.0,),
)


def _decay(x: Any, parameters: Any, out: Any) -> None:
    out[0] = -parameters[0] * x[0]


def _decay_tangent(x: Any, vector: Any, parameters: Any, out: Any) -> None:
    out[0] = -parameters[0] * vector[0]


DECAY = Flow("decay", _decay, _decay_tangent, start=(1.0,), parameters=(1.0,))


def _uncoupled(x: Any, parameters: Any, out: Any) -> None:
    out[0] = parameters[0] * x[0]
    out[1] = 4.0 * x[1] * (1.0 - x[1])


def _uncoupled_tangent(x: Any, vector: Any, parameters: Any, out: Any) -> None:
    out[0] = parameters[0] * vector[0]
    out[1] = 4.0 * (1.0 - 2.0 * x[1]) * vector[1]


UNCOUPLED = TangentMap("uncoupled", _uncoupled, _uncoupled_tangent, start=(0.5, 1 / math.pi), parameters=(0.3,))


def _uncoupled_decay(x: Any, parameters: Any, out: Any) -> None:
    out[0], out[1] = -parameters[0] * x[0], -parameters[1] * x[1]


def _uncoupled_decay_tangent(x: Any, vector: Any, parameters: Any, out: Any) -> None:
    out[0], out[1] = -parameters[0] * vector[0], -parameters[1] * vector[1]


UNCOUPLED_DECAY = Flow(
    "uncoupled_decay", _uncoupled_decay, _uncoupled_decay_tangent, start=(1.0, 1.0), parameters=(2.0, 1.0)
)


def logistic_orbit(length: int, scale: float) -> list[float]:
    orbit = [scale / math.pi]
    for _ in range(length):
        orbit.append(4.0 * orbit[-1] * (1.0 - orbit[-1] / scale))
    return orbit


def mean_log_of_step_differences(orbit: list[float]) -> float:
    """The famous wrong estimator: it looks at states, not at tangent vectors."""
    steps = np.abs(np.diff(orbit))
    return float(np.log(steps[steps > 0]).mean())


def test_the_logistic_map_doubles_distances() -> None:
    found = map_exponents(LOGISTIC, steps=100_000)
    # The map is conjugate to a tent, so the sum telescopes: its error is a few units over the number of steps.
    assert found.per_step == pytest.approx([math.log(2)], abs=2e-4)
    assert found.per_time == found.per_step


def test_the_exponent_does_not_know_the_unit() -> None:
    one, other = (map_exponents(system, steps=100_000).per_step[0] for system in (LOGISTIC, THOUSANDTHS))
    # The orbits differ, as chaos amplifies other roundings; both exponents are ln 2 within 2e-4.
    assert other == pytest.approx(one, abs=4e-4)


def test_the_mean_log_of_step_differences_moves_with_the_unit_and_is_no_exponent() -> None:
    one, other = (mean_log_of_step_differences(logistic_orbit(20_000, scale)) for scale in (1.0, SCALE))
    # Its own scatter over 20,000 steps is about 0.01.
    assert other - one == pytest.approx(math.log(SCALE), abs=0.1)
    assert abs(one - math.log(2)) > 1
    assert abs(other - math.log(2)) > 1


@pytest.mark.parametrize(("r", "multipliers"), [(2.5, (-0.5,)), (3.2, (-0.16,)), (0.5, (0.5,))])
def test_a_stable_cycle_has_the_logarithm_of_its_multiplier(r: float, multipliers: tuple[float, ...]) -> None:
    """Fixed points have multiplier 2 - r (or r at 0); the two-cycle 4 + 2 r - r^2, shared by two steps."""
    period = 2 if r > 3 else 1
    expected = math.log(abs(multipliers[0])) / period
    found = map_exponents(LOGISTIC, parameters=[r], start=[0.3], steps=1000, transient=2000)
    # On the cycle every two steps are alike to roundoff.
    assert found.per_step == pytest.approx([expected], abs=1e-12)
    assert found.standard_error == pytest.approx([0], abs=1e-12)


def test_a_superstable_point_has_minus_infinity() -> None:
    found = map_exponents(LOGISTIC, parameters=[2.0], start=[0.5], steps=100)
    assert found.per_step == (-math.inf,)
    assert math.isnan(found.standard_error[0])
    assert found.undefined_reason == ""


def test_henon_has_the_published_exponent_and_an_exact_sum() -> None:
    found = map_exponents(HENON, steps=4_000_000)
    # Sprott (2003) prints .419217 and -1.623190; the standard error of 4,000,000 steps is 2e-4.
    assert found.per_step == pytest.approx([0.41922, -1.62319], abs=1e-3)
    # The determinant is -b everywhere, so the sum is exact but for the rounding of 4,000,000 logarithms.
    assert sum(found.per_step) == pytest.approx(math.log(0.3), abs=1e-11)


def test_lorenz_has_the_published_exponents() -> None:
    found = flow_exponents(LORENZ, dt=0.01, steps=5_000_000)
    # Sprott (2003) prints .9056, 0, -14.5723; the standard error of 50,000 time units is 7e-4.
    assert found.per_time[:2] == pytest.approx([0.9056, 0], abs=4e-3)
    assert found.per_step == pytest.approx([0.01 * rate for rate in found.per_time], rel=1e-14)


def test_lorenz_contracts_volumes_at_the_divergence_of_its_flow() -> None:
    errors = []
    for dt in (0.01, 0.005):
        found = flow_exponents(LORENZ, dt=dt, steps=200_000)
        errors.append(sum(found.per_time) + 10 + 1 + 8 / 3)
    # Runge-Kutta's determinant is exp(dt div f) to fourth order.
    assert errors[0] == pytest.approx(0, abs=2e-4)
    assert 12 < errors[0] / errors[1] < 20


@pytest.mark.parametrize("every", [1, 7, 1000])
def test_a_flow_is_stepped_by_classical_runge_kutta(every: int) -> None:
    dt = 0.1
    found = flow_exponents(DECAY, dt=dt, steps=1000, transient=0, every=every)
    factor = 1 - dt + dt**2 / 2 - dt**3 / 6 + dt**4 / 24
    assert found.per_time == pytest.approx([math.log(factor) / dt], rel=1e-12)


def test_fewer_vectors_give_the_same_leading_exponents() -> None:
    whole = map_exponents(HENON, steps=10_000)
    leading = map_exponents(HENON, count=1, steps=10_000)
    assert leading.per_step == whole.per_step[:1]


def test_one_vector_finds_the_leading_exponent_of_a_map_that_keeps_its_axes_apart() -> None:
    found = map_exponents(UNCOUPLED, count=1, steps=100_000)
    # As of the logistic map alone.
    assert found.per_step == pytest.approx([math.log(2)], abs=2e-4)
    assert map_exponents(UNCOUPLED, steps=100_000).per_step == pytest.approx([math.log(2), math.log(0.3)], abs=2e-4)


@pytest.mark.parametrize("rates", [(2.0, 1.0), (1.0, 2.0)])
@pytest.mark.parametrize("count", [1, 2])
def test_a_flow_that_keeps_its_axes_apart_has_its_rates_in_order(rates: tuple[float, float], count: int) -> None:
    dt = 0.01
    found = flow_exponents(UNCOUPLED_DECAY, dt=dt, parameters=rates, count=count, steps=1000)
    # Runge-Kutta's factor is exp(-rate dt) to (rate dt)^5 / 120 a step; 100 time units of transient leave e^-100.
    assert found.per_time == pytest.approx([-1.0, -2.0][:count], abs=1e-8)


def test_a_map_onto_a_line_has_minus_infinity_for_what_is_lost() -> None:
    found = map_exponents(HENON, parameters=[1.4, 0.0], steps=1000)
    assert math.isfinite(found.per_step[0])
    assert found.per_step[1] == -math.inf


def test_the_interval_of_renormalisation_does_not_matter() -> None:
    often, seldom = (map_exponents(HENON, steps=10_000, every=every) for every in (1, 9))
    # Nine steps turn the vectors e^18 towards each other: their difference keeps eight digits, shared by nine steps.
    assert seldom.per_step == pytest.approx(often.per_step, abs=1e-8)


def test_the_standard_error_is_the_scatter_between_orbits() -> None:
    runs = [map_exponents(HENON, start=[0.01 * i, 0.1], steps=20_000) for i in range(40)]
    scatter = np.std([run.per_step[0] for run in runs], ddof=1)
    claimed = np.sqrt(np.mean([run.standard_error[0] ** 2 for run in runs]))
    # Either has a relative error of some 10 %.
    assert 0.6 < claimed / scatter < 1.6


def test_an_orbit_that_escapes_has_no_exponent() -> None:
    found = map_exponents(LOGISTIC, parameters=[4.5], steps=1000)
    assert math.isnan(found.per_step[0])
    assert math.isnan(found.per_time[0])
    assert math.isnan(found.standard_error[0])
    assert found.undefined_reason == "the orbit stopped being finite"


def test_one_step_has_an_exponent_and_no_error() -> None:
    found = map_exponents(LOGISTIC, start=[0.25], steps=1, transient=0)
    assert found.per_step == pytest.approx([math.log(2)], rel=1e-15)
    assert math.isnan(found.standard_error[0])


def test_long_runs_pause() -> None:
    assert sum(1 for _ in map_pieces(HENON, steps=2_000_000)) >= 10


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"steps": 0, "transient": -1, "every": 0}, ["steps", "transient", "every"]),
        ({"start": [0.1], "parameters": [math.nan, 0.3]}, ["start", "parameters"]),
        ({"start": [0.1, math.inf], "count": 3}, ["start", "count"]),
        ({"count": 0}, ["count"]),
        ({"steps": 10**11}, ["steps"]),
    ],
)
def test_every_fault_is_named(settings: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        map_exponents(HENON, **settings)
    assert [violation.field for violation in caught.value.violations] == fields


@pytest.mark.parametrize("dt", [0.0, -0.1, math.nan, math.inf])
def test_a_flow_needs_a_time_step(dt: float) -> None:
    with pytest.raises(InvalidInput, match="dt"):
        flow_exponents(LORENZ, dt=dt)

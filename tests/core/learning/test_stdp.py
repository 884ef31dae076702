import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.learning import StdpParameters, stdp_pairwise, stdp_trace, weight_change
from mfn_grpc.core.limits import InvalidInput, limits_of

trains = st.lists(st.floats(-500, 500), max_size=12).map(sorted)
# Whole milliseconds: many spikes fall on one instant, in one train and across both.
crowded_trains = st.lists(st.integers(-20, 20), max_size=30).map(sorted)
windows = st.builds(
    StdpParameters,
    amplitude_plus=st.floats(0.001, 0.1),
    amplitude_minus=st.floats(0.001, 0.1),
    tau_plus_ms=st.floats(5, 100),
    tau_minus_ms=st.floats(5, 100),
)
both_forms = pytest.mark.parametrize("stdp", [stdp_pairwise, stdp_trace])
Stdp = Callable[..., float]


def loop_over_pairs(pre: list[float], post: list[float], p: StdpParameters) -> float:
    changes = []
    for before in pre:
        for after in post:
            dt = after - before
            if dt > 0:
                changes.append(p.amplitude_plus * math.exp(-dt / p.tau_plus_ms))
            elif dt < 0:
                changes.append(-p.amplitude_minus * math.exp(dt / p.tau_minus_ms))
    return math.fsum(changes)


def rounding(pre: list[float], post: list[float]) -> float:
    """A few units in the last place of the largest possible sum of absolute changes, 0.1 a pair."""
    return 1e-14 * (1 + 0.1 * len(pre) * len(post))


@pytest.mark.parametrize(
    ("dt_ms", "expected"),
    [
        (10, 0.01 * math.exp(-0.5)),
        (20, 0.01 / math.e),
        (-10, -0.012 * math.exp(-0.5)),
        (-40, -0.012 * math.exp(-2)),
        (0, 0.0),
        (5e8, 0.0),
        (-5e8, 0.0),
    ],
)
def test_a_single_pair_changes_the_weight_as_the_equations_say(dt_ms: float, expected: float) -> None:
    assert weight_change(dt_ms) == pytest.approx(expected, rel=1e-15, abs=0)
    assert stdp_pairwise([100], [100 + dt_ms]) == pytest.approx(expected, rel=1e-15, abs=0)
    assert stdp_trace([100], [100 + dt_ms]) == pytest.approx(expected, rel=1e-15, abs=0)


def test_the_window_jumps_from_the_full_fall_to_the_full_rise_at_no_difference() -> None:
    assert weight_change([-1e-12, 0, 1e-12]) == pytest.approx([-0.012, 0, 0.01], rel=1e-12)


def test_the_change_of_pairs_has_the_shape_of_their_differences() -> None:
    dt = np.linspace(-30, 30, 24).reshape(2, 3, 4)
    changes = weight_change(dt)
    assert changes.shape == (2, 3, 4)
    for index in np.ndindex(dt.shape):
        assert changes[index] == weight_change(dt[index])


@given(trains, trains, windows)
def test_both_forms_are_the_sum_over_all_pairs(pre: list[float], post: list[float], window: StdpParameters) -> None:
    expected = pytest.approx(loop_over_pairs(pre, post, window), rel=0, abs=rounding(pre, post))
    assert stdp_pairwise(pre, post, window) == expected
    assert stdp_trace(pre, post, window) == expected


@given(crowded_trains, crowded_trains, windows)
def test_spikes_of_one_instant_are_a_pair_each_and_change_nothing_between_themselves(
    pre: list[float], post: list[float], window: StdpParameters
) -> None:
    expected = pytest.approx(loop_over_pairs(pre, post, window), rel=0, abs=rounding(pre, post))
    assert stdp_pairwise(pre, post, window) == expected
    assert stdp_trace(pre, post, window) == expected


@both_forms
@given(pre=trains, post=trains)
def test_swapping_the_neurons_of_a_symmetric_window_turns_the_sign(
    stdp: Stdp, pre: list[float], post: list[float]
) -> None:
    window = StdpParameters(amplitude_plus=0.01, amplitude_minus=0.01)
    there, back = stdp(pre, post, window), stdp(post, pre, window)
    assert there == pytest.approx(-back, rel=0, abs=rounding(pre, post))


@both_forms
def test_long_trains_agree_with_the_loop(stdp: Stdp) -> None:
    # 600 x 700 pairs take the pairwise form several blocks when blocks are small; the plain loop takes them one by one.
    rng = np.random.default_rng(5)
    pre, post = np.sort(rng.uniform(0, 4000, 600)), np.sort(rng.uniform(0, 4000, 700))
    expected = loop_over_pairs(pre.tolist(), post.tolist(), StdpParameters())
    # 21,000 pairs lie within a few time constants; their rounding adds up to far below 1e-12.
    assert stdp(pre, post) == pytest.approx(expected, rel=0, abs=1e-12)


def test_the_blocks_of_the_pairwise_form_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    pre, post = np.sort(rng.uniform(0, 500, 40)), np.sort(rng.uniform(0, 500, 50))
    whole = stdp_pairwise(pre, post)
    monkeypatch.setattr("mfn_grpc.core.learning.stdp._PAIRS_AT_ONCE", 130)
    # Sums of sums in another order: rounding of 2000 terms of 0.01.
    assert stdp_pairwise(pre, post) == pytest.approx(whole, rel=0, abs=1e-14)


def test_a_train_of_a_million_spikes_has_its_closed_form() -> None:
    # Post follows each pre by 5 ms, one pair every 30 ms: both sums over neighbours are geometric series.
    pairs = 500_000
    pre = 30.0 * np.arange(pairs)
    q = math.exp(-30 / 20)
    rises = 0.01 * math.exp(-5 / 20) * (pairs - q * (1 - q**pairs) / (1 - q)) / (1 - q)
    falls = 0.012 * math.exp(-25 / 20) * ((pairs - 1) - q * (1 - q ** (pairs - 1)) / (1 - q)) / (1 - q)
    # A million roundings in a running sum: 1e6 units of 1e-16 at the most, far fewer on the whole.
    assert stdp_trace(pre, pre + 5) == pytest.approx(rises - falls, rel=1e-10)


@both_forms
@pytest.mark.parametrize(("pre", "post"), [([], []), ([], [1, 2]), ([1, 2], [])])
def test_a_silent_neuron_changes_nothing(stdp: Stdp, pre: list[float], post: list[float]) -> None:
    assert stdp(pre, post) == 0


@both_forms
def test_a_pause_of_a_week_leaves_nothing_of_the_traces(stdp: Stdp) -> None:
    assert stdp([0], [604_800_000]) == 0
    assert stdp([-1e9], [1e9]) == 0


def test_pairing_each_spike_with_its_nearest_alone_is_another_rule() -> None:
    # A bursting pre neuron: nearest-neighbour pairing, often taken for this rule, counts one spike of the burst.
    assert stdp_trace([0, 2, 4], [10]) > 2 * stdp_trace([4], [10])


def test_the_ranges_are_those_of_the_literature() -> None:
    declared = {name: (limit.minimum, limit.maximum) for name, limit in limits_of(StdpParameters).items()}
    assert declared == {
        "amplitude_plus": (0.001, 0.1),
        "amplitude_minus": (0.001, 0.1),
        "tau_plus_ms": (5, 100),
        "tau_minus_ms": (5, 100),
    }


def faulty_fields(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return {violation.field: violation.description for violation in caught.value.violations}


@both_forms
def test_every_fault_is_named_at_once(stdp: Stdp) -> None:
    found = faulty_fields(lambda: stdp([3, 1, math.nan], [[1.0]], StdpParameters(amplitude_plus=1, tau_minus_ms=0)))
    assert set(found) == {"amplitude_plus", "tau_minus_ms", "pre_ms[1]", "pre_ms[2]", "post_ms"}
    assert found["pre_ms[1]"] == "is 1.0 after 3.0, must not fall: sort the spikes"
    assert found["tau_minus_ms"].startswith("is 0, must be 5 to 100 ms")


@both_forms
@pytest.mark.parametrize(
    ("train", "field", "says"),
    [
        ([math.inf], "pre_ms[0]", "must be -1e+09 to 1e+09 ms"),
        ([-2e9, -1.5e9, 0], "pre_ms[0]", "and 1 more"),
        (["now"], "pre_ms", "must hold integers or real numbers"),
        ([True], "pre_ms", "must hold integers or real numbers"),
        ([[1], [1, 2]], "pre_ms", "is ragged"),
        (3.0, "pre_ms", "has 0 axes, must have 1"),
    ],
)
def test_what_is_no_train_is_refused(stdp: Stdp, train: object, field: str, says: str) -> None:
    found = faulty_fields(lambda: stdp(train, [1]))
    assert list(found) == [field]
    assert says in found[field]


def test_a_difference_that_is_no_number_is_refused() -> None:
    found = faulty_fields(lambda: weight_change([0, math.nan], StdpParameters(tau_plus_ms=101)))
    assert set(found) == {"tau_plus_ms", "dt_ms[1]"}
    assert "dt_ms" in faulty_fields(lambda: weight_change("soon"))


def test_trains_are_left_as_they_were() -> None:
    train = np.array([1, 2, 3])
    stdp_trace(train, train)
    assert train.tolist() == [1, 2, 3]

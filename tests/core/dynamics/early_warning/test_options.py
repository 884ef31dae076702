from dataclasses import fields
from typing import Any

import pytest

from mfn_grpc.core.dynamics import EarlyWarningMonitor, EarlyWarningOptions, Indicator
from mfn_grpc.core.features import FEATURE_NAMES
from mfn_grpc.core.limits import InvalidInput, limits_of
from mfn_grpc.v1 import features_pb2


def faults(**settings: Any) -> dict[str, str]:
    """What is said of each field, by the options and, in the same words, by a monitor made of them."""
    options = EarlyWarningOptions(**settings)
    found = {violation.field: violation.description for violation in options.violations()}
    if found:
        with pytest.raises(InvalidInput) as caught:
            EarlyWarningMonitor(options)
        assert list(caught.value.violations) == options.violations()
    else:
        EarlyWarningMonitor(options)
    return found


def test_the_defaults_are_those_of_the_contract() -> None:
    options = EarlyWarningOptions()
    assert options.features == ("v_mean",)
    assert options.indicators == tuple(Indicator)
    assert (options.window_frames, options.trend_frames, options.surrogates) == (100, 1000, 200)
    assert (options.detrend_bandwidth_frames, options.seed) == (0, 0)
    assert faults() == {}


def test_fields_and_indicators_are_those_of_the_contract() -> None:
    message = features_pb2.EarlyWarningOptions.DESCRIPTOR
    assert {field.name for field in message.fields} == {field.name for field in fields(EarlyWarningOptions)}
    indicators = features_pb2.EarlyWarningIndicator.DESCRIPTOR.values_by_name
    names = {name.removeprefix("EARLY_WARNING_INDICATOR_").lower() for name in indicators} - {"unspecified"}
    assert names == {indicator.value for indicator in Indicator}


@pytest.mark.parametrize("name", list(limits_of(EarlyWarningOptions)))
def test_every_number_has_a_range(name: str) -> None:
    limit = limits_of(EarlyWarningOptions)[name]
    for value in (limit.minimum - 1, limit.maximum + 1, float("nan")):
        assert "must be" in faults(**{name: value})[name]


@pytest.mark.parametrize("bandwidth", [0.5, 101.0])
def test_a_bandwidth_is_nothing_or_up_to_the_window(bandwidth: float) -> None:
    (text,) = faults(detrend_bandwidth_frames=bandwidth).values()
    assert text == f"is {bandwidth:g}, must be 0 (take nothing away) or 1 to window_frames, which is 100"
    assert faults(detrend_bandwidth_frames=100.0) == {}


def test_names_are_features_each_once() -> None:
    found = faults(features=("v_mean", "volume", "v_mean"), indicators=(Indicator.VARIANCE, Indicator.VARIANCE))
    assert set(found) == {"features[1]", "features", "indicators"}
    assert "must be one of d_box, d_r2" in found["features[1]"]
    assert found["features"] == "names v_mean 2 times, must name each once"


def test_something_must_be_watched() -> None:
    assert faults(features=(), indicators=()) == {
        "features": "is empty, must name at least one",
        "indicators": "is empty, must name at least one",
    }


def test_all_features_with_default_lengths_are_allowed() -> None:
    assert faults(features=FEATURE_NAMES) == {}


def test_more_work_than_a_report_may_be_is_refused_with_the_remedy() -> None:
    (text,) = faults(features=FEATURE_NAMES, surrogates=10_000, window_frames=10_000, trend_frames=10_000).values()
    assert "is 10800000000, must be at most 20000000" in text
    assert "ask for fewer surrogates, features or indicators" in text


def test_the_bound_on_work_is_the_one_of_the_contract() -> None:
    most = {"indicators": (Indicator.VARIANCE,), "window_frames": 1000, "trend_frames": 1000}
    assert faults(surrogates=10_000, **most) == {}
    assert list(faults(surrogates=10_000, **most | {"trend_frames": 1001})) == ["surrogates"]
    longest = {"window_frames": 10_000, "trend_frames": 10_000}
    assert faults(features=FEATURE_NAMES, surrogates=0, **longest) == {}

"""Rates are parsed once, and their text is what they were."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mfn_server.config.rates import MAX_COUNT, UNITS_S, Rate
from tests.server.config.loading import loaded, refused

COUNTS = st.integers(1, MAX_COUNT)


@given(COUNTS, st.sampled_from(sorted(UNITS_S.values())), COUNTS)
def test_a_rate_is_read_as_it_was_written(count: int, period_s: int, burst: int) -> None:
    rate = Rate(count, period_s, burst)
    assert Rate.parse(str(rate)) == rate


def test_without_a_burst_it_is_the_count() -> None:
    assert Rate.parse("90/h") == Rate(90, 3600, 90)


@pytest.mark.parametrize(
    "text",
    ["", "100", "100/", "/m", "100/w", "0/m", "-1/m", "1.5/m", "1e3/m", "1_000/m", "100/m burst 0", "100/m burst",
     "100/m burst x", "100/m burst 5 burst 5", "१/m", "9999999999999999/m"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_form_it_must_have(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_RATE_LIMIT_READ=text)
    assert "COUNT/UNIT burst COUNT" in faults["MFN_RATE_LIMIT_READ"]


def test_settings_hold_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    found = loaded(monkeypatch, MFN_ENV="dev", MFN_RATE_LIMIT_READ="5/s burst 7")
    assert found.rate_limit_read == Rate(5, 1, 7)
    assert found.rate_limit_simulate == Rate(100, 60, 50)


@pytest.mark.parametrize("store", ["memory", "memory://x", "http://127.0.0.1", "redis://", "redis://host:99999", ""])
def test_a_store_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    assert (
        "redis://HOST:PORT/DB"
        in refused(monkeypatch, MFN_ENV="dev", MFN_RATE_LIMIT_STORE=store)["MFN_RATE_LIMIT_STORE"]
    )


def test_a_store_whose_package_is_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mfn_server.config.packages.find_spec", lambda module: None)
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_RATE_LIMIT_STORE="rediss://store:6379/0")
    assert faults == {"MFN_RATE_LIMIT_STORE": "needs the package redis: pip install 'mfn-grpc[redis]'"}

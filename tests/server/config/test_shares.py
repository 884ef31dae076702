"""What each of several workers may take adds up to what the settings allow."""

import os

import pytest

from mfn_server.config.loading import load_settings
from mfn_server.config.rates import Rate
from mfn_server.config.settings import Settings
from mfn_server.config.shares import DIVIDED, share_of
from tests.server.config.loading import refused

STATELESS = "electrochemistry,simulation,features,validation"


def settings(workers: int, **given: object) -> Settings:
    return load_settings(**{"env": "dev", "services": STATELESS, "workers": workers} | given)


def test_one_worker_has_everything() -> None:
    whole = settings(1)
    assert share_of(whole) is whole


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_shares_never_exceed_the_whole(workers: int) -> None:
    whole = settings(workers)
    share = share_of(whole)
    for name in (*DIVIDED, "aggregate_spool_bytes"):
        assert whole.model_dump()[name] - workers < workers * getattr(share, name) <= getattr(whole, name), name
    assert share.aggregate_stream_bytes <= share.aggregate_spool_bytes


def test_rates_are_divided_where_each_process_counts_and_not_where_a_redis_does() -> None:
    alone = share_of(settings(2, rate_limit_simulate="100/m burst 50", rate_limit_admin="1/m"))
    assert alone.rate_limit_simulate == Rate(50, 60, 25)
    assert alone.rate_limit_admin == Rate(1, 60, 1)
    store = "redis://127.0.0.1:6379/0"
    shared = share_of(settings(2, rate_limit_simulate="100/m burst 50", rate_limit_store=store))
    assert shared.rate_limit_simulate == Rate(100, 60, 50)
    assert shared.rate_limit_health == Rate(500, 60, 500)


def test_threads_are_a_share_of_the_processors_unless_they_are_stated() -> None:
    processors = os.cpu_count() or 1
    assert share_of(settings(2)).compute_threads == max(1, processors // 2)
    assert share_of(settings(64, max_running=64, max_streams_per_principal=64)).compute_threads >= 1
    assert share_of(settings(2, compute_threads=3)).compute_threads == 3


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"MFN_WORKERS": "0"}, "MFN_WORKERS"),
        ({"MFN_WORKERS": "65"}, "MFN_WORKERS"),
        ({"MFN_WORKERS": "3", "MFN_MAX_RUNNING": "2"}, "MFN_MAX_RUNNING"),
        ({"MFN_WORKERS": "2", "MFN_MAX_STATE_BYTES": "2000000"}, "MFN_MAX_STATE_BYTES"),
        ({"MFN_WORKERS": "2", "MFN_SERVICES": "simulation,federation"}, "MFN_WORKERS"),
        ({"MFN_WORKERS": "2", "MFN_SERVICES": "federation"}, "MFN_WORKERS"),
    ],
    ids=str,
)
def test_what_cannot_be_shared_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], fault: str
) -> None:
    assert list(refused(monkeypatch, **({"MFN_ENV": "dev", "MFN_SERVICES": STATELESS} | variables))) == [fault]


def test_whoever_asks_for_federations_and_workers_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    text = refused(monkeypatch, MFN_ENV="dev", MFN_WORKERS="2")["MFN_WORKERS"]
    assert f"MFN_SERVICES={STATELESS}" in text
    assert "a deployment of its own with MFN_WORKERS=1" in text


def test_another_system_than_linux_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    assert "Darwin" in refused(monkeypatch, MFN_ENV="dev", MFN_WORKERS="2", MFN_SERVICES=STATELESS)["MFN_WORKERS"]

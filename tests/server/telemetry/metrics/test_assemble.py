"""Gauges are read from the parts of the server that they are about."""

from contextlib import closing
from pathlib import Path

import pytest

from mfn_client._development_certificates import DevelopmentAuthority
from mfn_server.app import Application
from mfn_server.config.loading import load_settings
from mfn_server.telemetry.audit import Audit
from tests.server.telemetry.metrics.scraping import scrape_unstarted, undeclared, value

FIRST, SECOND = DevelopmentAuthority(days=2), DevelopmentAuthority(days=9)
EXPIRY = "mfn_tls_certificate_expiry_seconds"


def write(folder: Path, authority: DevelopmentAuthority) -> dict[str, Path]:
    """A certificate of it; gives the settings that name the files."""
    pair, certificate, key = authority.server(["127.0.0.1"]), folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    return {"tls_cert_file": certificate, "tls_key_file": key}


async def test_the_end_of_the_certificate_in_use_is_told_also_after_it_was_renewed(tmp_path: Path) -> None:
    settings = load_settings(env="dev", port=0, transport_security="tls", **write(tmp_path, FIRST))
    with closing(Application(settings)) as application:
        served = application.certificate
        assert served is not None
        first = value(await scrape_unstarted(application), EXPIRY)
        assert first == served.certificate_expiry()
        write(tmp_path, SECOND)
        assert served.news() is not None
        (tmp_path / "cert.pem").write_text("no certificate")
        assert served.news() is None
        samples = await scrape_unstarted(application)
    assert value(samples, EXPIRY) == served.certificate_expiry() > first
    for outcome in ("succeeded", "failed"):
        assert value(samples, "mfn_reloads_total", file="tls_cert_file", outcome=outcome) == 1
    assert value(samples, "mfn_reload_faults", file="tls_cert_file") == 1


async def test_without_a_certificate_there_is_no_end_of_one() -> None:
    with closing(Application(load_settings(env="dev", port=0))) as application:
        assert EXPIRY not in {name for name, _ in await scrape_unstarted(application)}


async def test_lines_that_the_log_and_the_audit_lost_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = 3
    monkeypatch.setattr(Audit, "lost", property(lambda _: 4))
    with closing(Application(load_settings(env="dev", port=0), lambda: lost)) as application:
        assert value(await scrape_unstarted(application), "mfn_log_lines_dropped_total") == 7
        lost = 10
        assert value(await scrape_unstarted(application), "mfn_log_lines_dropped_total") == 14


async def test_limits_are_those_of_the_settings_and_a_drain_is_seen() -> None:
    most = {"running": 3, "queued": 5, "streams": 7, "bytes": 1 << 30}
    named = {"max_running": 3, "max_queued": 5, "max_streams": 7, "max_state_bytes": 1 << 30}
    with closing(Application(load_settings(env="dev", port=0, compute_threads=2, **named))) as application:
        samples = await scrape_unstarted(application)
        assert {each: value(samples, "mfn_admission_limit", resource=each) for each in most} == most
        assert (value(samples, "mfn_compute_workers"), value(samples, "mfn_server_draining")) == (2, 0)
        application.leaving = True
        samples = await scrape_unstarted(application)
    assert value(samples, "mfn_server_draining") == 1
    assert not undeclared(samples)

"""What a server that starts tells its operator of its settings."""

from pathlib import Path

import pytest

from mfn_server.config import memory
from mfn_server.config.loading import load_settings
from mfn_server.config.warnings import warnings
from tests.server.config.certificates import self_signed
from tests.server.config.loading import COMPLETE, loaded

BEHIND_A_PROXY = COMPLETE | {"MFN_TRUST_PROXY_HEADERS": "true", "MFN_TRUSTED_PROXIES": "10.0.0.0/8"}


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where a container would state its limit of memory; it states none, and the machine has plenty."""
    limit = tmp_path / "memory.max"
    limit.write_text("max\n")
    monkeypatch.setattr(memory, "CGROUP_LIMITS", (limit, tmp_path / "missing"))
    monkeypatch.setattr("os.sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**22}.__getitem__)
    return limit


def named(settings: object) -> list[str]:
    return [text.split()[0] for text in warnings(settings)]  # type: ignore[arg-type]  # Settings, or it fails


def test_a_server_of_the_developer_is_told_nothing() -> None:
    assert warnings(load_settings(env="dev")) == []


def test_a_guarded_server_is_told_what_replicas_do_not_share(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named(loaded(monkeypatch, **BEHIND_A_PROXY)) == ["MFN_RATE_LIMIT_STORE"]
    assert named(loaded(monkeypatch, MFN_RATE_LIMIT_STORE="redis://127.0.0.1:6379/0")) == []


def test_open_doors_are_told_outside_dev(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = {"MFN_API_KEY_REQUIRED": "false", "MFN_RATE_LIMIT_ENABLED": "false"}  # pragma: allowlist secret
    wide |= {"MFN_METRICS_HOST": "0.0.0.0", "MFN_HOST": "::", "MFN_DRAIN_GRACE_S": "0"}
    doors = ["MFN_API_KEY_REQUIRED", "MFN_RATE_LIMIT_ENABLED", "MFN_METRICS_HOST", "MFN_TRANSPORT_SECURITY"]
    assert named(loaded(monkeypatch, **BEHIND_A_PROXY, **wide)) == [*doors, "MFN_DRAIN_GRACE_S"]


def test_a_proxy_whose_headers_are_not_believed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named(loaded(monkeypatch, MFN_ENV="dev", MFN_TRANSPORT_SECURITY="mesh")) == ["MFN_TRUST_PROXY_HEADERS"]


@pytest.mark.parametrize(("mode", "told"), [(0o604, ["MFN_TLS_KEY_FILE"]), (0o640, [])])
def test_a_key_that_everybody_may_read_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mode: int, told: list[str]
) -> None:
    variables = COMPLETE | self_signed(tmp_path) | {"MFN_TRANSPORT_SECURITY": "tls"}
    Path(variables["MFN_TLS_KEY_FILE"]).chmod(mode)
    assert named(loaded(monkeypatch, **variables))[:-1] == told


def test_state_beyond_the_containers_memory_is_told(monkeypatch: pytest.MonkeyPatch, limits: Path) -> None:
    settings = load_settings(env="dev", max_state_bytes=2**30)
    limits.write_text(f"{2**30}\n")
    assert named(settings) == []
    limits.write_text(f"{2**30 - 1}\n")
    assert warnings(settings)[0].startswith("MFN_MAX_STATE_BYTES is 1,073,741,824, more than the 1,073,741,823 bytes")


def test_state_beyond_the_machines_memory_is_told() -> None:
    assert named(load_settings(env="dev", max_state_bytes=2**34)) == []
    assert named(load_settings(env="dev", max_state_bytes=2**34 + 1)) == ["MFN_MAX_STATE_BYTES"]


def test_settings_that_do_nothing_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    idle = {"MFN_TRUSTED_PROXIES": "10.0.0.0/8", "MFN_TRACE_ENDPOINT": "http://localhost:4317"}
    idle |= {"MFN_TLS_CERT_FILE": str(tmp_path / "cert.pem")}
    told = ["MFN_TLS_CERT_FILE", "MFN_TRUSTED_PROXIES", "MFN_TRACE_ENDPOINT"]
    assert named(loaded(monkeypatch, MFN_ENV="dev", **idle)) == told


def test_workers_that_count_rates_for_themselves_are_told_of() -> None:
    services = "electrochemistry"
    (text,) = warnings(load_settings(env="dev", workers=2, services=services, rate_limit_enabled=True))
    assert "which workers do not share" in text
    store = "redis://127.0.0.1:6379/0"
    assert warnings(load_settings(env="dev", workers=2, services=services, rate_limit_store=store)) == []

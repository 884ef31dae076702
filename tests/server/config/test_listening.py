"""No connection is unencrypted beyond this machine, unless the operator says who encrypts instead."""

from pathlib import Path

import pytest

from tests.server.config.certificates import self_signed
from tests.server.config.loading import COMPLETE, KEY, loaded, refused

TLS = COMPLETE | {"MFN_TRANSPORT_SECURITY": "tls"}
CLIENTS = {"MFN_TLS_CLIENT_AUTH": "required", "MFN_CLIENT_IDENTITIES": '{"lab.example": ["read"]}'}


@pytest.mark.parametrize("env", ["staging", "prod"])
def test_loopback_is_for_dev(monkeypatch: pytest.MonkeyPatch, env: str) -> None:
    faults = refused(monkeypatch, **(COMPLETE | {"MFN_ENV": env, "MFN_TRANSPORT_SECURITY": "loopback"}))
    assert faults["MFN_TRANSPORT_SECURITY"].startswith(f"loopback is refused in {env}: set tls")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1"])
def test_without_encryption_an_address_beyond_this_machine_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str
) -> None:
    monkeypatch.setenv("MFN_API_KEY", KEY)
    assert "MFN_TRANSPORT_SECURITY=loopback" in refused(monkeypatch, MFN_ENV="dev", MFN_HOST=host)["MFN_HOST"]
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_HOST=host, MFN_TRANSPORT_SECURITY="mesh").host == host
    variables = self_signed(tmp_path) | {"MFN_TRANSPORT_SECURITY": "tls"}
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_HOST=host, **variables).host == host


def test_who_lacks_a_certificate_is_told_the_setting_that_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_TRANSPORT_SECURITY="tls")
    assert list(faults) == ["MFN_TLS_CERT_FILE", "MFN_TLS_KEY_FILE"]
    assert all("set MFN_TRANSPORT_SECURITY=mesh if a proxy" in text for text in faults.values())


@pytest.mark.parametrize("security", ["mesh", "tls"])
def test_whom_nobody_asks_for_a_credential_calls_from_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, security: str
) -> None:
    variables = self_signed(tmp_path) | {"MFN_ENV": "dev", "MFN_TRANSPORT_SECURITY": security}
    faults = refused(monkeypatch, MFN_HOST="0.0.0.0", **variables)
    assert list(faults) == ["MFN_HOST"]
    assert "anybody could call everything" in faults["MFN_HOST"]
    assert loaded(monkeypatch, MFN_HOST="127.0.0.1").host == "127.0.0.1"
    assert loaded(monkeypatch, MFN_HOST="0.0.0.0", MFN_API_KEY=KEY).host == "0.0.0.0"


def test_callers_with_a_certificate_are_no_strangers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables = self_signed(tmp_path) | {"MFN_ENV": "dev", "MFN_TRANSPORT_SECURITY": "tls", "MFN_HOST": "0.0.0.0"}
    variables |= {"MFN_TLS_CLIENT_AUTH": "required", "MFN_TLS_CLIENT_CA_FILE": variables["MFN_TLS_CERT_FILE"]}
    assert loaded(monkeypatch, **variables).host == "0.0.0.0"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_loopback_address_is_taken(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_HOST=host).host == host


@pytest.mark.parametrize("host", ["example.org", "", "localhost.example.org", "1.2.3"])
def test_a_host_is_an_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert "must be an IP address or localhost" in refused(monkeypatch, MFN_ENV="dev", MFN_HOST=host)["MFN_HOST"]


def test_a_certificate_and_its_key_are_enough_for_production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert loaded(monkeypatch, **TLS, **self_signed(tmp_path)).tls_cert_file == tmp_path / "cert.pem"


def test_files_that_are_missing_or_hold_something_else_are_all_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "cert").write_text("none")
    named = {name: str(tmp_path / name[8:].lower()) for name in ("MFN_TLS_CERT", "MFN_TLS_KEY", "MFN_TLS_CLIENT_CA")}
    faults = refused(monkeypatch, **TLS, **{f"{name}_FILE": path for name, path in named.items()})
    assert faults == {
        "MFN_TLS_CERT_FILE": f"{tmp_path / 'cert'} holds no certificate in PEM; name the file that begins "
        "-----BEGIN CERTIFICATE-----",
        "MFN_TLS_KEY_FILE": f"{tmp_path / 'key'} cannot be read: no such file or directory; name a file that this "
        "process may read",
        "MFN_TLS_CLIENT_CA_FILE": f"{tmp_path / 'client_ca'} cannot be read: no such file or directory; name a file "
        "that this process may read",
    }


def test_a_key_of_another_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one, other = self_signed(tmp_path / "one"), self_signed(tmp_path / "other")
    faults = refused(monkeypatch, **TLS, **(one | {"MFN_TLS_KEY_FILE": other["MFN_TLS_KEY_FILE"]}))
    assert list(faults) == ["MFN_TLS_KEY_FILE"]
    assert "is not the key of the certificate" in faults["MFN_TLS_KEY_FILE"]


def test_a_key_under_a_password_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    faults = refused(monkeypatch, **TLS, **self_signed(tmp_path, password=b"lock"))
    assert "under a password" in faults["MFN_TLS_KEY_FILE"]


@pytest.mark.parametrize(("days", "told"), [((-30, -1), "expired on"), ((1, 30), "check the clock")])
def test_a_certificate_out_of_its_time_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, days: tuple[int, int], told: str
) -> None:
    variables = self_signed(tmp_path, from_day=days[0], to_day=days[1])
    variables["MFN_TLS_CLIENT_CA_FILE"] = variables["MFN_TLS_CERT_FILE"]
    faults = refused(monkeypatch, **TLS, **variables)
    assert list(faults) == ["MFN_TLS_CERT_FILE", "MFN_TLS_CLIENT_CA_FILE"]
    assert all(told in text for text in faults.values())


def test_of_several_authorities_one_may_have_expired(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old, new = self_signed(tmp_path / "old", from_day=-9, to_day=-1), self_signed(tmp_path / "new")
    both = tmp_path / "both"
    both.write_bytes(b"".join(Path(each["MFN_TLS_CERT_FILE"]).read_bytes() for each in (old, new)))
    assert loaded(monkeypatch, **TLS, **new, **CLIENTS, MFN_TLS_CLIENT_CA_FILE=str(both)).client_identities


def test_client_certificates_need_tls_and_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(refused(monkeypatch, **COMPLETE, **CLIENTS)) == {"MFN_TLS_CLIENT_AUTH", "MFN_TLS_CLIENT_CA_FILE"}
    monkeypatch.delenv("MFN_TLS_CLIENT_AUTH")
    assert set(refused(monkeypatch)) == {"MFN_CLIENT_IDENTITIES"}


def test_proxies_must_be_named_before_they_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(refused(monkeypatch, MFN_ENV="dev", MFN_TRUST_PROXY_HEADERS="true")) == ["MFN_TRUSTED_PROXIES"]


def test_a_key_that_everybody_may_change_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables = self_signed(tmp_path)
    Path(variables["MFN_TLS_KEY_FILE"]).chmod(0o602)
    assert "may be changed by everybody" in refused(monkeypatch, **TLS, **variables)["MFN_TLS_KEY_FILE"]


@pytest.mark.parametrize("networks", ["0.0.0.0/1,128.0.0.0/1", "::/1,10.0.0.0/8,8000::/2,c000::/2"])
def test_networks_that_are_every_address_together_are_refused(monkeypatch: pytest.MonkeyPatch, networks: str) -> None:
    faults = refused(monkeypatch, MFN_ENV="dev", MFN_TRUSTED_PROXIES=networks)
    assert "every address" in faults["MFN_TRUSTED_PROXIES"]


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "proxy.example", "10.0.0.0/33"])
def test_proxies_are_networks_and_never_everybody(monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    assert repr(network) in refused(monkeypatch, MFN_ENV="dev", MFN_TRUSTED_PROXIES=network)["MFN_TRUSTED_PROXIES"]


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.org", "null", "example.org", "ftp://a", "https://a/", "https://a/b", "https://"]
)
def test_an_origin_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    named = f"https://lab.example.org:8443,{origin}"
    assert list(refused(monkeypatch, MFN_ENV="dev", MFN_CORS_ORIGINS=named)) == ["MFN_CORS_ORIGINS"]
    assert loaded(monkeypatch, MFN_ENV="dev", MFN_CORS_ORIGINS=named.partition(",")[0]).cors_origins


def test_metrics_need_a_port_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(refused(monkeypatch, MFN_PORT="9464", **COMPLETE)) == ["MFN_METRICS_PORT"]
    assert KEY not in str(refused(monkeypatch))

"""`mfn certs dev`: what it writes, what it says, and that a server and its callers can live by it."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from mfn_server.embedded import EmbeddedServer
from tests.client.cli.running import mfn

FILES = {"ca.pem", "server.pem", "server.key", "client-alice.pem", "client-alice.key"}


def made(folder: Path, *more: object) -> dict[str, Any]:
    done = mfn("certs", "dev", "--out", folder, "--client", "alice", *more, "--json")
    assert done.exit_code == 0
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_keys_are_for_their_owner_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    document = made(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == FILES
    assert {Path(each).name for each in document["files"]} == FILES
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert {name for name, mode in modes.items() if mode == 0o600} == {"server.key", "client-alice.key"}


def test_names_and_days_are_those_that_were_said(tmp_path: Path) -> None:
    made(tmp_path, "--host", "mfn.example", "--host", "10.0.0.7", "--days", "3")
    certificate = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mfn.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.7"]
    assert (certificate.not_valid_after_utc - datetime.now(UTC)).days == 2  # and some hours


def test_nothing_is_replaced_unless_asked(tmp_path: Path) -> None:
    made(tmp_path)
    (tmp_path / "server.key").unlink()
    before = (tmp_path / "ca.pem").read_bytes()
    done = mfn("certs", "dev", "--out", tmp_path)
    assert (done.exit_code, "ca.pem, server.pem already" in done.stderr) == (2, True)
    assert {path.name for path in tmp_path.iterdir()} == FILES - {"server.key"}
    assert (tmp_path / "ca.pem").read_bytes() == before
    made(tmp_path, "--force")
    assert (tmp_path / "ca.pem").read_bytes() != before


@pytest.mark.parametrize("option", [("--host", "no host"), ("--host", ""), ("--client", "../eve"), ("--client", "")])
def test_names_that_cannot_be_are_bad_usage(tmp_path: Path, option: tuple[str, str]) -> None:
    done = mfn("certs", "dev", "--out", tmp_path / "new", *option)
    assert (done.exit_code, option[0] in done.stderr) == (2, True)
    assert not (tmp_path / "new").exists()


def test_people_are_told_what_to_type(tmp_path: Path) -> None:
    said = mfn("certs", "dev", "--out", tmp_path / "a b").stdout
    assert f"  export MFN_TLS_CERT_FILE='{tmp_path}/a b/server.pem'\n" in said
    assert f"  mfn health --server localhost:50051 --ca-file '{tmp_path}/a b/ca.pem'\n" in said
    assert "MFN_TLS_CLIENT_AUTH" not in said


def test_a_server_and_its_callers_live_by_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = made(tmp_path)
    for name, value in document["server_environment"].items():
        monkeypatch.setenv(name, value)
    (options,) = document["client_options"]
    with EmbeddedServer(host="127.0.0.1") as server:
        place = ["--server", server.target]
        assert mfn("health", "liveness", *options, *place).stdout == "SERVING\n"
        variables = {"MFN_CA_FILE": options[3], "MFN_CLIENT_CERT": options[5], "MFN_CLIENT_KEY": options[7]}
        assert mfn("health", "liveness", *place, **variables).stdout == "SERVING\n"
        without = mfn("health", "liveness", *options[:4], *place)
        assert (without.exit_code, "--client-cert" in without.stderr) == (1, True)
        plain = mfn("health", "liveness", *place)
        assert (plain.exit_code, "--ca-file" in plain.stderr) == (1, True)

"""`mfn config`: settings and their faults, without a server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mfn_server.cli import register
from mfn_server.config.settings import Settings
from tests.server.config.loading import COMPLETE, KEY


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MFN_{name.upper()}", raising=False)


def mfn(*words: str, **variables: str) -> Result:
    """What the command does with these variables."""
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["config", *words], env=variables)


def test_settings_that_hold_are_ok_and_what_may_surprise_is_told_aside() -> None:
    done = mfn("check", MFN_METRICS_PROT="1", **COMPLETE)
    assert (done.exit_code, done.stdout) == (0, "ok\n")
    assert "warning: MFN_METRICS_PROT is no setting and is ignored; did you mean MFN_METRICS_PORT?\n" in done.stderr
    assert "warning: MFN_RATE_LIMIT_STORE is memory://" in done.stderr


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "none"}]}', "\xff"])
def test_files_of_credentials_that_a_server_would_refuse_are_all_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content, encoding="latin-1")
    variables = {"MFN_API_KEYS_FILE": str(file), "MFN_API_KEY_PEPPER": "p" * 32, "MFN_JWT_JWKS_FILE": str(file)}
    variables |= {"MFN_ENV": "dev", "MFN_JWT_ISSUER": "https://id.example.org", "MFN_JWT_AUDIENCE": "mfn"}
    done = mfn("check", **variables)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "MFN_API_KEYS_FILE: " in done.stderr
    assert "MFN_JWT_JWKS_FILE: " in done.stderr


@pytest.mark.parametrize("words", [["check"], ["show"], ["show", "--json"]])
def test_faults_end_with_2_and_are_all_told(words: list[str]) -> None:
    done = mfn(*words, **(COMPLETE | {"MFN_API_KEY": "changeme", "MFN_PORT": "http"}))
    assert (done.exit_code, done.stdout) == (2, "")
    assert "  MFN_API_KEY: " in done.stderr
    assert "  MFN_PORT: " in done.stderr
    assert "changeme" not in done.stderr


def test_every_setting_is_shown_with_its_origin_and_secrets_are_masked() -> None:
    done = mfn("show", "--json", MFN_PORT="7", MFN_DRAIN_NOTICE_S="5", **COMPLETE)
    assert done.exit_code == 0
    assert KEY not in done.output
    found = json.loads(done.stdout)
    assert set(found) == {f"MFN_{name.upper()}" for name in Settings.model_fields}
    assert found["MFN_ENV"] == {"value": "prod", "from": "default"}
    assert found["MFN_PORT"] == {"value": 7, "from": "variable"}
    assert found["MFN_METRICS_PORT"] == {"value": 9464, "from": "file"}
    assert found["MFN_DRAIN_NOTICE_S"] == {"value": 5, "from": "variable"}
    assert found["MFN_API_KEY"] == {"value": "**********", "from": "variable"}
    assert found["MFN_API_KEY_PEPPER"] == {"value": None, "from": "default"}
    assert found["MFN_RATE_LIMIT_READ"]["value"] == "60000/m burst 2000"


def test_for_people_it_is_a_line_for_each_setting() -> None:
    done = mfn("show", MFN_ENV="dev", MFN_TRUSTED_PROXIES="::1")
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert list(rows) == [f"MFN_{name.upper()}" for name in Settings.model_fields]
    assert rows["MFN_TRANSPORT_SECURITY"] == ["file", "loopback"]
    assert rows["MFN_API_KEY"] == ["default", "none"]
    assert rows["MFN_TRUSTED_PROXIES"] == ["variable", '["::1/128"]']


def test_checking_loads_no_server(tmp_path: Path) -> None:
    program = (
        "import sys, typer; from mfn_server.cli import config; config.check();"
        "print([name for name in ('numpy', 'numba', 'mfn_server.app') if name in sys.modules])"
    )
    environment = {"PYTHONPATH": ":".join(sys.path), "MFN_ENV": "dev", "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "ok\n[]\n"


def test_the_offered_services_are_shown_and_checked_like_any_setting() -> None:
    shown = mfn("show", MFN_SERVICES="federation,simulation", **COMPLETE)
    assert shown.exit_code == 0
    (line,) = [line for line in shown.stdout.splitlines() if line.startswith("MFN_SERVICES")]
    assert all(word in line for word in ('["simulation", "federation"]', "variable"))
    wrong = mfn("check", MFN_SERVICES="auth", **COMPLETE)
    assert wrong.exit_code == 2
    assert "MFN_SERVICES: 'auth': no such service" in wrong.stderr

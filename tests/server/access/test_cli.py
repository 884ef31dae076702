"""`mfn keys`."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mfn_server.access.cli import register
from mfn_server.config import layers
from tests.server.access.calls import call_with
from tests.server.access.reading import api_keys

PEPPER = "p" * 32


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The keys file of the variables; the audit is beside it."""
    path = tmp_path / "keys.json"
    monkeypatch.setenv("MFN_API_KEYS_FILE", str(path))
    monkeypatch.setenv("MFN_API_KEY_PEPPER", PEPPER)
    monkeypatch.setenv("MFN_AUDIT_FILE", str(tmp_path / "audit.jsonl"))
    return path


def run(*words: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["keys", *words])


def create(*words: str) -> Result:
    return run("create", "--principal", "ann", "--scopes", "simulate,read", *words)


async def test_a_key_is_printed_once_and_lets_its_holder_in(file: Path) -> None:
    key = create("--expires", "90d").stdout.strip()
    content = file.read_bytes().decode()  # noqa: ASYNC240  # nothing else runs on the loop of a test
    identity = await api_keys(file, PEPPER.encode()).authenticate(call_with(x_api_key=key))
    assert identity is not None
    assert (identity.principal, sorted(identity.scopes)) == ("ann", ["read", "simulate"])
    assert key not in content + run("list").output


def test_the_list_shows_each_key_with_its_state(file: Path) -> None:
    first, second = (create().stdout[4:16] for _ in range(2))
    assert run("revoke", first).exit_code == 0
    rows = [line.split() for line in run("list").stdout.splitlines()]
    assert [row[:4] for row in rows] == [
        [first, "revoked", "ann", "read,simulate"],
        [second, "valid", "ann", "read,simulate"],
    ]


def test_each_change_is_in_the_audit_without_the_key(file: Path) -> None:
    key = create().stdout.strip()
    run("revoke", key[4:16])
    lines = (file.parent / "audit.jsonl").read_text().splitlines()
    assert [(each["event"], each["credential"]) for each in map(json.loads, lines)] == [
        ("key.created", f"key:{key[4:16]}"),
        ("key.revoked", f"key:{key[4:16]}"),
    ]
    assert key[17:] not in "".join(lines)


def test_without_an_audit_file_the_audit_goes_to_standard_error(
    file: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MFN_AUDIT_FILE")
    create()
    assert json.loads(capfd.readouterr().err)["event"] == "key.created"


@pytest.mark.parametrize(
    "words",
    [
        ("create", "--principal", "cert:ann", "--scopes", "read"),
        ("create", "--principal", "ann", "--scopes", "fly"),
        ("create", "--principal", "ann", "--scopes", ","),
        ("create", "--principal", "ann", "--scopes", "read", "--expires", "0d"),
        ("create", "--principal", "ann", "--scopes", "read", "--expires", "999999999999d"),
        ("create", "--principal", "ann", "--scopes", "read", "--expires", "-1d"),
        ("create", "--principal", "ann", "--scopes", "read", "--expires", "soon"),
        ("revoke", "0123456789ab"),
    ],
)
def test_what_cannot_be_is_bad_usage_and_changes_nothing(file: Path, words: tuple[str, ...]) -> None:
    create()
    before = file.read_bytes()
    found = run(*words)
    assert (found.exit_code, file.read_bytes()) == (2, before)
    assert "Traceback" not in found.output


def test_every_option_at_fault_is_named_with_what_it_was_given(file: Path) -> None:
    found = run("create", "--principal", "ann", "--scopes", "reed", "--expires", "90")
    told = " ".join(found.output.replace("│", " ").split())
    for words in ("--scopes 'reed'", "there are read,", "--expires '90' must be", "90d or 12w"):
        assert words in told
    assert (found.exit_code, file.exists()) == (2, False)


def test_without_the_servers_pepper_no_key_is_made(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFN_API_KEY_PEPPER", "short")
    found = create()
    assert found.exit_code == 2
    assert "MFN_API_KEY_PEPPER" in found.output
    assert not file.exists()


async def test_the_pepper_may_be_in_the_file_that_the_servers_setting_names(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = file.parent / "a-name-that-is-as-long-as-a-pepper-must-be"
    mounted.write_bytes(f"# of the vault\n{PEPPER}\n".encode())
    monkeypatch.setenv("MFN_API_KEY_PEPPER", f"@{mounted}")
    key = create().stdout.strip()
    assert await api_keys(file, PEPPER.encode()).authenticate(call_with(x_api_key=key)) is not None


def test_a_pepper_whose_file_is_missing_makes_no_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFN_API_KEY_PEPPER", f"@{file.parent / 'a-name-that-is-as-long-as-a-pepper-must-be'}")
    assert create().exit_code == 2
    assert not file.exists()


def test_the_pepper_is_read_by_the_same_settings_as_the_servers(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pepper = file.parent / "pepper"
    pepper.write_text(PEPPER)
    monkeypatch.setenv("MFN_API_KEY_PEPPER", f"@{pepper}")
    monkeypatch.setenv("MFN_VAULT_CA_FILE", "none")
    assert create().exit_code == 0
    (file.parent / "dev.json").write_text('{"secrets_refresh_s": 0, "port": 1}')
    monkeypatch.setattr(layers, "CONFIGS", file.parent)
    monkeypatch.setenv("MFN_ENV", "dev")
    assert "MFN_SECRETS_REFRESH_S" in create().output

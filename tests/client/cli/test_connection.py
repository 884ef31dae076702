"""The options of a connection: what they come to, and what is handed on to other processes."""

from pathlib import Path

import pytest

from mfn_client import InvalidCredentials, Tls
from mfn_client.cli.connection import credentials
from mfn_client.cli.connection_options import Connection
from tests.client.cli.running import CONNECTION, mfn


def test_without_options_nothing_is_shown_or_encrypted() -> None:
    assert credentials(Connection()) == {"api_key": None, "token": None, "tls": None}


def test_files_imply_encryption() -> None:
    assert credentials(Connection(tls=True))["tls"] == Tls()
    assert credentials(Connection(ca_file=Path("ca")))["tls"] == Tls(Path("ca"))
    own = Connection(client_cert=Path("own"), client_key=Path("key"))
    assert credentials(own)["tls"] == Tls(None, Path("own"), Path("key"))


def test_half_a_pair_is_bad_usage() -> None:
    with pytest.raises(InvalidCredentials):
        credentials(Connection(client_cert=Path("own")))
    done = mfn("models", "--server", "localhost:1", "--client-key", "key")
    assert (done.exit_code, "belong together" in done.stderr) == (2, True)


def test_a_file_that_is_not_there_is_named() -> None:
    done = mfn("models", "--server", "localhost:1", "--ca-file", "/not/there.pem")
    assert (done.exit_code, done.stderr) == (1, "Error: No such file or directory: /not/there.pem\n")


def test_another_process_connects_alike_and_inherits_nothing_else() -> None:
    said = Connection("localhost:1", token="t", ca_file=Path("ca")).environment()
    assert set(said) == {f"MFN_{name}" for name in CONNECTION}
    assert {name: value for name, value in said.items() if value} == {
        "MFN_SERVER": "localhost:1",
        "MFN_TOKEN": "t",
        "MFN_CA_FILE": str(Path.cwd() / "ca"),
    }


def test_an_empty_variable_is_none() -> None:
    done = mfn("models", "--server", "localhost:1", MFN_TLS="", MFN_TOKEN="", MFN_CA_FILE="", MFN_API_KEY="")
    assert "Is a server running there?" in done.stderr


def test_neither_key_nor_token_is_in_the_repr() -> None:
    assert "hidden" not in repr(Connection(api_key="hidden", token="hidden"))  # pragma: allowlist secret

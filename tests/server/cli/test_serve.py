"""`mfn serve`: the server as a sub-command of the client's command."""

import os

import pytest
import typer
from typer.testing import CliRunner

from mfn_server import __main__ as main_module
from mfn_server.cli import register


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """An `mfn` that has no other sub-commands, and starts no server: it ends with 7 and says which port was meant."""

    def main(arguments: list[str]) -> int:
        typer.echo(" ".join([f"port {os.environ.get('MFN_PORT')}", *arguments]))
        return 7

    monkeypatch.setattr(main_module, "main", main)
    monkeypatch.setenv("MFN_PORT", "1234")  # and so put back as it was, whatever the command sets
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return app


def test_serve_ends_as_the_server_does(command: typer.Typer) -> None:
    found = CliRunner().invoke(command, ["serve"])
    assert (found.exit_code, found.output) == (7, "port 1234\n")


def test_the_port_of_the_command_line_goes_before_the_variable(command: typer.Typer) -> None:
    assert CliRunner().invoke(command, ["serve", "--port", "0"]).output == "port 0\n"


def test_services_are_handed_on_to_the_server(command: typer.Typer) -> None:
    found = CliRunner().invoke(command, ["serve", "--services", "simulation,features"])
    assert found.output == "port 1234 --services simulation,features\n"


def test_a_port_that_is_no_number_is_bad_usage(command: typer.Typer) -> None:
    assert CliRunner().invoke(command, ["serve", "--port", "http"]).exit_code == 2


def test_the_number_of_processes_is_handed_on_to_the_server(command: typer.Typer) -> None:
    found = CliRunner().invoke(command, ["serve", "--workers", "3", "--services", "simulation"])
    assert found.output == "port 1234 --services simulation --workers 3\n"

"""`mfn certs`."""

# ruff: noqa: PLC0415  # cryptography is loaded when a command runs, not for --help

import json as json_format
import os
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from mfn_client.cli.failures import UsageError
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, emit_json

NAME = "certs"
LOCAL = ("localhost", "127.0.0.1", "::1")
SCOPES = ("read", "simulate", "features", "validate", "federate")
"""What a certificate is shown to allow; administration is for the operator to add."""
PRIVATE, PUBLIC = 0o600, 0o644
_CLIENT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_HOST = re.compile(r"[A-Za-z0-9*]([A-Za-z0-9.:-]{0,62}[A-Za-z0-9])?|::|::1")


def build() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(name=NAME, no_args_is_help=True, help="Certificates for trying TLS out.")
    group.callback()(_group)
    group.command("dev")(dev)
    return group


def _group() -> None:
    """Certificates for trying TLS out."""


def dev(
    out: Annotated[Path, typer.Option(help="The folder to write into; made when missing.")] = Path("certs"),
    host: Annotated[
        list[str] | None,
        typer.Option(help="Name or address of the server; may be repeated. Default: localhost, 127.0.0.1 and ::1."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="Days that the certificates hold.")] = 30,
    client: Annotated[
        list[str] | None, typer.Option(help="Make a client's certificate too, for mutual TLS; may be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    json: Json = False,
) -> None:
    """Make an authority for development, a server's certificate and clients' ones. The authority's key is not kept."""
    hosts, clients = tuple(host or LOCAL), tuple(client or ())
    _check(hosts, clients)
    folder = out.absolute()
    existing = sorted(name for name in _names(clients) if (folder / name).exists())
    if existing and not force:
        raise UsageError(f"{folder} holds {', '.join(existing)} already; --force replaces them")
    _write(folder, _made(hosts, clients, days))
    server, caller = _server_variables(folder, clients), _client_options(folder, hosts[0], clients)
    if json:
        files = [str(folder / name) for name in _names(clients)]
        emit_json({"files": files, "server_environment": server, "client_options": caller})
    else:
        _tell(folder, _names(clients), days, server, caller)


def _check(hosts: Sequence[str], clients: Sequence[str]) -> None:
    faults = [f"--host {host!r} is no host name or address" for host in hosts if not _HOST.fullmatch(host)]
    faults += [
        f"--client {name!r} must be letters, digits, dots, underscores and dashes, 63 at most"
        for name in clients
        if not _CLIENT.fullmatch(name)
    ]
    if faults:
        raise UsageError("; ".join(faults))


def _names(clients: Sequence[str]) -> list[str]:
    pairs = [f"{who}{end}" for who in ("server", *map("client-{}".format, clients)) for end in (".pem", ".key")]
    return ["ca.pem", *pairs]


def _made(hosts: Sequence[str], clients: Sequence[str], days: int) -> dict[str, bytes]:
    """The contents of the files, by name."""
    from mfn_client._development_certificates import DevelopmentAuthority

    authority = DevelopmentAuthority(days)
    pairs = {"server": authority.server(hosts)} | {f"client-{name}": authority.client(name) for name in clients}
    made = {"ca.pem": authority.certificate}
    for name, pair in pairs.items():
        made |= {f"{name}.pem": pair.certificate, f"{name}.key": pair.key}
    return made


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Each file appears whole, as a server that serves may read it at any moment; keys are for their owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        draft = folder / f".{name}.{secrets.token_hex(4)}"
        mode = PRIVATE if name.endswith(".key") else PUBLIC
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
        draft.replace(folder / name)


def _server_variables(folder: Path, clients: Sequence[str]) -> dict[str, str]:
    variables = {
        "MFN_TRANSPORT_SECURITY": "tls",
        "MFN_TLS_CERT_FILE": str(folder / "server.pem"),
        "MFN_TLS_KEY_FILE": str(folder / "server.key"),
    }
    if clients:
        variables["MFN_TLS_CLIENT_AUTH"] = "required"
        variables["MFN_TLS_CLIENT_CA_FILE"] = str(folder / "ca.pem")
        variables["MFN_CLIENT_IDENTITIES"] = json_format.dumps(dict.fromkeys(clients, SCOPES))
    return variables


def _client_options(folder: Path, host: str, clients: Sequence[str]) -> list[list[str]]:
    """What each client says to reach the server; one without a certificate where there are none."""
    place = f"[{host}]:50051" if ":" in host else f"{host}:50051"
    common = ["--server", place, "--ca-file", str(folder / "ca.pem")]
    own = [
        ["--client-cert", f"{folder}/client-{who}.pem", "--client-key", f"{folder}/client-{who}.key"] for who in clients
    ]
    return [[*common, *files] for files in own or [[]]]


def _tell(folder: Path, names: Sequence[str], days: int, server: Mapping[str, str], clients: list[list[str]]) -> None:
    lines = [f"{folder} has {', '.join(names)}; for development only, good for {days} days.", "", "The server:"]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in server.items()]
    lines += ["", "Clients:"]
    lines += [f"  mfn health {shlex.join(options)}" for options in clients]
    out = console()
    for line in lines:
        out.print(line, soft_wrap=True, markup=False)

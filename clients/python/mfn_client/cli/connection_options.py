"""The options of every command that talks to a server: which one, what it is shown, how the way there is encrypted."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

PANEL = "Connection"


def _option(name: str, text: str, metavar: str | None = None) -> Any:
    return typer.Option(name, envvar=variable(name), metavar=metavar, help=text, rich_help_panel=PANEL)


def variable(name: str) -> str:
    """The environment variable that stands for an option, or for a field of Connection."""
    return f"MFN_{name.removeprefix('--').replace('-', '_').upper()}"


Server = Annotated[
    str | None,
    _option("--server", "The server to call. Default: one started inside this process for this command.", "HOST:PORT"),
]
ApiKey = Annotated[str | None, _option("--api-key", "Sent to --server; to other machines only with --tls.")]
Token = Annotated[str | None, _option("--token", "Sent to --server in place of a key, as authorization: Bearer.")]
Encrypt = Annotated[bool, _option("--tls", "Encrypt the connection; implied by the files below.")]
CaFile = Annotated[
    Path | None,
    _option("--ca-file", "PEM file of the authorities that vouch for the server. Default: public ones."),
]
ClientCert = Annotated[Path | None, _option("--client-cert", "PEM file of the certificate to show to the server.")]
ClientKey = Annotated[Path | None, _option("--client-key", "PEM file of the key of that certificate.")]


@dataclass(frozen=True)
class Connection:
    """What these options say; its fields are their names. `repr` tells neither key nor token."""

    server: Server = None
    api_key: ApiKey = field(default=None, repr=False)
    token: Token = field(default=None, repr=False)
    tls: Encrypt = False
    ca_file: CaFile = None
    client_cert: ClientCert = None
    client_key: ClientKey = None

    def environment(self) -> dict[str, str]:
        """The variables that make another `mfn` connect alike; empty ones undo what it would inherit."""
        said = {
            "server": self.server,
            "api_key": self.api_key,
            "token": self.token,
            "tls": "1" if self.tls else None,
            "ca_file": _absolute(self.ca_file),
            "client_cert": _absolute(self.client_cert),
            "client_key": _absolute(self.client_key),
        }
        return {variable(name): value or "" for name, value in said.items()}


def connecting(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command these options; it takes them together, as its first argument."""
    own = inspect.signature(command)
    kinds = get_type_hints(Connection, include_extras=True)
    fields = inspect.signature(Connection).parameters
    options = [
        fields[name].replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY) for name, kind in kinds.items()
    ]
    others = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in list(own.parameters.values())[1:]]

    @wraps(command)
    def run(**said: Any) -> None:
        connection = Connection(**{name: said.pop(name) for name in kinds})
        command(connection, **said)

    shown: Any = run  # typer reads the signature
    shown.__signature__ = own.replace(parameters=[*others, *options])
    return run


def _absolute(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())

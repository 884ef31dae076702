"""`mfn keys`: make, list and revoke the API keys of a server."""

# ruff: noqa: PLC0415  # `mfn --help` must not load the server

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import timedelta

    from mfn_server.telemetry.audit import Audit

PEPPER = "MFN_API_KEY_PEPPER"
AUDIT_FILE = "MFN_AUDIT_FILE"
STANDARD_ERROR = 2

File = Annotated[
    Path, typer.Option("--file", envvar="MFN_API_KEYS_FILE", help="The server's keys file.", dir_okay=False)
]


def register(app: typer.Typer) -> None:
    """Add `mfn keys`; called through the entry-point group `mfn.commands`."""
    keys = typer.Typer(name="keys", no_args_is_help=True, help="API keys of a server: make, list, revoke.")
    keys.command("create")(create)
    keys.command("list")(list_keys)
    keys.command("revoke")(revoke)
    app.add_typer(keys)


def create(
    file: File,
    principal: Annotated[str, typer.Option(help="Whom the key speaks for; keys of one principal share its limits.")],
    scopes: Annotated[str, typer.Option(help="read, simulate, features, validate, federate, admin; with commas.")],
    expires: Annotated[str | None, typer.Option(help="How long it is valid: 36h, 90d, 12w. Default: for ever.")] = None,
) -> None:
    """Print a new key, once: the file keeps a digest under the pepper of MFN_API_KEY_PEPPER."""
    from mfn_server.access import managing

    with _told(), _audited() as audit:
        granted, lifetime = _asked_for(scopes, expires)
        key = managing.create(file, _pepper(), principal, granted, lifetime, audit)
    sys.stderr.write("Keep this key: it cannot be shown again.\n")
    sys.stdout.write(f"{key}\n")


def _asked_for(scopes: str, expires: str | None) -> tuple[list[str], "timedelta | None"]:
    """Scopes and lifetime; raises ValueError, naming every option at fault and what it was given."""
    from mfn_server.access.authenticator import scopes_of
    from mfn_server.access.managing import lifetime_of

    words, lifetime, faults = scopes.replace(",", " ").split(), None, list[str]()
    try:
        scopes_of(words, "the key")
    except ValueError as error:
        faults.append(f"--scopes {scopes!r}: {error}")
    try:
        lifetime = None if expires is None else lifetime_of(expires)
    except ValueError as error:
        faults.append(f"--expires {expires!r} {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return words, lifetime


def list_keys(file: File) -> None:
    """List the keys: id, state, principal, scopes, when made, when over."""
    from mfn_server.access.key_file import read
    from mfn_server.access.managing import state_of

    with _told():
        records = read(file)
    for record in records:
        over = record.revoked or record.expires
        ends = "-" if over is None else over.isoformat()
        words = (record.id, state_of(record), record.principal, ",".join(record.scopes), record.created.isoformat())
        sys.stdout.write("  ".join((*words, ends)) + "\n")


def revoke(
    file: File, key_id: Annotated[str, typer.Argument(metavar="ID", help="As `mfn keys list` shows it.")]
) -> None:
    """Take a key back; running servers refuse it within seconds."""
    from mfn_server.access import managing

    with _told(), _audited() as audit:
        managing.revoke(file, key_id, audit)
    sys.stderr.write(f"The key {key_id} is revoked.\n")


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done is bad usage, told in a sentence."""
    try:
        yield
    except (ValueError, LookupError) as error:
        raise typer.BadParameter(str(error.args[0])) from None


@contextmanager
def _audited() -> Iterator["Audit"]:
    """The audit of the server's settings: a file, or standard error."""
    from mfn_server.telemetry.audit import LOGGER, Audit
    from mfn_server.telemetry.handler import LineHandler
    from mfn_server.telemetry.writing import DescriptorSink

    if named := os.environ.get(AUDIT_FILE):
        audit = Audit(Path(named))
        try:
            yield audit
        finally:
            audit.close()
        return
    logger, handler = logging.getLogger(LOGGER), LineHandler.writing(DescriptorSink(STANDARD_ERROR), "mfn-audit")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield Audit()
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
        handler.close()


def _pepper() -> bytes:
    """The newest of the server's peppers, wherever the variable says that they are."""
    from mfn_server.config.secret_values import keys_in
    from mfn_server.config.secrets import secret_of_environment

    if not os.environ.get(PEPPER):
        raise ValueError(f"{PEPPER} must be set, to the server's; make one with: openssl rand -hex 32")
    try:
        return keys_in(secret_of_environment(os.environ[PEPPER]))[0].encode()
    except ValueError as error:
        raise ValueError(f"{PEPPER} {error}") from None

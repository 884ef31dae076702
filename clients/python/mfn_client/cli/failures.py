"""Errors as sentences with an exit code."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import errno
import json
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from mfn_client import RpcError

JOB_FAILED = 1
BAD_USAGE = 2
INTERRUPTED = 130
DEBUG = "MFN_DEBUG"


class UsageError(Exception):
    """Something on the command line that cannot be done, told before anything is computed."""


class JobFailed(Exception):
    """Something that was begun and could not be brought to its end."""


@dataclass(frozen=True)
class Failure:
    """What to tell, and how to end; `facts` are for --json only."""

    exit_code: int
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)

    def tell(self, as_json: bool) -> None:
        """Write the sentence to stderr, and with --json a document about it to stdout."""
        if as_json:
            sys.stdout.write(json.dumps({"error": {"message": self.sentence} | self.facts}) + "\n")
            sys.stdout.flush()
        sys.stderr.write(f"Error: {self.sentence}\n")


def explain(error: Exception, as_json: bool = False) -> Failure | None:
    """What to tell of an error; None for those that typer handles, and for faults of ours while MFN_DEBUG is set.

    With `as_json` typer's own complaints about the command line are told here as well.
    """
    if as_json and isinstance(error, typer.TyperException):
        return Failure(error.exit_code, error.format_message())
    if isinstance(error, typer.TyperException | typer.Exit | typer.Abort):
        return None
    if isinstance(error, UsageError | JobFailed):
        return Failure(BAD_USAGE if isinstance(error, UsageError) else JOB_FAILED, str(error))
    if isinstance(error, ModuleNotFoundError) and error.name:
        return Failure(BAD_USAGE, f"This needs the Python package {error.name}: {_remedy(error.name)}.")
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        closed_pipe = error.errno == errno.EPIPE
        return None if closed_pipe else Failure(JOB_FAILED, f"{error.strerror or error}{where}")
    return _explain_ours(error) or _explain_unforeseen(error)


def _remedy(package: str) -> str:
    extra = "analytics" if package in {"av", "xarray", "zarr"} else "server"
    return f"install mfn-grpc[{extra}]"


def _explain_ours(error: Exception) -> Failure | None:
    if not type(error).__module__.startswith("mfn_client."):
        return None
    from mfn_client import InsecureCredentials, InvalidArgument, InvalidCredentials, MfnError, RpcError
    from mfn_client._export import OutputRefused

    if isinstance(error, OutputRefused | InsecureCredentials | InvalidCredentials):
        return Failure(BAD_USAGE, str(error))
    if isinstance(error, RpcError):
        violations = [{"field": each.field, "description": each.description} for each in error.violations]
        facts = {"message": error.message, "code": error.code.name, "reason": error.reason, "violations": violations}
        code = BAD_USAGE if isinstance(error, InvalidArgument) else JOB_FAILED
        return Failure(code, f"{error}{_hint(error)}", facts | {"request_id": error.request_id})
    return Failure(JOB_FAILED, str(error)) if isinstance(error, MfnError) else None


def _hint(error: "RpcError") -> str:
    """What the user may do, as a line; a status with a reason of the catalogue came from a server."""
    from mfn_client._exceptions import NOT_OWNER

    owner = error.metadata.get("owner", "")
    if error.reason == NOT_OWNER and ":" in owner:
        return f"\nAsk the server that owns it: --server {owner}"
    return ""


def _explain_unforeseen(error: Exception) -> Failure | None:
    if os.environ.get(DEBUG):
        return None
    kind = type(error).__name__
    return Failure(
        JOB_FAILED, f"A fault of mfn itself: {kind}: {error}. With {DEBUG}=1 it tells where; please report it."
    )

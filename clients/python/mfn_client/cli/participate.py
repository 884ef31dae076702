"""`mfn participate`."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mfn_client.cli.connection import credentials
from mfn_client.cli.connection_options import Connection, connecting
from mfn_client.cli.failures import JobFailed, UsageError
from mfn_client.cli.federation.keys import private_key
from mfn_client.cli.federation.options import NAME_A_SERVER
from mfn_client.cli.options import Json
from mfn_client.cli.output import console, counted, emit_json

if TYPE_CHECKING:
    from mfn_client.federated import Participation

NAME = "participate"
FUNCTION = "MODULE:FUNCTION"
CONNECT_FOR_S = 30.0


@connecting
def command(
    connection: Connection,
    fit: Annotated[str, typer.Argument(metavar=FUNCTION, help="Trains: fit(arrays, config) of a module found here.")],
    federation: Annotated[str, typer.Option(help="The federation, such as digits.")],
    name: Annotated[str, typer.Option(help="The participant's name, as enrolled.")],
    key: Annotated[Path, typer.Option(help="PEM file of its private key.")],
    evaluate: Annotated[
        str | None, typer.Option(metavar=FUNCTION, help="Measures: evaluate(arrays, config). Default: it does not.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Folder where models are kept over restarts. Default: temporary.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="File to which every acknowledgement is appended as a line of JSON.")
    ] = None,
    on_error: Annotated[
        str, typer.Option(help="When training fails: raise it and leave, or decline the round and go on.")
    ] = "raise",
    retry_for: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds without progress after which it gives up; inf never does. Default: 600, but 30 while no "
            "server has answered yet.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Take part in a federation until it is over. For instance: mfn participate train:fit --federation digits ..."""
    if connection.server is None:
        raise UsageError(NAME_A_SERVER)
    own = [_Own(words) for words in (fit, evaluate) if words is not None]
    settings: dict[str, Any] = {"on_error": on_error, "cache": cache, "record": record, **_patience(retry_for)}
    settings |= {"name": name, "key": private_key(key), **credentials(connection)}
    done = _taken_part(connection.server, federation, own, **settings)
    if json:
        emit_json(done)
    else:
        _tell(done)


def _patience(retry_for: float | None) -> dict[str, float]:
    """How long to go on; a wrong address is told soon unless the user says how long to try."""
    return {"connect_for": CONNECT_FOR_S} if retry_for is None else {"retry_for": retry_for}


class _Own:
    """A function of the user's: what it raises is no fault of ours, and where it did is shown."""

    def __init__(self, words: str) -> None:
        self._words, self._function = words, function_of(words)
        self._raised: Exception | None = None

    def __call__(self, *arguments: Any) -> Any:
        try:
            return self._function(*arguments)
        except Exception as error:
            traceback.print_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
            self._raised = error
            raise

    def blamed(self, error: Exception) -> JobFailed | None:
        """What to tell of an error that came from this function; None of any other."""
        return JobFailed(f"{self._words} raised {type(error).__name__}: {error}") if error is self._raised else None


def _taken_part(server: str, federation: str, own: Sequence[_Own], **more: Any) -> "Participation":
    """As `participate`; what it calls invalid is the command line, or what the user's function returned."""
    from mfn_client import MfnError
    from mfn_client.federated import participate

    try:
        return participate(server, federation, *own, **more)
    except Exception as error:
        if blamed := next(filter(None, (each.blamed(error) for each in own)), None):
            raise blamed from error
        if isinstance(error, TypeError | ValueError) and not isinstance(error, MfnError):
            raise UsageError(str(error)) from error
        raise


def function_of(text: str) -> Any:
    """The function that MODULE:FUNCTION names; modules of the current folder are found first.

    Raises:
        UsageError: there is none.
        JobFailed: the module raises while it is imported.
    """
    module, colon, name = text.partition(":")
    if not module or not colon or not name:
        raise UsageError(f"{text!r} must be {FUNCTION}, such as train:fit")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    loaded = _imported(module)
    if not hasattr(loaded, name):
        raise UsageError(f"the module {module!r} has no {name!r}")
    found = getattr(loaded, name)
    if not callable(found):
        raise UsageError(f"{text} is not a function")
    return found


def _imported(module: str) -> ModuleType:
    """A module of the user's; what it raises while it is imported is no fault of ours, and where it did is shown."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        own = f"{module}.".startswith(f"{error.name}.")
        missing = f"there is no module {module!r} here" if own else f"{module} needs the Python package {error.name}"
        raise UsageError(missing) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever it is, the user is told
        traceback.print_exception(error.with_traceback(_without_importing(error.__traceback__)))
        kind = type(error).__name__
        raise JobFailed(f"the module {module!r} failed while it was imported: {kind}: {error}") from None


def _without_importing(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first line that is the user's."""
    ours = (__file__, importlib.__file__)
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name not in ours and not name.startswith("<frozen importlib"):
            break
        trace = trace.tb_next
    return trace


def _tell(done: "Participation") -> None:
    version = "" if done.model is None else f" with model {done.model.version}"
    console().print(f"The federation is over{version}; {counted(len(done.acknowledgements), 'update')} acknowledged.")

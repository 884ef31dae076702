"""`mfn-server`, or `python -m mfn_server`: run the server until it is told to stop, or compile its kernels."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence

# grpc's core writes lines of its own kind to standard error, where every line is one of ours; it reads this when it is
# imported, so before whatever imports it.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from mfn_server import heap
from mfn_server.config.describing import describe
from mfn_server.config.loading import InvalidSettings, load_offering, load_settings, misspelt
from mfn_server.config.settings import Settings
from mfn_server.config.warnings import warnings
from mfn_server.processes.running import run
from mfn_server.processes.standard_error import SharedSink
from mfn_server.processes.supervisor import supervise
from mfn_server.secrets.stores import close_stores
from mfn_server.telemetry.logs import configure

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server, or compile; 0 when that is over, 1 when it cannot listen or write, 2 when settings are wrong."""
    given = _parser().parse_args(arguments)
    overrides = {name: value for name in ("services", "workers") if (value := getattr(given, name)) is not None}
    try:
        return _compile(overrides) if given.compile else _run(overrides)
    except InvalidSettings as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _compile(overrides: Mapping[str, str]) -> int:
    """Compile what the offered services need; asks for no other setting, as an image is built without any."""
    from mfn_server.compiling import CannotKeep, compile_into_cache  # noqa: PLC0415  # loads every kernel

    services = load_offering(**{name: value for name, value in overrides.items() if name == "services"}).services
    try:
        compiled = compile_into_cache(services)
    except CannotKeep as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{compiled}\n")
    return 0


def _run(overrides: Mapping[str, str]) -> int:
    """Serve, in this process or in several that it watches."""
    settings = load_settings(**overrides)
    return _alone(settings) if settings.workers == 1 else _supervised(settings, overrides)


def _alone(settings: Settings) -> int:
    heap.share()
    from mfn_server.lifecycle import serve  # noqa: PLC0415  # loads the whole server

    logs = configure(settings)
    try:
        _warn(settings)
        return run(serve(settings, lambda: logs.lost))
    finally:
        logs.close()


def _supervised(settings: Settings, overrides: Mapping[str, str]) -> int:
    logs = configure(settings, sink=SharedSink())
    try:
        _warn(settings)
        return run(supervise(settings, overrides))
    finally:
        logs.close()
        close_stores(settings)


def _warn(settings: Settings) -> None:
    """Tell what the settings say that their author may not have meant."""
    for name, meant in misspelt(os.environ).items():
        log.warning("%s is no setting and is ignored; did you mean %s?", name, meant)
    for text in warnings(settings):
        log.warning("%s", text)


def _parser() -> argparse.ArgumentParser:
    """The command line; its help lists the variables."""
    parser = argparse.ArgumentParser(
        prog="mfn-server",
        description="Run the server until SIGTERM or SIGINT, then drain it.",
        epilog=f"Settings are environment variables:\n{describe()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--services", metavar="NAMES", help="services to offer, between commas, before MFN_SERVICES")
    parser.add_argument("--workers", metavar="COUNT", help="server processes behind the one port, before MFN_WORKERS")
    parser.add_argument(
        "--compile",
        action="store_true",
        help="compile the kernels of the services into NUMBA_CACHE_DIR, for later starts, and end; no other setting "
        "is asked for",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

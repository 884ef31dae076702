"""`mfn-server`, or `python -m mfn_server`: run the server until it is told to stop."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence

# grpc's core writes lines of its own kind to standard error, where every line is one of ours; it reads this when it is
# imported, so before whatever imports it.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from mfn_server.access.authenticator import UnusableAccess
from mfn_server.config.describing import describe
from mfn_server.config.loading import InvalidSettings, load_settings, misspelt
from mfn_server.config.settings import Settings
from mfn_server.config.warnings import warnings
from mfn_server.lifecycle import serve
from mfn_server.telemetry.logs import configure

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; 0 after a drain, 1 when it cannot listen, 2 when its settings are wrong."""
    _parser().parse_args(arguments)
    try:
        settings = load_settings()
    except InvalidSettings as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs = configure(settings)
    try:
        _warn(settings)
        asyncio.run(serve(settings, lambda: logs.lost))
    except (OSError, UnusableAccess) as error:
        log.critical("%s", error)
        return 2 if isinstance(error, UnusableAccess) else 1
    finally:
        logs.close()
    return 0


def _warn(settings: Settings) -> None:
    """Tell what the settings say that their author may not have meant."""
    for name, meant in misspelt(os.environ).items():
        log.warning("%s is no setting and is ignored; did you mean %s?", name, meant)
    for text in warnings(settings):
        log.warning("%s", text)


def _parser() -> argparse.ArgumentParser:
    """The command line: no options but help, which lists the variables."""
    return argparse.ArgumentParser(
        prog="mfn-server",
        description="Run the server until SIGTERM or SIGINT, then drain it.",
        epilog=f"Settings are environment variables:\n{describe()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


if __name__ == "__main__":
    sys.exit(main())

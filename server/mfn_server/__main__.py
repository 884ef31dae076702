"""`mfn-server`, or `python -m mfn_server`: run the server until it is told to stop."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from mfn_server.config import InvalidSettings, describe, load_settings, misspelt
from mfn_server.lifecycle import serve

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; 0 after a drain, 1 when it cannot listen, 2 when its settings are wrong."""
    _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name, meant in misspelt(os.environ).items():
        log.warning("%s is no setting and is ignored; did you mean %s?", name, meant)
    try:
        settings = load_settings()
    except InvalidSettings as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


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

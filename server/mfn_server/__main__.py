"""`mfn-server`, or `python -m mfn_server`: run the server until it is told to stop."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from mfn_server.config import Settings, load_settings
from mfn_server.lifecycle import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server; 0 after a drain, 1 when it cannot listen, 2 when its settings are wrong."""
    _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = load_settings()
    except ValidationError as error:
        sys.stderr.write(explain(error))
        return 2
    try:
        asyncio.run(serve(settings))
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def explain(error: ValidationError) -> str:
    """Every fault of the settings, one a line, by the name of its variable."""
    lines = ["the server cannot start:"]
    for fault in error.errors():
        name = "".join(f"MFN_{part}: ".upper() for part in fault["loc"][:1])
        lines.append(f"  {name}{fault['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines) + "\n"


def _parser() -> argparse.ArgumentParser:
    """The command line: no options but help, which lists the variables."""
    variables = "\n".join(
        f"  MFN_{name.upper():24} {field.description}" for name, field in Settings.model_fields.items()
    )
    return argparse.ArgumentParser(
        prog="mfn-server",
        description="Run the server until SIGTERM or SIGINT, then drain it.",
        epilog=f"Settings are environment variables:\n{variables}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


if __name__ == "__main__":
    sys.exit(main())

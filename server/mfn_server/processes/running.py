"""Runs a server in this process until it is told to stop, and gives its exit code."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from mfn_server.access.authenticator import UnusableAccess

UNABLE, UNUSABLE = 1, 2
"""Exit codes: it cannot listen or write; its settings, or what they name, cannot be used."""
log = logging.getLogger(__name__)


def run(serving: Coroutine[Any, Any, int | None]) -> int:
    """What it returns, or 0; its failures are told in the log."""
    try:
        return asyncio.run(serving) or 0
    except (OSError, UnusableAccess) as error:
        log.critical("%s", error)
        return UNUSABLE if isinstance(error, UnusableAccess) else UNABLE

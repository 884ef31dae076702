"""A server that tells what it holds. A program: `python -m tests.fuzz.victim`.

Prints its port, then a line of JSON for each line that it reads, and drains when its input ends.
"""

import asyncio
import gc
import json
import os
import sys
from contextlib import closing
from typing import TextIO

from mfn_server.app import Application
from mfn_server.config.loading import load_settings
from mfn_server.config.settings import Settings
from mfn_server.kernels import Group
from mfn_server.lifecycle import Lifecycle
from mfn_server.telemetry.logs import configure


async def _serve(answers: TextIO) -> None:
    settings = load_settings()
    with closing(configure(settings)):
        await _serve_by(settings, answers)


async def _serve_by(settings: Settings, answers: TextIO) -> None:
    application = Application(settings)
    lifecycle = Lifecycle(application)
    await lifecycle.start()
    await application.kernels.wait(tuple(Group))
    print(lifecycle.port, file=answers, flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        gc.collect()
        print(json.dumps(_held(application)), file=answers, flush=True)
    await lifecycle.drain()


def _held(application: Application) -> dict[str, int]:
    admission = application.runtime.admission
    return {
        "tasks": len(asyncio.all_tasks()),
        "running": admission.running,
        "queued": admission.queued,
        "streams": admission.streams,
        "bytes": admission.bytes_held,
    }


def main() -> None:
    """Serve; what anything else prints goes to standard error, so that the answers stay alone."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        asyncio.run(_serve(answers))


if __name__ == "__main__":
    main()

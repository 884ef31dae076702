"""Programs that print their port and serve until their input ends: being one, and running one."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc

LARGEST_BYTES = 2**23
"""Of one message; grpc's own limit is half of it."""


def serve(methods: Mapping[str, Any]) -> None:
    """Be such a program: a bare grpc.aio server. methods: their handlers by "/service/method"."""
    asyncio.run(_serve(methods))


async def _serve(methods: Mapping[str, Any]) -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", LARGEST_BYTES)])
    for path, handler in methods.items():
        _, service, method = path.split("/")
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(0)


@dataclass(frozen=True)
class Program:
    """A running one. target: "127.0.0.1:port"."""

    pid: int
    target: str


@contextmanager
def serving(module: str) -> Iterator[Program]:
    """`python -m module` while the context is entered; Ctrl-C does not reach it."""
    command = (sys.executable, "-m", module)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            port = process.stdout.readline() if process.stdout else ""
            yield Program(process.pid, f"127.0.0.1:{int(port)}")
        finally:
            process.kill()

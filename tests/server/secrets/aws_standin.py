"""Moto in the place of AWS Secrets Manager, on the loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto.secretsmanager.models import secretsmanager_backends
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"


@contextmanager
def secrets_manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedMotoServer]:
    """One that holds nothing; credentials as boto3 looks for them, here and in processes that begin here."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")  # pragma: allowlist secret
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        secretsmanager_backends.reset()


def address_of(server: ThreadedMotoServer) -> str:
    """Where it listens."""
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def operators_client(address: str) -> Any:
    """The operator's own client."""
    return boto3.client("secretsmanager", region_name=REGION, endpoint_url=address)

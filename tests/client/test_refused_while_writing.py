"""Calls of the asynchronous client that the server refuses while they are still being written to."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from mfn_client import AsyncClient, PermissionDenied
from tests.client.refusing import ATTEMPTS, REASON, answering, refuse

FIELD = np.zeros((1024, 1024))
"""8 MiB: many messages."""


async def reasons(service: str, method: str, handler: Any, call: Any) -> list[str]:
    """What reason reached the caller, each time."""
    told = []
    async with answering(f"mfn.v1.{service}", {method: handler(refuse)}) as target, AsyncClient(target) as client:
        for _ in range(ATTEMPTS):
            with pytest.raises(PermissionDenied) as raised:
                await call(client)
            told.append(raised.value.reason)
    return told


async def test_an_upload_tells_the_servers_reason() -> None:
    handler = grpc.stream_unary_rpc_method_handler
    told = await reasons("SimulationService", "UploadArray", handler, lambda client: client.upload(FIELD))
    assert told == [REASON] * ATTEMPTS


def fields() -> Iterator[Any]:
    for _ in range(8):
        yield FIELD


async def fields_in_time() -> AsyncIterator[Any]:
    for field in fields():
        yield field


@pytest.mark.parametrize("frames", [fields, fields_in_time])
async def test_a_stream_of_features_tells_it(frames: Any) -> None:
    async def call(client: AsyncClient) -> None:
        async for _ in client.feature_stream(frames()):
            pass

    told = await reasons("FeatureService", "ExtractFeatureStream", grpc.stream_stream_rpc_method_handler, call)
    assert told == [REASON] * ATTEMPTS


async def test_the_upload_of_a_model_tells_it() -> None:
    async def call(client: AsyncClient) -> None:
        await client.upload_model("digits", {"w": FIELD})

    told = await reasons("FederationService", "UploadModel", grpc.stream_unary_rpc_method_handler, call)
    assert told == [REASON] * ATTEMPTS


async def test_an_aggregation_tells_it() -> None:
    async def call(client: AsyncClient) -> None:
        await client.aggregate({name: {"w": FIELD} for name in "abc"})

    told = await reasons("FederationService", "Aggregate", grpc.stream_stream_rpc_method_handler, call)
    assert told == [REASON] * ATTEMPTS

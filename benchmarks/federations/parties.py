"""A federation of a benchmark: its operator, and participants as the client library makes them."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from numpy.typing import NDArray

from mfn_client import AggregationPolicy, AsyncClient, FederationPolicy
from mfn_client.federated import generate_key, participate_async

Arrays = dict[str, NDArray[Any]]
JOIN_S = 120.0


def plain_policy(**said: Any) -> FederationPolicy:
    """The mean, without screens for liars: what is measured is not the rule."""
    return FederationPolicy(aggregation=AggregationPolicy(rule="mean", f=0), **said)


async def found(
    client: AsyncClient, name: str, model: Mapping[str, NDArray[Any]], policy: FederationPolicy, participants: int
) -> dict[str, Ed25519PrivateKey]:
    """Create a federation with its model; the keys of its participants by their names."""
    await client.create_federation(name, policy)
    keys = {f"p{number}": generate_key() for number in range(participants)}
    for participant, key in keys.items():
        await client.enrol_participant(name, participant, key.public_key().public_bytes_raw())
    await client.upload_model(name, model)
    return keys


def unchanged(arrays: Arrays, config: Mapping[str, Any]) -> tuple[Arrays, int, dict[str, float]]:
    """A training that does nothing."""
    return arrays, 1, {}


@asynccontextmanager
async def taking_part(
    target: str, name: str, keys: Mapping[str, Ed25519PrivateKey], api_key: str | None = None
) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """All participants at once, until the context ends."""
    tasks = [
        asyncio.create_task(participate_async(target, name, unchanged, name=participant, key=key, api_key=api_key))
        for participant, key in keys.items()
    ]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def all_connected(client: AsyncClient, name: str, count: int) -> None:
    """Wait until so many participants are connected; TimeoutError when they are not."""
    deadline = time.monotonic() + JOIN_S
    while (await client.get_federation(name)).participants_connected < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all {count} participants joined")
        await asyncio.sleep(0.1)

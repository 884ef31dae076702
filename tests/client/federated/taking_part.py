"""One participant, its model and its training, as the tests of taking part use them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mfn_client.federated import Acknowledgement, Participation, generate_key, participate, public_key
from tests.client.federated.fake_federation import NAME, FakeFederation
from tests.client.federated.fake_server import FakeServer, coordinator

ALICE, BOB = f"{NAME}/participants/alice", f"{NAME}/participants/bob"
KEYS = {"alice": generate_key(), "bob": generate_key()}
PUBLIC = {name: public_key(key) for name, key in KEYS.items()}


def model(elements: int = 8) -> dict[str, Any]:
    """Two tensors of different types; the larger one as long as is wanted."""
    return {"w": np.linspace(0, 1, elements, dtype=np.float32), "b": np.array([1.0, -1.0])}


def one_more(arrays: dict[str, Any], config: Any) -> Any:
    """Training that adds the round's number."""
    return {name: values + config.round for name, values in arrays.items()}, 7, {"loss": 1 / config.round}


@contextmanager
def federation(
    elements: int = 8, rounds: int = 1, names: str = "alice", **policy: Any
) -> Iterator[tuple[str, FakeServer]]:
    """A fake federation of some participants, running."""
    enrolled = {name: PUBLIC[name] for name in names.split()}
    with coordinator(FakeFederation(model(elements), enrolled, rounds, **policy)) as found:
        yield found


def take_part(target: str, fit: Callable[..., Any] = one_more, name: str = "alice", **more: Any) -> Participation:
    """Take part to the end, as one of those who are enrolled."""
    return participate(target, "digits", fit, name=name, key=KEYS[name], **more)


def acknowledged(result: Participation) -> list[tuple[int, bytes]]:
    """What counts by what the participant was told: rounds and digests."""
    return [(ack.round, ack.payload_sha256) for ack in result.acknowledgements if ack.status == "counted"]


def ack_of(number: int, digest: bytes = b"d" * 32, status: str = "counted") -> Acknowledgement:
    """An acknowledgement of the fake federation."""
    return Acknowledgement("uid-1", number, digest, status)


def entries(folder: Path) -> list[str]:
    """The names of what is in a folder."""
    return sorted(path.name for path in folder.iterdir())

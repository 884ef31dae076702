"""Metadata that callers should not send: too large, too many, doubled, binary, path-like, or in the words of others.

What grpc's own client refuses to send (keys and values outside HTTP's characters) goes out as raw frames instead.
"""

import random
from collections.abc import Callable, Sequence

Metadata = Sequence[tuple[str, str | bytes]]

KEYS = ["x-request-id", "x-forwarded-for", "traceparent", "tracestate", "baggage", "x-real-ip", "forwarded", "cookie"]
VALUES = [
    "",
    " ",
    "../../../etc/passwd",
    "/dev/zero",
    "%00%2e%2e%2f",
    "127.0.0.1, 10.0.0.1, ::1",
    "999.999.999.999",
    "[::1]:99999999999999999999",
    ",,,,,",
    "00-" + "0" * 32 + "-" + "0" * 16 + "-01",
    "00-" + "f" * 31 + "g-" + "1" * 16 + "-zz",
    "a=b," * 600,
    "${jndi:ldap://127.0.0.1/x}",
    '{"level":"CRITICAL"}',
    "x" * 4000,
]
CREDENTIALS = ["", "Bearer", "Bearer ", "bearer a.b.c", "Basic eDp5", "Bearer " + "A" * 5000, "mfn_x_y", "."]


def _well_known(rng: random.Random) -> Metadata:
    return [(rng.choice(KEYS), rng.choice(VALUES)) for _ in range(rng.randrange(1, 5))]


def _huge(rng: random.Random) -> Metadata:
    return [("x-large", "v" * rng.choice([4096, 8000, 8193, 16_000, 100_000]))]


def _many(rng: random.Random) -> Metadata:
    return [(f"x-{number}", "v") for number in range(rng.choice([50, 150, 1000]))]


def _doubled(rng: random.Random) -> Metadata:
    return [(rng.choice(KEYS), value) for value in rng.sample(VALUES, 3) * 2]


def _binary(rng: random.Random) -> Metadata:
    keys = ["x-data-bin", "grpc-trace-bin", "grpc-tags-bin", "grpc-status-details-bin", "x-request-id-bin"]
    return [(rng.choice(keys), rng.randbytes(rng.choice([0, 1, 29, 500, 4000])))]


def _odd_names(rng: random.Random) -> Metadata:
    return [("x" * rng.choice([1, 200, 3000]), "v"), ("..-_.", "v"), ("te-", "trailers"), ("content-length", "-1")]


def _credentials(rng: random.Random) -> Metadata:
    return [(rng.choice(["authorization", "x-api-key"]), rng.choice(CREDENTIALS))]


KINDS: list[Callable[[random.Random], Metadata]] = [
    *[_well_known] * 6, *[_huge] * 2, *[_many] * 2, *[_doubled] * 4, *[_binary] * 4, *[_odd_names] * 2, _credentials
]  # fmt: skip


def drawn_metadata(rng: random.Random) -> Metadata:
    """Metadata of one kind."""
    return rng.choice(KINDS)(rng)

"""Sends what was drawn, many calls at a time, and keeps count of how they end."""

import itertools
import random
import socket
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc

from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from tests.contract.reasons import info_of
from tests.fuzz.calls import drawn_call
from tests.fuzz.framing import SIGN, drawn_bytes
from tests.fuzz.http2 import PING, frame, start
from tests.fuzz.metadata import drawn_metadata
from tests.server.calling import refusal_of

FORBIDDEN = {grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL}
OUT_OF_TIME = {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED}
LOST = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
CLOSED, SPEAKS = "connection closed by the server", "connection still speaks"
SECONDS_A_CALL = 0.4
"""Valid requests for long simulations and suites are cut off: a call that runs out of time has passed."""
SECONDS_A_CONNECTION = 0.05
"""A connection that waits for the rest of what it was sent is closed; what it held must then be gone."""
HANGING_S = 60.0
LOOK_EVERY_S = 0.05
MOST_ANSWERS = 20
AT_ONCE = 100


@dataclass(frozen=True)
class Case:
    """One call: of which method, with what randomness, and whether its metadata is hostile as well."""

    path: str
    randomness: int
    hostile: bool = False


class Hammer:
    """A caller without manners. Synchronous: grpc.aio tells INTERNAL of its own when it writes to a call just ended."""

    def __init__(self, target: str, key: str) -> None:
        self.codes: Counter[str] = Counter()
        host, _, port = target.partition(":")
        self._host, self._port = host, int(port)
        self._key = key
        self._threads = ThreadPoolExecutor(AT_ONCE)
        options = [("grpc.max_send_message_length", -1), ("grpc.enable_retries", 0)]
        self._channel = grpc.insecure_channel(target, options=options)

    def calls(self, cases: Sequence[Case]) -> None:
        """Send these at the same time; asserts that each is answered, or refused with a reason."""
        self.codes.update(self._threads.map(self._call, cases, timeout=HANGING_S))

    def connections(self, cases: Sequence[tuple[str, int]]) -> None:
        """Send what is no gRPC, each on a connection of its own."""
        self.codes.update(self._threads.map(self._connection, cases, timeout=HANGING_S))

    def answers(self, path: str, requests: Sequence[bytes]) -> int:
        """How many answers a call that is fine gets, on a connection that may have to be opened anew."""
        last = time.monotonic() + HANGING_S
        while True:
            try:
                return len(list(self._open(path, requests, [], HANGING_S)))
            except grpc.RpcError as error:
                if refusal_of(error).code not in LOST or time.monotonic() > last:
                    raise
            time.sleep(LOOK_EVERY_S)

    def connects(self) -> bool:
        """Whether a new connection is answered; the server may be opening its port anew."""
        last = time.monotonic() + HANGING_S
        while time.monotonic() < last:
            with suppress(ConnectionError):
                if self._send(start() + frame(PING, SIGN), HANGING_S) == SPEAKS:
                    return True
            time.sleep(LOOK_EVERY_S)
        return False

    def close(self) -> None:
        """Leave."""
        self._threads.shutdown()
        self._channel.close()

    def _call(self, case: Case) -> str:
        """Send one call; how it ends."""
        rng = random.Random(case.randomness)
        requests = drawn_call(case.path, rng)
        call = self._open(case.path, requests, drawn_metadata(rng) if case.hostile else [], SECONDS_A_CALL)
        try:
            answers = list(itertools.islice(call, MOST_ANSWERS))
        except grpc.RpcError as error:
            return _passed(error, case)
        call.cancel()
        return "OK" if len(answers) < MOST_ANSWERS else "left by the caller"

    def _open(self, path: str, requests: Sequence[bytes], metadata: Any, timeout: float) -> Any:
        method: Any = self._channel.stream_stream(path)
        return method(iter(requests), timeout=timeout, metadata=(("x-api-key", self._key), *metadata))

    def _connection(self, case: tuple[str, int]) -> str:
        """Send some bytes; how the server takes them."""
        kind, randomness = case
        raw = drawn_bytes(kind, random.Random(randomness), self._key)
        try:
            return self._send(raw, SECONDS_A_CONNECTION)
        except ConnectionError:
            return CLOSED

    def _send(self, raw: bytes, patience_s: float) -> str:
        """Send bytes on a connection of their own; how the server takes them."""
        with socket.create_connection((self._host, self._port), HANGING_S) as connection:
            connection.sendall(raw)
            connection.settimeout(patience_s)
            return _listened(connection)


def _listened(connection: socket.socket) -> str:
    """Read until the server closes, answers the last PING, or says no more for a moment."""
    seen = b""
    try:
        while chunk := connection.recv(65536):
            seen = seen[-8:] + chunk
            if SIGN in seen:
                return SPEAKS
    except TimeoutError:
        return "connection waits for more"
    return CLOSED


def _passed(error: Any, case: Case) -> str:
    """How a call failed, which must be with a reason of the catalogue and its code; grpc's own only in two cases."""
    code: grpc.StatusCode = error.code()
    assert code not in FORBIDDEN, (case, error)
    if code in OUT_OF_TIME or (case.hostile and code is grpc.StatusCode.RESOURCE_EXHAUSTED):
        return code.name  # the caller's clock or a limit of grpc's own, whatever the trailers tell
    refusal = refusal_of(error)
    assert refusal.request_id, (case, refusal)
    reason = ErrorReason.Value(f"ERROR_REASON_{refusal.reason}")
    assert info_of(reason).status_code == code.name, (case, refusal)
    return code.name

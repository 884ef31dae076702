"""Two servers behind client-side balancing are restarted in turn under load, and no call fails."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mfn_client import Client, Tls
from mfn_client._development_certificates import DevelopmentAuthority
from mfn_grpc.v1.electrochemistry_pb2 import ComputeGoldmanRequest, Ion
from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceStub
from tests.e2e.process import PATIENCE_S, Options, ServerProcess, open_channel

SETTINGS: dict[str, Any] = {
    "services": "electrochemistry,simulation",
    "compute_threads": 1,
    "resume_token_key": "r" * 32,
    "rate_limit_enabled": False,
    "drain_notice_s": 0.5,
    "drain_grace_s": 60,
}
RETRIES = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
}
POLICY = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [{"name": [{"service": "mfn.v1.ElectrochemistryService"}], "retryPolicy": RETRIES}],
}
SOON = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)]
"""Both channels look for a lost server often, or the test would wait for that."""
GOLDMAN = ComputeGoldmanRequest(
    ions=[Ion(z_valence=1, permeability=1, concentration_out_molar=0.005, concentration_in_molar=0.14)]
)
"""Of a single ion, for which it is the Nernst potential."""
STREAM: dict[str, Any] = {"rows": 64, "cols": 64, "steps": 400, "stride": 100, "seed": 3}
ROUND = 20
PAUSE_S = 0.01
"""Between two calls: the load leaves the servers room to be restarted on a busy machine."""


class Load:
    """Calls of several kinds, over and over, until told to stop; a failure stops its kind and is kept."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor()
        self._running: list[Any] = []

    def begin(self, kind: str, call: Callable[[], object]) -> None:
        """Call again and again."""

        def loop() -> None:
            while not self._stop.wait(PAUSE_S):
                call()
                self.done[kind] += 1

        self._running.append(self._threads.submit(loop))

    def goes_on(self, count: int) -> None:
        """Return once each kind has succeeded so often again; raises what failed."""
        wanted = {kind: done + count for kind, done in dict(self.done).items()}
        deadline = time.monotonic() + PATIENCE_S
        while any(self.done[kind] < goal for kind, goal in wanted.items()):
            assert time.monotonic() < deadline, (self.done, wanted)
            self._raise_failures()
            time.sleep(0.02)

    def end(self) -> None:
        """Stop; raises what failed."""
        self._stop.set()
        self._threads.shutdown()
        self._raise_failures()

    def _raise_failures(self) -> None:
        for future in self._running:
            if future.done():
                future.result()


@dataclass(frozen=True)
class Encryption:
    """What servers and callers need for TLS; nothing of it where nothing is encrypted. options: of channels."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    ca: Path | None = None
    options: Options = ()

    @property
    def authority(self) -> bytes | None:
        """The authority's certificate."""
        return None if self.ca is None else self.ca.read_bytes()

    @property
    def client(self) -> Tls | None:
        """The same for our client."""
        return None if self.ca is None else Tls(ca_file=self.ca)


class Encrypted(ServerProcess):
    """A server that is asked over the connections that it takes."""

    def __init__(self, encryption: Encryption, **settings: Any) -> None:
        self.authority = encryption.authority
        super().__init__(**settings, **encryption.settings)


def over_tls(folder: Path) -> Encryption:
    """Certificates of an authority of our own."""
    ours = DevelopmentAuthority(days=2)
    pair = ours.server(["localhost", "127.0.0.1"])
    for name, content in (("ca.crt", ours.certificate), ("tls.crt", pair.certificate), ("tls.key", pair.key)):
        (folder / name).write_bytes(content)
    settings = {
        "transport_security": "tls",
        "tls_cert_file": folder / "tls.crt",
        "tls_key_file": folder / "tls.key",
    }
    # The name that both addresses stand for: found by DNS in earnest.
    return Encryption(settings, folder / "ca.crt", (("grpc.default_authority", "localhost"),))


@contextmanager
def calling(target: str, encryption: Encryption) -> Iterator[Load]:
    """The load: our client's calls, its streams, and a plain stub that has the service config and nothing else."""
    load = Load()
    soon = [*SOON, *encryption.options]
    options = [("grpc.service_config", json.dumps(POLICY)), *soon]
    with (
        Client(target, options=soon, tls=encryption.client) as client,
        open_channel(target, encryption.authority, options) as channel,
    ):
        stub = ElectrochemistryServiceStub(channel)
        expected = digest(client)
        nernst = client.nernst(1, 0.005, 0.14)

        def unary() -> None:
            assert client.nernst(1, 0.005, 0.14) == nernst

        def stream() -> None:
            assert digest(client) == expected

        def plain() -> None:
            assert stub.ComputeGoldman(GOLDMAN, timeout=PATIENCE_S).potential_mv == pytest.approx(nernst)

        for kind, call in (("unary", unary), ("stream", stream), ("plain stub", plain)):
            load.done[kind] = 0
            load.begin(kind, call)
        try:
            yield load
        finally:
            load.end()


def digest(client: Client) -> list[tuple[int, bytes]]:
    """Every frame of a run."""
    with client.simulate("gray_scott", **STREAM) as frames:
        return [(frame.step, b"".join(array.tobytes() for array in frame.fields.values())) for frame in frames]


def reached(server: ServerProcess) -> None:
    """Return once every channel has found the server again: the next one may go only then, as all operators know."""
    deadline = time.monotonic() + PATIENCE_S
    while not all(method in server.log for method in ("ComputeNernst", "ComputeGoldman")):
        assert time.monotonic() < deadline, server.log
        time.sleep(0.02)


@pytest.mark.timeout(300)  # starts four servers, one after another
@pytest.mark.parametrize("encrypted", [False, True], ids=["unencrypted", "tls"])
def test_no_call_fails_while_each_of_two_servers_is_drained_and_started_again(tmp_path: Path, encrypted: bool) -> None:
    encryption = over_tls(tmp_path) if encrypted else Encryption()

    def begun(**port: int) -> ServerProcess:
        server = Encrypted(encryption, **SETTINGS, **port)
        return stack.enter_context(closing(server))

    with ExitStack() as stack:  # its servers outlive the load
        servers = [begun() for _ in range(2)]
        for server in servers:
            server.wait_until_serving()
        target = "ipv4:" + ",".join(f"127.0.0.1:{server.port}" for server in servers)
        with calling(target, encryption) as load:
            load.goes_on(ROUND)
            for server in servers:
                server.terminate()
                assert server.wait() == 0, server.log[-4000:]
                assert "unexpected error" not in server.log
                load.goes_on(ROUND)
                again = begun(port=server.port)
                again.wait_until_serving()
                reached(again)
            load.goes_on(ROUND)

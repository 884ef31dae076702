"""The disk of the server is full: that is said clearly, nothing is acknowledged, and all goes on once there is room."""

import logging
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import grpc
import pytest

from mfn_client import Client
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub
from tests.conftest import required
from tests.e2e.federation.conftest import Undisturbed
from tests.e2e.federation.crew import Crew, Progress
from tests.e2e.federation.ledger import acknowledged, last_model, require_agreement
from tests.e2e.federation.nursery import Nursery
from tests.e2e.federation.training import PLAIN
from tests.e2e.process import PATIENCE_S
from tests.server.calling import refusal_of

ROUNDS = 30
"""As the undisturbed run that is there anyway."""
FULL_ROUND = ROUNDS
"""The round in which the disk is full: the last, at whose gate everyone waits."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes 48 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        sentence = "this process may not mount a small tmpfs: run it as root, with CAP_SYS_ADMIN"
        if required("tmpfs"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take all the room there is."""
    ballast = folder / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while os.write(descriptor, bytes(size)):
                    pass
    finally:
        os.close(descriptor)
    return ballast


class Complaints(logging.Handler):
    """Waits until participants have been told that there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self._heard = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "no room left" in record.getMessage():
            self._heard.set()

    def wait(self) -> None:
        assert self._heard.wait(PATIENCE_S)


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    handler, log = Complaints(), logging.getLogger("mfn_client.federated")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def require_storage_full(target: str) -> None:
    """Creating a federation is refused in the words of the catalogue."""
    with grpc.insecure_channel(target) as channel:
        create: Callable[..., object] = FederationServiceStub(channel).CreateFederation
        with pytest.raises(grpc.RpcError) as caught:
            create(pb.CreateFederationRequest(federation_id="one-too-many"), timeout=PATIENCE_S)
    refusal = refusal_of(caught.value)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "STORAGE_FULL")
    assert refusal.retry_s is not None


def test_nothing_is_acknowledged_while_the_disk_is_full_and_all_goes_on_once_there_is_room(
    nursery: Nursery, undisturbed: Undisturbed, small_disk: Path, tmp_path: Path, complaints: Complaints
) -> None:
    server = nursery.start(state_dir=small_disk / "state")
    progress = Progress(FULL_ROUND)
    try:
        assert server.listening(), server.log
        with Client(server.target) as client:
            PLAIN.found(client, tmp_path, ROUNDS)
            crew = Crew(PLAIN, tmp_path, dict.fromkeys(PLAIN.participants, server.target), progress)
            client.upload_model(PLAIN.name, PLAIN.first_model())
        progress.wait_for(FULL_ROUND)
        ballast = fill(small_disk)
        progress.open_gate()
        require_storage_full(server.target)
        complaints.wait()
        records = {name: crew.record_of(name) for name in PLAIN.participants}
        assert all(max(acknowledged(record)) == FULL_ROUND - 1 for record in records.values())
        server.kill()
        server = nursery.start(state_dir=small_disk / "state", port=server.port)
        assert server.listening(), server.log
        require_storage_full(server.target)
        server.kill()
        ballast.unlink()
        server = nursery.start(state_dir=small_disk / "state", port=server.port)
        crew.results()
        with Client(server.target) as client:
            require_agreement(client, PLAIN.name, records, ROUNDS)
            assert last_model(client, PLAIN.name) == undisturbed(ROUNDS)[PLAIN.name]
    finally:
        progress.open_gate()
        server.kill()

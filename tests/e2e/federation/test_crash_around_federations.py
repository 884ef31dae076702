"""The server dies while a federation is made or deleted: then there is a whole one, or none, and the call works."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub
from mfn_server.federation.storage.crash_points import CREATION, REMOVAL
from tests.e2e.federation.nursery import ForkedServer, Nursery
from tests.e2e.process import PATIENCE_S

NAME, REQUEST_ID = "federations/digits", "6f0ce1f4-4f7e-4c0e-8c1e-1f6f3f9d8b11"
CREATE = pb.CreateFederationRequest(federation_id="digits", request_id=REQUEST_ID)


@contextmanager
def stub_of(server: ForkedServer) -> Iterator[Any]:
    """Calls a server by generated stubs, once it listens."""
    assert server.listening(), server.log
    with closing(grpc.insecure_channel(server.target)) as channel:
        yield FederationServiceStub(channel)


@contextmanager
def running(nursery: Nursery, state_dir: Path, crash_at: str = "") -> Iterator[tuple[ForkedServer, Any]]:
    server = nursery.start(state_dir=state_dir, crash_at=crash_at)
    try:
        with stub_of(server) as stub:
            yield server, stub
    finally:
        server.kill()
        assert "Traceback" not in server.log, server.log


def died_of(server: ForkedServer, call: Any, request: Any) -> None:
    """The call is lost with its server."""
    with pytest.raises(grpc.RpcError) as caught:
        call(request, timeout=PATIENCE_S)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert server.dead(PATIENCE_S)
    assert server.was_killed


def names(stub: Any) -> list[str]:
    return [each.name for each in stub.ListFederations(pb.ListFederationsRequest(), timeout=PATIENCE_S).federations]


@pytest.mark.parametrize("point", CREATION)
def test_a_creation_that_is_repeated_after_a_crash_makes_one_federation(
    nursery: Nursery, tmp_path: Path, point: str
) -> None:
    with running(nursery, tmp_path, f"{point}:1") as (server, stub):
        died_of(server, stub.CreateFederation, CREATE)
    with running(nursery, tmp_path) as (_, stub):
        seen = names(stub)
        assert seen in ([], [NAME])
        created = stub.CreateFederation(CREATE, timeout=PATIENCE_S).federation
        assert stub.CreateFederation(CREATE, timeout=PATIENCE_S).federation.uid == created.uid
        assert names(stub) == [NAME]
    with running(nursery, tmp_path) as (_, stub):
        found = stub.GetFederation(pb.GetFederationRequest(name=NAME), timeout=PATIENCE_S).federation
        assert found.uid == created.uid
    assert [path.name for path in (tmp_path / "federations").iterdir() if path.is_dir()] == ["digits"]


@pytest.mark.parametrize("point", REMOVAL)
def test_a_deletion_that_is_cut_short_by_a_crash_leaves_a_whole_federation_or_none(
    nursery: Nursery, tmp_path: Path, point: str
) -> None:
    delete = pb.DeleteFederationRequest(name=NAME)
    with running(nursery, tmp_path, f"{point}:1") as (server, stub):
        stub.CreateFederation(CREATE, timeout=PATIENCE_S)
        died_of(server, stub.DeleteFederation, delete)
    with running(nursery, tmp_path) as (_, stub):
        if names(stub):
            stub.DeleteFederation(delete, timeout=PATIENCE_S)
        assert names(stub) == []
        again = pb.CreateFederationRequest(federation_id="digits")
        assert stub.CreateFederation(again, timeout=PATIENCE_S).federation.state == pb.FEDERATION_STATE_AWAITING_MODEL
        stub.DeleteFederation(delete, timeout=PATIENCE_S)
    assert [path for path in (tmp_path / "federations").iterdir() if path.is_dir() and any(path.rglob("*"))] == []

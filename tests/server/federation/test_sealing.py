"""Keys that change while federations rest: files are sealed anew, and a key that is missing is told."""

import logging
from pathlib import Path

import grpc
import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from tests.server.calling import refused
from tests.server.federation.hosting import Host, Hosting
from tests.server.federation.policies import policy
from tests.server.gates import eventually

OLD = "old:" + "ab" * 32  # pragma: allowlist secret
NEW = "new:" + "cd" * 32  # pragma: allowlist secret
MODEL = np.arange(100_000, dtype="<f4")


async def restarted(host: Host, keys: str | None) -> None:
    await host.kill()
    host.settings = {"federation_keys": keys}
    await host.restart()


def headers(folder: Path) -> set[bytes]:
    """The id of the key that each file begins with."""
    return {path.read_bytes()[9:12] for path in folder.glob("models/*.sealed")}


@pytest.mark.parametrize("before", [OLD, None])
async def test_everything_is_sealed_with_the_newest_key_after_a_start(hosting: Hosting, before: str | None) -> None:
    host = await hosting(federation_keys=before)
    federation = await host.operator.federation("f", MODEL, policy(2))
    model = (await federation.get()).model
    await restarted(host, f"{NEW},{OLD}")
    live = host.live("f")
    await eventually(lambda: not live._chores._tasks)
    assert headers(live.folder.path) == {b"new"}
    assert not list(live.folder.path.glob("models/*.raw"))
    await restarted(host, NEW)
    federation.stub = host.operator.stub
    assert await federation.download(model) == MODEL.tobytes()


async def test_a_key_that_is_missing_is_told_at_the_start_and_to_all_who_ask(
    hosting: Hosting, caplog: pytest.LogCaptureFixture
) -> None:
    host = await hosting(federation_keys=OLD)
    await host.operator.federation("f", MODEL, policy(2))
    caplog.set_level(logging.ERROR)
    await restarted(host, NEW)
    (said,) = [record.getMessage() for record in caplog.records if "cannot be opened" in record.getMessage()]
    assert "models/model-0.sealed" in said
    assert "'old'" in said
    refusal = await refused(host.operator.stub.GetFederation(pb.GetFederationRequest(name="federations/f")))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "SEAL_BROKEN")
    assert refusal.metadata == {"file": "models/model-0.sealed", "key_id": "old"}
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_sealed_model_that_was_altered_is_told_to_those_who_need_it(hosting: Hosting) -> None:
    host = await hosting(federation_keys=OLD)
    federation = await host.operator.federation("f", MODEL, policy(1))
    (path,) = host.live("f").folder.path.glob("models/*.sealed")
    raw = bytearray(path.read_bytes())
    raw[1000] ^= 1
    path.write_bytes(raw)
    participant = await federation.enrol("p")
    await participant.join()
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await participant.rest()
    assert ended.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(grpc.aio.AioRpcError) as broken:
        await federation.download((await federation.get()).model)
    assert broken.value.code() is grpc.StatusCode.FAILED_PRECONDITION

"""Open streams end when what vouched for their credential is exchanged, while the server runs and serves others."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from secrets import token_hex
from typing import Any

import grpc
import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.simulation_pb2_grpc import SimulationServiceStub
from tests.e2e.conftest import Serve
from tests.e2e.operator.site import Production, Site
from tests.e2e.process import PATIENCE_S, ServerProcess, until
from tests.server.calling import refusal_of
from tests.server.secrets.aws_standin import REGION, address_of, operators_client, secrets_manager
from tests.server.specs import spec

MESSAGE = spec("mycelium", steps=40, shape=(256, 256))
"""60 MiB in all: far more than a connection holds, so that the stream of a reader who stops stays open."""
ENDED = '"code":"UNAUTHENTICATED"'


def opened(server: ServerProcess, key: str) -> Any:
    """A stream that has begun; nobody reads on."""
    request = pb.SimulateRequest(spec=MESSAGE, frame_stride=1)
    stub: Any = SimulationServiceStub(server.channel)
    call = stub.Simulate(request, metadata=[("x-api-key", key)], timeout=PATIENCE_S)
    next(call)
    return call


def ending(server: ServerProcess, call: Any) -> tuple[grpc.StatusCode, str]:
    """How the server ends the stream by itself; what was under way is read first."""
    until(lambda: ENDED in server.log, lambda: server.log)
    with pytest.raises(grpc.RpcError) as caught:
        list(call)
    refused = refusal_of(caught.value)
    return refused.code, refused.message


def assert_exchanged(server: ServerProcess, put: Callable[[str], Any], old: str, new: str) -> None:
    """From the old key to the new one: streams of the new one go on, of the old one they end."""
    leaving = opened(server, old)
    put(f"{new} {old}")
    until(lambda: "MFN_API_KEY was read again" in server.log, lambda: server.log)
    staying = opened(server, new)
    assert ENDED not in server.log
    put(new)
    assert ending(server, leaving) == (grpc.StatusCode.UNAUTHENTICATED, "the credential is not valid here")
    assert list(staying)[-1].summary.stop_reason == pb.STOP_REASON_COMPLETED
    assert not [key for key in (old, new) if key in server.log]


def test_streams_of_a_key_end_when_the_file_holds_another_and_those_of_the_other_go_on(
    serve: Serve, tmp_path: Path
) -> None:
    file, old = tmp_path / "key", token_hex(32)
    file.write_text(old)
    assert_exchanged(serve(api_key=f"@{file}", log_format="json"), file.write_text, old, token_hex(32))


def test_streams_of_a_key_end_when_aws_holds_another_and_those_of_the_other_go_on(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = token_hex(32)
    with secrets_manager(monkeypatch) as standing_in:
        address = address_of(standing_in)
        aws = operators_client(address)
        aws.create_secret(Name="mfn", SecretString=old)
        access = {"aws_endpoint": address, "aws_region": REGION, "secrets_refresh_s": 1}
        server = serve(api_key="aws:mfn", log_format="json", **access)
        assert_exchanged(
            server, lambda text: aws.put_secret_value(SecretId="mfn", SecretString=text), old, token_hex(32)
        )


def test_streams_of_a_key_whose_pepper_is_gone_end(tmp_path: Path) -> None:
    site = Site(tmp_path)
    key = site.create_key("lab", "simulate")
    with closing(Production(site)) as server:
        server.wait_until_serving()
        call = opened(server, key)
        assert ENDED not in server.log
        site.pepper.write_text(token_hex(32), encoding="ascii")
        assert ending(server, call) == (grpc.StatusCode.UNAUTHENTICATED, "the API key is not valid here")

"""AWS Secrets Manager that is gone after the start of a server, and back later."""

from secrets import token_hex
from typing import Any

import grpc
import pytest
from moto.server import ThreadedMotoServer

from tests.server.conftest import Running, Start
from tests.server.secrets.aws_standin import REGION
from tests.server.secrets.looking import look
from tests.server.secrets.test_rotation import ENTERED, UNKNOWN, code


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelname == "ERROR" and "MFN_" in each.getMessage()]


async def codes(server: Running, *keys: str) -> list[grpc.StatusCode]:
    return [await code(server, key) for key in keys]


async def test_while_it_is_down_the_last_key_stays_one_error_is_logged_and_the_next_key_counts_when_it_is_back(
    start: Start, aws_server: ThreadedMotoServer, aws_address: str, aws: Any, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = token_hex(32), token_hex(32)
    aws.create_secret(Name="mfn", SecretString=old)
    server = await start(api_key="aws:mfn", aws_endpoint=aws_address, aws_region=REGION)  # pragma: allowlist secret
    port = aws_server.get_host_and_port()[1]
    aws_server.stop()
    for _ in range(3):
        await look(server)
    assert await codes(server, old) == [ENTERED]
    (told,) = errors(caplog)
    assert "MFN_API_KEY cannot be used, its last good content stays: AWS Secrets Manager does not answer" in told
    again = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    again.start()
    try:
        aws.put_secret_value(SecretId="mfn", SecretString=new)  # pragma: allowlist secret
        await look(server)
        assert await codes(server, old, new) == [UNKNOWN, ENTERED]
    finally:
        again.stop()
    assert len(errors(caplog)) == 1

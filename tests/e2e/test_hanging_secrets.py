"""A Vault that answers byte by byte, for ever: what the server does meanwhile, and that it ends."""

from pathlib import Path
from secrets import token_hex

import grpc

from mfn_grpc.v1 import types_pb2
from mfn_grpc.v1.simulation_pb2 import UploadArrayRequest
from tests.e2e.conftest import Serve
from tests.e2e.process import PATIENCE_S, ServerProcess, until
from tests.server.secrets.vault_standin import standing_in

REFUSED = grpc.StatusCode.UNAUTHENTICATED


def code(server: ServerProcess, key: str) -> grpc.StatusCode:
    """What becomes of an upload that holds nothing: it goes by the threads that everything shares."""
    try:
        part = types_pb2.ArrayPart(total_bytes=0)
        server.simulation.UploadArray(
            iter([UploadArrayRequest(part=part)]), metadata=[("x-api-key", key)], timeout=PATIENCE_S
        )
    except grpc.RpcError as error:
        found: grpc.StatusCode = error.code()
        return found
    return grpc.StatusCode.OK


def test_calls_are_answered_a_key_in_a_file_is_exchanged_and_sigterm_ends_the_server(
    serve: Serve, tmp_path: Path
) -> None:
    file, old, new = tmp_path / "key", token_hex(32), token_hex(32)
    file.write_text(old)
    with standing_in() as vault:
        vault.put("secret/mfn", seal=token_hex(32), pepper=token_hex(32), keys='{"version": 1, "keys": []}')
        access = {"vault_address": vault.address, "vault_token": "root-token", "secrets_refresh_s": 1}
        sealed = {
            "resume_token_key": "vault:secret/mfn#seal",
            "api_key_pepper": "vault:secret/mfn#pepper",  # pragma: allowlist secret
        }
        kept = {"api_keys_file": "vault:secret/mfn#keys"}  # pragma: allowlist secret
        server = serve(api_key=f"@{file}", drain_notice_s=0, drain_grace_s=1, **access, **sealed, **kept)
        vault.trickling.set()
        until(lambda: "cannot be used, its last good content stays" in server.log, lambda: server.log)
        assert code(server, old) is not REFUSED
        file.write_text(new)
        until(lambda: code(server, old) is REFUSED, lambda: server.log)
        assert code(server, new) is not REFUSED
        server.terminate()
        assert server.wait() == 0, server.log

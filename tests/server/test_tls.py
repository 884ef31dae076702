"""TLS of a server that serves: versions, client certificates, and certificates that change under it."""

import asyncio
import logging
import os
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mfn_client._development_certificates import DevelopmentAuthority, Pair
from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceStub
from mfn_server import app
from mfn_server.config.loading import load_settings
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Interceptors, Proceed
from mfn_server.tls import CertificateFiles, ServerCertificate, server_certificate
from tests.server.calling import NERNST
from tests.server.conftest import Start

FIRST = DevelopmentAuthority(days=2)
EXPIRED = DevelopmentAuthority(days=1, now=datetime.now(UTC) - timedelta(days=9))
SECOND = DevelopmentAuthority(days=9)


class Counted:
    """What was told of reloads."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []

    def count(self, file: str, succeeded: bool) -> None:
        self.told.append((file, succeeded))

    def recovered(self, file: str) -> None:
        raise AssertionError(file)


class Files:
    """The files that a server serves from."""

    def __init__(self, folder: Path, *, mutual: bool = False) -> None:
        folder.mkdir(exist_ok=True)
        self.certificate, self.key, self.client_ca = folder / "cert.pem", folder / "key.pem", folder / "ca.pem"
        self.write(FIRST.server(["127.0.0.1"]))
        self.client_ca.write_bytes(FIRST.certificate)
        self.reloads = Counted()
        self.served = ServerCertificate(
            CertificateFiles(self.certificate, self.key, self.client_ca if mutual else None), self.reloads
        )

    def write(self, pair: Pair) -> None:
        self.certificate.write_bytes(pair.certificate)
        self.key.write_bytes(pair.key)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


async def _echo(request: bytes, _context: Any) -> bytes:
    return request


@asynccontextmanager
async def serving(served: ServerCertificate) -> AsyncIterator[int]:
    """A server that echoes; gives its port."""
    server = grpc.aio.server()
    methods: Any = {"Say": grpc.unary_unary_rpc_method_handler(_echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("echo", methods),))
    port = server.add_secure_port("127.0.0.1:0", served.credentials())
    await server.start()
    try:
        yield port
    finally:
        await server.stop(None)


class Caller:
    """A connection of its own, of a caller who trusts an authority."""

    def __init__(self, port: int, trusted: DevelopmentAuthority, own: Pair | None = None) -> None:
        shown = (own.key, own.certificate) if own else (None, None)
        apart = [("grpc.use_local_subchannel_pool", 1)]  # connections are shared between channels otherwise
        credentials = grpc.ssl_channel_credentials(trusted.certificate, *shown)
        self._channel = grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials, options=apart)

    async def says(self) -> bytes:
        say: Any = self._channel.unary_unary("/echo/Say")
        answer: bytes = await say(b"hello", timeout=30)
        return answer

    async def refused(self) -> str:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.says()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        return caught.value.details() or ""

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()


def only(purpose: int, version: ssl.TLSVersion) -> ssl.SSLContext:
    """A side of a connection that knows one version of TLS."""
    context = ssl.SSLContext(purpose)
    context.set_ciphers("ALL:@SECLEVEL=0")  # or it would refuse the old versions by itself
    context.set_alpn_protocols(["h2"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are what is asked for
        context.minimum_version = context.maximum_version = version
    return context


async def agreed(port: int, version: ssl.TLSVersion) -> str | None:
    """The version that a client which knows only one agrees on with a server; None when it is refused."""
    context = only(ssl.PROTOCOL_TLS_CLIENT, version)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    except (ssl.SSLError, ConnectionError):
        return None
    found: str | None = writer.get_extra_info("ssl_object").version()
    writer.close()
    return found


async def test_tls_1_2_and_1_3_are_spoken_and_1_1_is_refused(files: Files) -> None:
    old = only(ssl.PROTOCOL_TLS_SERVER, ssl.TLSVersion.TLSv1_1)
    old.load_cert_chain(files.certificate, files.key)
    async with serving(files.served) as port, await asyncio.start_server(_hang_up, "127.0.0.1", 0, ssl=old) as control:
        assert await agreed(control.sockets[0].getsockname()[1], ssl.TLSVersion.TLSv1_1) == "TLSv1.1"
        assert await agreed(port, ssl.TLSVersion.TLSv1_1) is None
        assert await agreed(port, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        assert await agreed(port, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_a_renewed_certificate_counts_for_new_connections_and_old_ones_go_on(files: Files) -> None:
    soon = files.served.certificate_expiry()
    async with serving(files.served) as port, Caller(port, FIRST) as old:
        assert await old.says() == b"hello"
        files.write(SECOND.server(["127.0.0.1"]))
        async with Caller(port, SECOND) as new:
            assert await new.says() == b"hello"
        assert await old.says() == b"hello"
        async with Caller(port, FIRST) as late:
            assert "CERTIFICATE_VERIFY_FAILED" in await late.refused()
    assert files.served.certificate_expiry() == pytest.approx(soon + 7 * 86_400, abs=60)
    assert files.reloads.told[-1] == ("tls_cert_file", True)


def _garbage(files: Files) -> None:
    files.certificate.write_text("no certificate")


def _half_written(files: Files) -> None:
    files.certificate.write_bytes(SECOND.server(["127.0.0.1"]).certificate)


def _missing(files: Files) -> None:
    files.key.unlink()


def _expired(files: Files) -> None:
    files.write(EXPIRED.server(["127.0.0.1"]))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(_garbage, "no certificate"), (_half_written, "not the key"), (_missing, "no such file"), (_expired, "expired")],
)
async def test_faulty_files_leave_the_certificate_in_use_until_they_are_good(
    files: Files, caplog: pytest.LogCaptureFixture, spoil: Any, told: str
) -> None:
    expiry = files.served.certificate_expiry()
    async with serving(files.served) as port:
        spoil(files)
        for _ in range(2):
            async with Caller(port, FIRST) as caller:
                assert await caller.says() == b"hello"
        (line,) = [each for each in caplog.records if each.levelno == logging.ERROR]  # once, not for each connection
        assert told in line.getMessage()
        assert files.served.certificate_expiry() == expiry
        assert files.reloads.told == [("tls_cert_file", False)]
        files.write(SECOND.server(["127.0.0.1"]))
        async with Caller(port, SECOND) as caller:
            assert await caller.says() == b"hello"


def test_files_that_change_while_they_are_read_are_read_again(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    read_bytes = Path.read_bytes

    def replaced_while_read(path: Path) -> bytes:
        monkeypatch.setattr(Path, "read_bytes", read_bytes)
        found = path.read_bytes()
        files.write(SECOND.server(["127.0.0.1"]))
        return found

    os.utime(files.certificate, (1, 1))
    monkeypatch.setattr(Path, "read_bytes", replaced_while_read)
    assert files.served.news() is None
    assert files.served.news() is not None
    assert files.served.news() is None


async def test_mutual_tls_takes_certificates_of_its_authority_only(tmp_path: Path) -> None:
    files = Files(tmp_path, mutual=True)
    async with serving(files.served) as port:
        for own, taken in ((FIRST.client("alice"), True), (SECOND.client("alice"), False), (None, False)):
            async with Caller(port, FIRST, own) as caller:
                assert await caller.says() == b"hello" if taken else await caller.refused()
        files.client_ca.write_bytes(SECOND.certificate)
        async with Caller(port, FIRST, SECOND.client("alice")) as caller:
            assert await caller.says() == b"hello"


async def test_the_server_shows_its_certificate_and_calls_tell_the_callers(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    async def note(proceed: Proceed, call: Call) -> None:
        seen.append(call.context.auth_context())
        await proceed(call)

    monkeypatch.setattr(app, "interceptors", lambda _: Interceptors(guards=[note]))
    files = Files(tmp_path, mutual=True)
    named = {"tls_cert_file": files.certificate, "tls_key_file": files.key, "tls_client_ca_file": files.client_ca}
    keyed = {"transport_security": "tls", "tls_client_auth": "required", "api_key": "k" * 32}
    server = await start(ready=False, **named, **keyed)
    own = FIRST.client("alice")
    credentials = grpc.ssl_channel_credentials(FIRST.certificate, own.key, own.certificate)
    async with grpc.aio.secure_channel(f"127.0.0.1:{server.lifecycle.port}", credentials) as channel:
        stub: Any = ElectrochemistryServiceStub(channel)
        assert (await stub.ComputeNernst(NERNST)).potential_mv < 0
    assert seen[0]["x509_common_name"] == [b"alice"]
    assert seen[0]["x509_subject_alternative_name"] == [b"alice"]


def test_without_tls_there_is_no_certificate() -> None:
    assert server_certificate(load_settings(env="dev")) is None


def test_a_key_of_a_kind_that_clients_refuse_is_a_fault(files: Files) -> None:
    key = Ed25519PrivateKey.generate()
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    told = CertificateFiles(files.certificate, files.key, None).faults()
    assert any("RSA, or ECDSA" in each for each in told)

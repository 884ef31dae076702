"""What calls carry of keys, tokens and certificates, on both faces and in every kind of call."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from mfn_client import (
    AsyncClient,
    Client,
    InvalidCredentials,
    MfnError,
    PermissionDenied,
    Tls,
    TlsFailed,
    Unauthenticated,
    Unavailable,
)
from mfn_client._channel import aio_channel, bare_aio_channel, call_metadata, sync_channel
from mfn_client._credentials import Credentials
from mfn_client._development_certificates import DevelopmentAuthority, Pair
from mfn_client._exceptions import build
from mfn_client.federated import generate_key, participate
from mfn_client.federated._retry import passes
from tests.client.fakes import status_bytes

KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")
AUTHORITY = DevelopmentAuthority(days=1)
EXPIRED = DevelopmentAuthority(days=1, now=datetime.now(UTC) - timedelta(days=9))
CODE = grpc.StatusCode


class Recorder(grpc.GenericRpcHandler):
    """Answers every call and keeps what came with it."""

    def __init__(self) -> None:
        self.metadata: list[dict[str, Any]] = []
        self.identities: list[list[Any]] = []

    def service(self, handler_call_details: Any) -> Any:
        kind = handler_call_details.method.rpartition("/")[2]

        def answer(_request: Any, context: grpc.ServicerContext) -> Any:
            self.metadata.append(dict(context.invocation_metadata()))
            self.identities.append([*context.auth_context().get("x509_common_name", ())])
            return iter([b"answer"]) if kind.endswith("stream") else b"answer"

        return getattr(grpc, f"{kind}_rpc_method_handler")(answer)


@contextmanager
def recording(credentials: grpc.ServerCredentials | None = None) -> Iterator[tuple[str, Recorder]]:
    recorder = Recorder()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2), handlers=[recorder])
    place = "127.0.0.1:0"
    port = server.add_secure_port(place, credentials) if credentials else server.add_insecure_port(place)
    server.start()
    try:
        yield f"127.0.0.1:{port}", recorder
    finally:
        server.stop(None).wait()


def call_sync(target: str, credentials: Credentials) -> None:
    """A call of every kind."""
    with sync_channel(target, credentials, ()) as channel:
        for kind in KINDS:
            method = getattr(channel, kind)(f"/any/{kind}")
            answered = method(iter([b"x"]) if kind.startswith("stream") else b"x", timeout=30)
            assert (list(answered) if kind.endswith("stream") else [answered]) == [b"answer"]


def call_asyncio(target: str, credentials: Credentials) -> None:
    async def calling() -> None:
        async with aio_channel(target, credentials, ()) as channel:
            for kind in KINDS:
                await _answered(channel, kind, {})

    asyncio.run(calling())


def call_bare(target: str, credentials: Credentials) -> None:
    """As participants and uploads do on asyncio."""

    async def calling() -> None:
        async with bare_aio_channel(target, credentials, ()) as channel:
            for kind in KINDS:
                await _answered(channel, kind, {"metadata": call_metadata(credentials)})

    asyncio.run(calling())


async def _answered(channel: grpc.aio.Channel, kind: str, more: dict[str, Any]) -> None:
    call = getattr(channel, kind)(f"/any/{kind}")(
        iter([b"x"]) if kind.startswith("stream") else b"x", timeout=30, **more
    )
    assert ([each async for each in call] if kind.endswith("stream") else [await call]) == [b"answer"]


FACES = pytest.mark.parametrize("call", [call_sync, call_asyncio, call_bare], ids=["sync", "asyncio", "bare"])
Face = Callable[[str, Credentials], None]


@FACES
def test_a_key_goes_with_every_kind_of_call(call: Face) -> None:
    with recording() as (target, recorder):
        call(target, Credentials(api_key="the-key"))  # pragma: allowlist secret
    assert [each.get("x-api-key") for each in recorder.metadata] == ["the-key"] * len(KINDS)
    assert not any("authorization" in each for each in recorder.metadata)
    assert len({each["x-request-id"] for each in recorder.metadata}) == len(KINDS)


@FACES
def test_a_function_gives_every_call_a_fresh_token(call: Face) -> None:
    fresh = itertools.count()
    with recording() as (target, recorder):
        call(target, Credentials(token=lambda: f"t{next(fresh)}"))
    assert len({each["authorization"] for each in recorder.metadata}) == len(recorder.metadata) == len(KINDS)
    assert all(each["authorization"].startswith("Bearer t") for each in recorder.metadata)


@FACES
def test_a_certificate_names_the_caller_of_every_kind_of_call(call: Face, tmp_path: Path) -> None:
    with recording(server_credentials(mutual=True)) as (target, recorder):
        call(target, Credentials(token="t", tls=trusting(tmp_path, own=AUTHORITY.client("alice"))))
    assert recorder.identities == [[b"alice"]] * len(KINDS)
    assert all(each["authorization"] == "Bearer t" for each in recorder.metadata)


@pytest.mark.parametrize("bad", ["", "two\nlines", " spaced", "ключ"])
def test_what_no_header_can_carry_is_refused_without_telling_it(bad: str) -> None:
    with pytest.raises(InvalidCredentials) as refused:
        Credentials(token=lambda: bad).metadata()
    assert not bad or bad not in str(refused.value)
    if bad:
        with pytest.raises(InvalidCredentials, match="API key must be printable"):
            Client("localhost:1", api_key=bad)


def test_a_key_beside_a_token_is_refused() -> None:
    with pytest.raises(InvalidCredentials, match="Both"):
        AsyncClient("localhost:1", api_key="k", token="t")  # pragma: allowlist secret


def test_no_repr_tells_a_secret() -> None:
    held = Credentials(api_key="hidden-key", token="hidden-token")  # pragma: allowlist secret
    assert "hidden" not in repr(held)


class TestEncryption:
    @pytest.mark.parametrize(
        ("alter", "told"),
        [
            (lambda: {"ca": DevelopmentAuthority(days=1)}, "ca_file"),
            (lambda: {"server": DevelopmentAuthority(days=1).server(["127.0.0.1"])}, "ca_file"),
            (lambda: {"server": AUTHORITY.server(["elsewhere.example"])}, "other names"),
            (lambda: {"server": EXPIRED.server(["127.0.0.1"])}, "ca_file"),
        ],
        ids=["wrong authority", "unknown server", "wrong name", "expired and unknown"],
    )
    def test_a_server_not_to_be_trusted_is_told_at_once(self, tmp_path: Path, alter: Any, told: str) -> None:
        altered = alter()
        with recording(server_credentials(pair=altered.get("server"))) as (target, _):
            error = failure(target, trusting(tmp_path, altered.get("ca", AUTHORITY)))
        assert isinstance(error, TlsFailed)
        assert told in error.advice
        assert error.advice in str(error)
        assert not passes(error)

    def test_a_participant_does_not_go_on_trying(self, tmp_path: Path) -> None:
        with recording(server_credentials()) as (target, _), pytest.raises(TlsFailed):
            participate(
                target,
                "digits",
                lambda arrays, config: (arrays, 1, {}),
                name="alice",
                key=generate_key(),
                tls=trusting(tmp_path, DevelopmentAuthority(days=1)),
            )

    def test_an_expired_certificate_of_the_server_is_told(self, tmp_path: Path) -> None:
        with recording(server_credentials(pair=EXPIRED.server(["127.0.0.1"]))) as (target, _):
            error = failure(target, trusting(tmp_path, EXPIRED))
        assert isinstance(error, TlsFailed)
        assert "has expired" in error.advice

    def test_tls_to_a_port_in_plain_text_is_told(self, tmp_path: Path) -> None:
        with recording() as (target, _):
            error = failure(target, trusting(tmp_path))
        assert isinstance(error, TlsFailed)
        assert "does not speak TLS" in error.advice

    @pytest.mark.parametrize("mutual", [False, True], ids=["plain text", "no certificate"])
    def test_a_connection_that_the_server_closes_at_once_says_what_may_be_missing(
        self, tmp_path: Path, mutual: bool
    ) -> None:
        with recording(server_credentials(mutual=mutual)) as (target, _):
            error = failure(target, trusting(tmp_path) if mutual else None)
        assert isinstance(error, Unavailable)  # so does a proxy whose servers restart: trying again may help
        assert "--ca-file" in error.advice
        assert "--client-cert" in error.advice


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda tls: Path(tls.ca_file).write_text("?"), "no certificates"),
        (lambda tls: Path(tls.cert_file).write_text("?"), "no certificates"),
        (lambda tls: Path(tls.key_file).write_text("?"), "no unencrypted private key"),
        (lambda tls: Path(tls.key_file).write_bytes(AUTHORITY.client("b").key), "not the key"),
        (lambda tls: Path(tls.cert_file).write_bytes(EXPIRED.client("b").certificate), "expired"),
    ],
    ids=["authority", "certificate", "key", "pair", "expired"],
)
def test_files_that_cannot_be_used_are_told_before_anything_is_sent(tmp_path: Path, change: Any, told: str) -> None:
    tls = trusting(tmp_path, own=AUTHORITY.client("a"))
    change(tls)
    with pytest.raises(InvalidCredentials, match=told), Client("localhost:1", tls=tls) as client:
        client.models()


def test_a_certificate_needs_its_key() -> None:
    with pytest.raises(InvalidCredentials, match="belong together"):
        Tls(cert_file="a.pem")


@pytest.mark.parametrize(
    ("code", "reason", "kind", "told"),
    [
        (CODE.UNAUTHENTICATED, "CREDENTIALS_MISSING", Unauthenticated, "--api-key"),
        (CODE.UNAUTHENTICATED, "", Unauthenticated, "--api-key"),
        (CODE.PERMISSION_DENIED, "SCOPE_MISSING", PermissionDenied, "scope"),
        (CODE.PERMISSION_DENIED, "NOT_ENROLLED", PermissionDenied, ""),
    ],
)
def test_refused_credentials_come_with_the_remedy(code: Any, reason: str, kind: type[MfnError], told: str) -> None:
    error = build(code, "no", status_bytes(reason) if reason else b"")
    assert type(error) is kind
    assert told in error.advice
    assert bool(error.advice) == bool(told)


def server_credentials(pair: Pair | None = None, *, mutual: bool = False) -> grpc.ServerCredentials:
    own = pair or AUTHORITY.server(["127.0.0.1"])
    roots = AUTHORITY.certificate if mutual else None
    return grpc.ssl_server_credentials([(own.key, own.certificate)], roots, mutual)


def trusting(folder: Path, authority: DevelopmentAuthority = AUTHORITY, own: Pair | None = None) -> Tls:
    """Trusts an authority and shows a certificate, by files."""
    (folder / "ca.pem").write_bytes(authority.certificate)
    if own is None:
        return Tls(ca_file=folder / "ca.pem")
    (folder / "own.pem").write_bytes(own.certificate)
    (folder / "own.key").write_bytes(own.key)
    return Tls(folder / "ca.pem", folder / "own.pem", folder / "own.key")


def failure(target: str, tls: Tls | None) -> Any:
    """What a call to a server ends with that cannot be reached so."""
    once = [("grpc.enable_retries", 0)]
    with Client(target, tls=tls, options=once) as client, pytest.raises(MfnError) as caught:
        client.nernst(1, 0.1, 0.1)
    return caught.value

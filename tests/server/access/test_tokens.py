"""Tokens of an identity provider."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from mfn_server.access.authenticator import Refused
from mfn_server.access.tokens import LEEWAY_S, BearerTokens, _Accepted, key_set
from mfn_server.rpc.call import Identity
from mfn_server.rpc.methods import Scope
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.watched import Watched
from tests.server.access.calls import call_with

ISSUER, AUDIENCE = "https://id.example", "mfn"
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
OKP = OKPKey.generate_key("Ed25519", {"kid": "okp"})
ALICE = Identity(f"{ISSUER}|alice", frozenset({Scope.READ}), "token")


def claims(**changes: Any) -> dict[str, Any]:
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": int(time()) + 600, "scope": "read openid"}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def signed(payload: dict[str, Any], key: Any = RSA, algorithm: str = "RS256", **header: Any) -> str:
    return jwt.encode({"alg": algorithm, "kid": key.kid, **header}, payload, key, registry=_Accepted())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    publish(path, RSA, EC, OKP)
    return path


def publish(path: Path, *keys: Any) -> None:
    path.write_text(json.dumps(KeySet(list(keys)).as_dict(private=False)))


def tokens_of(file: Path, now: Callable[[], float] = time) -> BearerTokens:
    keys = Watched(FileSource(file, look_every_s=0.0), key_set, setting="jwt_jwks_file")
    return BearerTokens(keys, ISSUER, AUDIENCE, now=now)


async def flaw_of(tokens: BearerTokens, token: str) -> str:
    with pytest.raises(Refused) as caught:
        await tokens.authenticate(call_with(authorization=f"Bearer {token}"))
    return caught.value.flaw


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (OKP, "EdDSA"), (OKP, "Ed25519")])
async def test_a_token_speaks_for_its_subject_with_the_scopes_that_exist(file: Path, key: Any, algorithm: str) -> None:
    tokens = tokens_of(file)
    for _ in range(2):  # verified, then remembered
        call = call_with(authorization=f"Bearer {signed(claims(), key, algorithm)}")
        assert await tokens.authenticate(call) == ALICE


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another"},
        {"aud": None},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 10**400},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"nbf": int(time()) + 600},
        {"sub": None},
        {"sub": ""},
        {"sub": "a\nb"},
        {"sub": "a" * 257},
        {"sub": ["alice"]},
        {"scope": ["read"]},
    ],
)
async def test_a_token_for_others_or_without_what_it_must_say_is_refused(file: Path, changes: dict[str, Any]) -> None:
    assert await flaw_of(tokens_of(file), signed(claims(**changes))) == "invalid"


async def test_a_token_without_a_scope_may_do_nothing_but_is_known(file: Path) -> None:
    found = await tokens_of(file).authenticate(call_with(authorization=f"Bearer {signed(claims(scope=None))}"))
    assert found == Identity(ALICE.principal, frozenset(), "token")


async def test_a_token_that_was_remembered_expires_all_the_same(file: Path) -> None:
    clock = [time()]
    tokens, token = tokens_of(file, lambda: clock[0]), signed(claims(exp=int(clock[0]) + 60))
    assert await tokens.authenticate(call_with(authorization=f"Bearer {token}")) == ALICE
    clock[0] += 60 + LEEWAY_S + 1
    assert await flaw_of(tokens, token) == "expired"
    assert await flaw_of(tokens_of(file, lambda: clock[0]), token) == "expired"


async def test_a_token_of_a_key_that_is_withdrawn_is_refused_although_it_was_remembered(file: Path) -> None:
    tokens, token = tokens_of(file), signed(claims())
    assert await tokens.authenticate(call_with(authorization=f"Bearer {token}")) == ALICE
    publish(file, EC)
    assert await flaw_of(tokens, token) == "invalid"


def unsigned(header: Any, payload: Any = None) -> str:
    parts = (json.dumps(header), json.dumps(claims() if payload is None else payload))
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


async def test_tokens_that_are_not_signed_by_a_key_of_the_set_are_refused(file: Path) -> None:
    tokens, good = tokens_of(file), signed(claims())
    public = json.dumps(RSA.as_dict(private=False)).encode()
    confused = jwt.encode({"alg": "HS256", "kid": "rsa"}, claims(), OctKey.import_key(public), algorithms=["HS256"])
    forged = signed(claims(), RSAKey.generate_key(2048, {"kid": "rsa"}))
    other_payload = ".".join((good.split(".")[0], forged.split(".")[1][:-4], good.split(".")[2]))
    none = f"{unsigned({'alg': 'none', 'kid': 'rsa'})}."
    for token in (confused, forged, other_payload, none, signed(claims(), kid="unknown"), good[:-8]):
        assert await flaw_of(tokens, token) == "invalid"


@pytest.mark.parametrize(
    "header",
    [[], "x", 1, None, {}, {"alg": []}, {"alg": {}}, {"alg": 1}, {"alg": "RS256", "kid": {}}, {"alg": "RS256", "x": 1}],
)
async def test_headers_of_every_shape_are_refused_and_break_nothing(file: Path, header: Any) -> None:
    assert await flaw_of(tokens_of(file), f"{unsigned(header)}.AAAA") == "invalid"


async def test_bytes_that_are_no_token_are_refused_and_break_nothing(file: Path) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5000).decode()
    for token in ("..", "a.b.c", "é.é.é", "====.====.====", f"{deep}.{deep}.AAAA"):
        assert await flaw_of(tokens_of(file), token) == "invalid"


async def test_what_has_not_three_parts_is_left_to_others(file: Path) -> None:
    for call in (
        call_with(),
        call_with(x_api_key="mfn_x"),  # pragma: allowlist secret
        call_with(authorization="Bearer a.b.c.d.e"),
    ):
        assert await tokens_of(file).authenticate(call) is None


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', "[1]", '{"keys": [{"kty": "RSA", "d": "swordfish"}]}'])
def test_a_file_that_is_no_key_set_is_refused_at_the_start(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(ValueError, match="JSON Web Key Set") as caught:
        tokens_of(file)
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        ECKey.generate_key("P-384"),
        OKPKey.generate_key("X25519"),
        ECKey.generate_key("P-256", {"use": "enc"}),
    ],
)
def test_keys_that_are_all_for_something_else_are_refused_at_the_start(file: Path, key: Any) -> None:
    publish(file, key)
    with pytest.raises(ValueError, match="usable keys: none is for"):
        tokens_of(file)


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_a_weak_key_among_others_is_refused_at_the_start(file: Path) -> None:
    publish(file, RSA, RSAKey.generate_key(1024))
    with pytest.raises(ValueError, match="usable keys: an RSA key has 1024 bits"):
        tokens_of(file)

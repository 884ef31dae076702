"""No call but health checks gets anywhere without a credential that holds."""

import asyncio
from pathlib import Path

import pytest
from grpc import StatusCode

from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from mfn_server.access.authenticator import ALL_SCOPES, Authenticator
from mfn_server.access.keys import SingleKey
from mfn_server.access.managing import create, revoke
from mfn_server.access.presented import presented
from mfn_server.access.slowing import FREE_FAILURES, PLACES_PER_PEER, Slowing
from mfn_server.errors import Fault
from mfn_server.interceptors.authentication import Authentication
from mfn_server.rpc.call import ANONYMOUS, Call, Identity
from mfn_server.rpc.methods import OTHER
from tests.server.access.calls import PEER, Recorded, call_with
from tests.server.access.reading import api_keys
from tests.server.calling import path_of
from tests.server.interceptors.guarded import GUARDED, HEALTH, guarded

KEY = "k" * 32  # pragma: allowlist secret
WRONG = "w" * 32  # pragma: allowlist secret


async def test_every_method_of_every_service_refuses_a_caller_without_a_credential_reflection_too() -> None:
    audit = Recorded()
    async with guarded([SingleKey(KEY)], audit) as server:
        for method in GUARDED:
            refusal = await server.refusal(method)
            assert (refusal.code, refusal.reason) == (StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING"), method.name
            assert "x-api-key" in refusal.message
    assert len(GUARDED) > 30
    assert [fields["method"] for _, fields in audit.events] == [path_of(method) for method in GUARDED]


async def test_a_stranger_does_not_learn_which_methods_exist() -> None:
    async with guarded([SingleKey(KEY)], Recorded()) as server:
        assert (await server.refusal("/mfn.v1.NoSuchService/NoSuchMethod")).reason == "CREDENTIALS_MISSING"
        known = await server.refusal("/mfn.v1.NoSuchService/NoSuchMethod", [("x-api-key", KEY)])
        assert known.reason == "NOT_IMPLEMENTED"


async def test_health_needs_no_credential_because_probes_have_none() -> None:
    async with guarded([SingleKey(KEY)], Recorded()) as server:
        for method in HEALTH.methods:
            assert (await server.refusal(method)).code not in {
                StatusCode.UNAUTHENTICATED,
                StatusCode.PERMISSION_DENIED,
            }


async def passed(chain: Authentication, call: Call) -> bool:
    """Whether the call gets through; raises the Fault of one that does not."""
    through: list[Call] = []

    async def proceed(call: Call) -> None:
        through.append(call)

    await chain(proceed, call)
    return bool(through)


def chain_of(audit: Recorded, *authenticators: Authenticator, required: bool = True) -> Authentication:
    async def no_delay(seconds: float) -> None:
        assert seconds > 0

    return Authentication(authenticators or [SingleKey(KEY)], required, Slowing(sleep=no_delay), audit)


async def test_a_credential_that_holds_gives_the_call_its_identity() -> None:
    for call in (call_with(x_api_key=KEY), call_with(authorization=f"Bearer {KEY}")):
        assert await passed(chain_of(Recorded()), call)
        assert (call.identity.principal, call.identity.scopes) == ("default", ALL_SCOPES)


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("key", [WRONG, KEY[:-1], KEY + "k", "", " " + KEY, "k" * 5000, "mfn_x", "a.b.c"])
async def test_a_wrong_credential_is_refused_even_where_none_is_needed(key: str, required: bool) -> None:
    audit, call = Recorded(), call_with(x_api_key=key)
    with pytest.raises(Fault, match="not valid here") as caught:
        await passed(chain_of(audit, required=required), call)
    assert caught.value.status_code is StatusCode.UNAUTHENTICATED
    ((event, fields),) = audit.events
    assert (event, fields["reason"], fields["peer"], fields["credential"]) == (
        "authentication.denied",
        "invalid",
        PEER,
        "none",
    )
    assert len(key) < 6 or key not in repr((fields, caught.value.message))


async def test_where_none_is_needed_a_caller_without_one_is_anonymous_and_may_do_everything() -> None:
    call = call_with()
    assert await passed(chain_of(Recorded(), required=False), call)
    assert (call.identity.principal, call.identity.scopes) == (ANONYMOUS, ALL_SCOPES)


def sending(metadata: dict[str, str]) -> Call:
    call = call_with()
    call.metadata |= metadata
    return call


async def refusals(chain: Authentication, count: int, metadata: dict[str, str]) -> list[str]:
    """The reasons of so many refusals."""
    found = []
    for _ in range(count):
        with pytest.raises(Fault) as caught:
            await passed(chain, sending(metadata))
        found.append(ErrorReason.Name(caught.value.reason).removeprefix("ERROR_REASON_"))
    return found


@pytest.mark.parametrize(
    "wrong",
    [
        {"x-api-key": WRONG},
        {"authorization": "Basic x"},
        {"x-api-key": WRONG, "authorization": f"Bearer {KEY}"},
    ],
)
async def test_who_guesses_is_refused_at_once_and_who_is_right_passes_from_the_same_address(
    wrong: dict[str, str],
) -> None:
    audit = Recorded()
    chain = chain_of(audit)
    guesses = FREE_FAILURES + PLACES_PER_PEER
    assert set(await refusals(chain, guesses, wrong)) == {"CREDENTIALS_INVALID"}
    assert set(await refusals(chain, 3, wrong)) == {"RATE_LIMITED"}
    assert await passed(chain, call_with(x_api_key=KEY))  # for the first time
    assert len(audit.events) == guesses


class Costly:
    """Takes one token; counts its looks."""

    costly = True
    looks = 0

    async def authenticate(self, call: Call) -> Identity | None:
        """Costs much."""
        self.looks += 1
        return Identity("ann", ALL_SCOPES, "token") if presented(call) == "right" else None


async def test_in_a_flood_nobody_has_a_look_at_costly_credentials_but_those_that_were_right() -> None:
    costly = Costly()
    chain = chain_of(Recorded(), SingleKey(KEY), costly)
    await passed(chain, call_with(x_api_key="right"))  # pragma: allowlist secret
    await refusals(chain, FREE_FAILURES + PLACES_PER_PEER, {"x-api-key": WRONG})
    looks = costly.looks
    assert await refusals(chain, 3, {"x-api-key": "wrong"}) == ["RATE_LIMITED"] * 3
    assert costly.looks == looks
    assert await passed(chain, call_with(x_api_key="right"))  # pragma: allowlist secret
    assert await passed(chain, call_with(x_api_key=KEY))


async def test_an_open_stream_ends_when_its_key_is_revoked_and_the_audit_tells(tmp_path: Path) -> None:
    file, audit = tmp_path / "keys.json", Recorded()
    key = create(file, b"p" * 32, "ann", ["read"], None, Recorded())
    chain = chain_of(audit, api_keys(file, b"p" * 32))
    opened = asyncio.Event()

    async def stream(call: Call) -> None:
        opened.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(chain(stream, call_with(method=OTHER, x_api_key=key)))
    await opened.wait()
    revoke(file, key[4:16], Recorded())
    await chain._streams._look_at_all()
    with pytest.raises(Fault, match="has been revoked") as caught:
        await task
    assert caught.value.status_code is StatusCode.UNAUTHENTICATED
    assert [(fields["reason"], fields["credential"]) for _, fields in audit.events] == [("revoked", f"key:{key[4:16]}")]

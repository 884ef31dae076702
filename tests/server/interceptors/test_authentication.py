"""No call but health checks gets anywhere without a credential that holds."""

import pytest
from grpc import StatusCode

from mfn_server.access.authenticator import ALL_SCOPES
from mfn_server.access.keys import SingleKey
from mfn_server.access.slowing import FREE_FAILURES, PLACES_PER_PEER, Slowing
from mfn_server.errors import Fault
from mfn_server.interceptors.authentication import Authentication
from mfn_server.rpc.call import ANONYMOUS, Call
from tests.server.access.calls import PEER, Recorded, call_with
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


def chain_of(audit: Recorded, *, required: bool = True) -> Authentication:
    async def no_delay(seconds: float) -> None:
        assert seconds > 0

    return Authentication([SingleKey(KEY)], required, Slowing(sleep=no_delay), audit)


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


async def test_who_guesses_is_refused_unseen_and_who_is_right_passes_from_the_same_address() -> None:
    audit = Recorded()
    chain = chain_of(audit)
    assert await passed(chain, call_with(x_api_key=KEY))
    guesses = FREE_FAILURES + PLACES_PER_PEER
    for number in range(guesses):
        with pytest.raises(Fault, match="not valid here"):
            await passed(chain, call_with(x_api_key=f"{WRONG}{number}"))
    with pytest.raises(Fault, match="too many") as caught:
        await passed(chain, call_with(x_api_key=WRONG))
    assert caught.value.status_code is StatusCode.RESOURCE_EXHAUSTED
    assert caught.value.retry_after_s
    assert await passed(chain, call_with(x_api_key=KEY))
    assert await passed(chain_of(audit), call_with(x_api_key=KEY, peer="10.0.0.8"))
    assert len(audit.events) == guesses

"""A credential opens the methods of its scopes and no others."""

from grpc import StatusCode

from mfn_server.rpc.call import Call, Identity
from mfn_server.rpc.methods import Scope, method_of
from tests.server.access.calls import Recorded
from tests.server.calling import METHODS
from tests.server.interceptors.guarded import GUARDED, guarded


class Lacking:
    """Takes every caller for one that has all scopes but those of the method."""

    costly = False

    async def authenticate(self, call: Call) -> Identity:
        """Known, and not permitted."""
        return Identity("ann", frozenset(Scope) - set(call.method.scopes), "key:0123456789ab")


class Having:
    """Takes every caller for one that has one scope."""

    costly = False

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def authenticate(self, call: Call) -> Identity:
        """Known, and permitted this much."""
        return Identity("ann", frozenset({self._scope}), "key:0123456789ab")


async def test_every_method_refuses_a_credential_with_all_scopes_but_its_own() -> None:
    audit = Recorded()
    async with guarded([Lacking()], audit) as server:
        for method in GUARDED:
            refusal = await server.refusal(method)
            assert (refusal.code, refusal.reason) == (StatusCode.PERMISSION_DENIED, "SCOPE_MISSING"), method.name
            assert refusal.metadata["scope"] == ",".join(method_of(method).scopes)
    assert {(event, fields["credential"]) for event, fields in audit.events} == {
        ("authorization.denied", "key:0123456789ab")
    }


async def test_one_of_the_scopes_that_a_method_names_is_enough() -> None:
    method = METHODS["GetFederation"]
    for scope in (Scope.READ, Scope.FEDERATE, Scope.ADMIN):
        async with guarded([Having(scope)], Recorded()) as server:
            assert (await server.refusal(method)).reason == "MISSING_REQUEST"  # asked behind the guards

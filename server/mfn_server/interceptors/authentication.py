"""Who calls: every call but health checks needs a credential that holds, unless the server asks for none."""

from collections.abc import Sequence

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.access.authenticator import ALL_SCOPES, NO_CREDENTIAL, Authenticator, Refused
from mfn_server.access.presented import presented
from mfn_server.access.reporting import Audit, Flaw
from mfn_server.access.slowing import Slowing
from mfn_server.errors import Fault
from mfn_server.rpc.call import ANONYMOUS, Call, Identity
from mfn_server.rpc.chain import Proceed

EVERYBODY = Identity(ANONYMOUS, ALL_SCOPES, NO_CREDENTIAL)
"""A caller without a credential, where none is needed."""


class Authentication:
    """Sets `call.identity`; the first authenticator that knows the kind of credential decides.

    required: whether a call without a credential is refused. One that is sent and does not hold is refused always.
    """

    def __init__(
        self,
        authenticators: Sequence[Authenticator],
        required: bool,
        slowing: Slowing,
        audit: Audit,
    ) -> None:
        self._authenticators, self._required = tuple(authenticators), required
        self._slowing, self._audit = slowing, audit

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Refuse, or let the call through with its identity."""
        if not call.method.is_open:
            call.identity = await self._identify(call)
        await proceed(call)

    async def _identify(self, call: Call) -> Identity:
        try:
            identity = await self._authenticated(call)
        except Refused as refused:
            self._deny(call, refused.flaw, refused.credential)
            await self._slowing.failed(call.peer)
            raise
        if identity is not None:
            return identity
        if self._required:
            self._deny(call, Flaw.MISSING, NO_CREDENTIAL)
            raise _missing()
        return EVERYBODY

    async def _authenticated(self, call: Call) -> Identity | None:
        """None for a call without any credential."""
        credential = presented(call)
        if credential is not None:
            # Not in the audit one by one: the failures that led here are, and a flood must not fill it.
            self._slowing.refuse_flood(call.peer, credential)
        for authenticator in self._authenticators:
            identity = await authenticator.authenticate(call)
            if identity is not None:
                if credential is not None:
                    self._slowing.succeeded(credential)
                return identity
        if credential is not None:
            raise Refused(Flaw.INVALID, "the credential is not valid here")
        return None

    def _deny(self, call: Call, flaw: Flaw, credential: str) -> None:
        self._audit.record(
            "authentication.denied", reason=flaw.value, peer=call.peer, credential=credential, method=call.method.path
        )


def _missing() -> Fault:
    text = (
        "the call carries no credential; send an API key as x-api-key metadata or as authorization: Bearer, "
        "or a token or client certificate that this server accepts"
    )
    return Fault(reasons.ERROR_REASON_CREDENTIALS_MISSING, text)

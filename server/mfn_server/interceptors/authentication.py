"""Who calls: every call but health checks needs a credential that holds, unless the server asks for none."""

from collections.abc import Awaitable, Callable, Sequence

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.access.authenticator import ALL_SCOPES, NO_CREDENTIAL, Authenticator, Refused
from mfn_server.access.open_streams import OpenStreams
from mfn_server.access.presented import presented
from mfn_server.access.reporting import Audit, Flaw
from mfn_server.access.slowing import Slowing
from mfn_server.errors import Fault
from mfn_server.rpc.call import ANONYMOUS, Call, Identity
from mfn_server.rpc.chain import Check, Interceptor, Proceed
from mfn_server.rpc.methods import Method

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
        self._streams = OpenStreams(self._look_again)

    def at(self, method: Method) -> Interceptor | None:
        """Nothing where callers need no credential; a unary call is looked at once, a stream as long as it is open."""
        if method.is_open:
            return None
        return self if method.client_streaming or method.server_streaming else _Once(self.identify)

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        """Refuse, or let the call through with its identity."""
        method = call.method
        if not method.is_open:
            await self.identify(call)
            if method.client_streaming or method.server_streaming:
                await self._stream(proceed, call)
                return
        await proceed(call)

    async def _stream(self, proceed: Proceed, call: Call) -> None:
        """Let the call through for as long as its credential holds; a connection's certificate holds as long as it."""
        if presented(call) is None:
            await proceed(call)
            return
        try:
            await self._streams.through(proceed, call)
        except Refused as refused:
            self._deny(call, refused.flaw, refused.credential)
            raise

    async def identify(self, call: Call) -> None:
        """Name who calls, or refuse."""
        call.identity = await self._identity(call)

    async def _identity(self, call: Call) -> Identity:
        try:
            identity = await self._authenticated(call)
        except Refused as refused:
            # Not in the audit one by one: the failures that led here are, and a flood must not fill it.
            self._slowing.refuse_flood(call.peer)
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
        for authenticator in self._authenticators:
            if credential is None or not authenticator.costly:
                identity = await authenticator.authenticate(call)
            else:
                identity = await self._looked_at_if_calm(authenticator, call, credential)
            if identity is not None:
                return identity
        if credential is not None:
            raise _unknown()
        return None

    async def _looked_at_if_calm(self, authenticator: Authenticator, call: Call, credential: str) -> Identity | None:
        self._slowing.refuse_unseen(call.peer, credential)
        identity = await authenticator.authenticate(call)
        if identity is not None:
            self._slowing.succeeded(credential)
        return identity

    async def _look_again(self, call: Call) -> None:
        """Raise Refused for a credential that was right and holds no more; what it costs is the server's own doing."""
        for authenticator in self._authenticators:
            if await authenticator.authenticate(call) is not None:
                return
        raise _unknown()

    def _deny(self, call: Call, flaw: Flaw, credential: str) -> None:
        self._audit.record(
            "authentication.denied", reason=flaw.value, peer=call.peer, credential=credential, method=call.method.path
        )


class _Once(Check):
    """Looks at a credential when the call begins."""

    def __init__(self, identify: Callable[[Call], Awaitable[None]]) -> None:
        self._identify = identify

    def admit(self, call: Call) -> Awaitable[None]:
        """Refuse, or name who calls."""
        return self._identify(call)


def _unknown() -> Refused:
    return Refused(Flaw.INVALID, "the credential is not valid here")


def _missing() -> Fault:
    text = (
        "the call carries no credential; send an API key as x-api-key metadata or as authorization: Bearer, "
        "or a token or client certificate that this server accepts"
    )
    return Fault(reasons.ERROR_REASON_CREDENTIALS_MISSING, text)

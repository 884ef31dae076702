"""What turns a call's credential into an identity, and how one that does not hold is refused."""

from typing import Protocol

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.access.reporting import Flaw
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call, Identity
from mfn_server.rpc.methods import Scope

ALL_SCOPES = frozenset(Scope)
NO_CREDENTIAL = "none"


class Authenticator(Protocol):
    """Knows one kind of credential."""

    @property
    def costly(self) -> bool:
        """Whether a look at one takes so long that a flood of wrong ones must be refused without."""

    async def authenticate(self, call: Call) -> Identity | None:
        """Whom the call's credential speaks for; None when it carries none of this kind.

        Raises Refused for a credential of this kind that does not hold.
        """


class Refused(Fault):
    """A credential that does not hold. credential: which one it is, if it is known at all; never its secret."""

    def __init__(self, flaw: Flaw, message: str, credential: str = NO_CREDENTIAL) -> None:
        super().__init__(reasons.ERROR_REASON_CREDENTIALS_INVALID, message)
        self.flaw = flaw
        self.credential = credential


class UnusableAccess(ValueError):
    """Files or settings of access that the server refuses to start with; the text names every fault."""


def scopes_of(words: list[str], owner: str) -> frozenset[Scope]:
    """Scopes by their words; raises UnusableAccess, naming the owner, for unknown words and for none at all."""
    unknown = sorted(set(words) - set(Scope))
    if unknown or not words:
        found = f"unknown scopes {', '.join(map(repr, unknown))}" if unknown else "no scope"
        raise UnusableAccess(f"{owner} has {found}; there are {', '.join(Scope)}")
    return frozenset(map(Scope, words))

"""What a caller may do: its credential must hold one of the scopes that the method names."""

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.access.reporting import Audit
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Check, Interceptor
from mfn_server.rpc.methods import Method


class Authorization(Check):
    """Refuses identities without a scope of the method; a method without scopes is open to every identity."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    def at(self, method: Method) -> Interceptor | None:
        """Nothing, where a method needs no scope."""
        return self if method.scopes else None

    def admit(self, call: Call) -> None:
        """Refuse a call whose credential lacks the scope."""
        scopes = call.method.scopes
        if scopes and call.identity.scopes.isdisjoint(scopes):
            raise self._denied(call)

    def _denied(self, call: Call) -> Fault:
        wanted, identity = ",".join(call.method.scopes), call.identity
        self._audit.record(
            "authorization.denied",
            principal=identity.principal,
            credential=identity.credential,
            peer=call.peer,
            method=call.method.path,
            scope=wanted,
        )
        text = f"the credential lacks the scope of {call.method.path}; it needs {' or '.join(call.method.scopes)}"
        return Fault(reasons.ERROR_REASON_SCOPE_MISSING, text, metadata={"scope": wanted})

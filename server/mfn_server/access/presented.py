"""The credential that a caller sends with a call."""

from mfn_server.access.authenticator import Refused
from mfn_server.access.reporting import Flaw
from mfn_server.rpc.call import Call

SCHEME = "bearer "


def presented(call: Call) -> str | None:
    """The value of `x-api-key` or `authorization: Bearer`; None without either.

    Raises Refused for another scheme, and for two credentials that differ: which of them counts is not for us to guess.
    """
    key, authorization = call.text("x-api-key"), call.text("authorization")
    if authorization is None:
        return key
    if authorization[: len(SCHEME)].lower() != SCHEME:
        raise Refused(Flaw.INVALID, "the authorization metadata must be: Bearer, a space, the credential")
    bearer = authorization[len(SCHEME) :]
    if key is not None and key != bearer:
        raise Refused(Flaw.INVALID, "the call carries two different credentials; send one of them")
    return bearer

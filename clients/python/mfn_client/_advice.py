"""What the caller may do about a refusal or a connection that could not be made, read from what grpc says of it."""

import grpc

_TLS_FAULTS = {
    "certificate has expired": "The server's certificate has expired; its operator must renew it.",
    "certificate is not yet valid": "The server's certificate is not valid yet; check the clocks of both machines.",
    "CERTIFICATE_VERIFY_FAILED": "No authority that this client trusts vouches for the server's certificate; name the "
    "right one with Tls(ca_file=...) (mfn: --ca-file).",
    "Hostname Verification Check failed": "The server's certificate is for other names than the target's; use one of "
    "them, or have the certificate made for this one too.",
    "WRONG_VERSION_NUMBER": "The server does not speak TLS at this port; check the port, or connect without tls.",
    "NO_PROTOCOL_OVERLAP": "Server and client share no version of TLS; 1.2 is the least.",
    "Cannot check peer": "What listens there speaks TLS, but not HTTP/2; check the port.",
}
"""Words of grpc and BoringSSL, the narrower ones first. Waiting helps with none of them."""

_CONNECTING = "last error: "
_HUNG_UP = ("Socket closed", "Connection reset by peer")
_MAY_WANT_TLS = (
    "The server, or a proxy before it, accepted the connection and closed it at once. It may want TLS (tls; mfn: --tls "
    "or --ca-file), or a client certificate that it trusts (Tls(cert_file=..., key_file=...); mfn: --client-cert, "
    "--client-key)."
)
_IS_IT_THERE = (
    "Is a server running there? `mfn serve` starts one. Or it may want TLS: tls=True or Tls(ca_file=...) (mfn: --tls "
    "or --ca-file)."
)
"""Of a name with several addresses, grpc tells only why the last one failed: TLS may have failed at another."""
_BY_CODE = {
    grpc.StatusCode.UNAUTHENTICATED: "Check the credentials: api_key, token or the certificate of tls (mfn: --api-key, "
    "--token, --client-cert).",
    grpc.StatusCode.PERMISSION_DENIED: "The credentials hold, but do not allow this; ask the operator for the scope.",
}
_SCOPE_MISSING = "SCOPE_MISSING"


def tls_fault(message: str) -> str:
    """What to check when a connection could not be encrypted; empty when that is not what failed."""
    return next((advice for words, advice in _TLS_FAULTS.items() if words in message), "")


def advice(code: grpc.StatusCode, reason: str, message: str) -> str:
    """A sentence on what to check; empty where there is nothing to add."""
    if code is grpc.StatusCode.UNAVAILABLE and not reason:
        hung_up = _CONNECTING in message and any(words in message for words in _HUNG_UP)
        return tls_fault(message) or (_MAY_WANT_TLS if hung_up else _IS_IT_THERE)
    if code is grpc.StatusCode.PERMISSION_DENIED and reason not in {"", _SCOPE_MISSING}:
        return ""
    return _BY_CODE.get(code, "")

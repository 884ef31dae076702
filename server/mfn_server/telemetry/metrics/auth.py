"""What became of callers' credentials, and how often secrets and files of keys were read again."""

from collections.abc import Mapping
from enum import StrEnum

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.access.authenticator import Refused
from mfn_server.errors import Fault
from mfn_server.rpc.call import NOBODY, Call
from mfn_server.telemetry.metrics.declared import CounterOf, GaugeOf, Label


class AuthOutcome(StrEnum):
    """What became of a call's credential."""

    ACCEPTED = "accepted"
    MISSING = "missing"
    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    FORBIDDEN = "forbidden"
    SLOWED = "slowed"


AUTH = CounterOf(
    "mfn_auth_total",
    "Calls by what became of their credential, health checks apart. forbidden: it lacks the method's scope; slowed: it "
    "was not looked at, after too many that were wrong. A call that ends before that is known does not count.",
    (Label("outcome", tuple(AuthOutcome)),),
)
WATCHED = (
    *("api_key", "api_key_pepper", "api_keys_file", "federation_keys", "jwt_jwks_file", "rate_limit_store"),
    *("resume_token_key", "tls_cert_file"),
)
SUCCEEDED, FAILED = "succeeded", "failed"
RELOADS = CounterOf(
    "mfn_reloads_total",
    "Attempts to read a secret, or a file of keys or certificates, again; after one that failed the last good one "
    "stays. file: the setting that names it.",
    (Label("file", WATCHED), Label("outcome", (SUCCEEDED, FAILED))),
)
RELOAD_FAULTS = GaugeOf(
    "mfn_reload_faults",
    "1 while a secret, or a file of keys or certificates, could not be used when it was last looked at.",
    (Label("file", WATCHED),),
)

_REFUSED: Mapping[int, AuthOutcome] = {
    reasons.ERROR_REASON_CREDENTIALS_MISSING: AuthOutcome.MISSING,
    reasons.ERROR_REASON_CREDENTIALS_INVALID: AuthOutcome.INVALID,
    reasons.ERROR_REASON_SCOPE_MISSING: AuthOutcome.FORBIDDEN,
}


class AuthMetrics(Collector):
    """Counts calls once they have ended; on the event loop only."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(AuthOutcome, 0)

    def add(self, call: Call) -> None:
        """A call has ended; what became of its credential shows in its fault and its identity."""
        if call.method.is_open:
            return
        fault = None if call.outcome is None else call.outcome.fault
        found = None if fault is None else _refused(fault, call)
        if found is None and call.identity is not NOBODY:
            found = AuthOutcome.ACCEPTED
        if found is not None:
            self._counts[found] += 1

    def describe(self) -> list[Metric]:
        """Without values."""
        return [AUTH.family({})]

    def collect(self) -> list[Metric]:
        """As it stands."""
        return [AUTH.family({(each.value,): count for each, count in self._counts.items()})]


class ReloadMetrics:
    """Counts reloads; `file` is the name of a setting. All begin at zero, or nobody would see the first one rise."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter, self._faults = RELOADS.made(registry), RELOAD_FAULTS.made(registry)
        for file in WATCHED:
            self._faults.labels(file)
            for outcome in (SUCCEEDED, FAILED):
                self._counter.labels(file, outcome)

    def count(self, file: str, succeeded: bool) -> None:
        """One attempt; its fault stands until one succeeds, or `recovered`."""
        self._counter.labels(file, SUCCEEDED if succeeded else FAILED).inc()
        self._faults.labels(file).set(not succeeded)

    def recovered(self, file: str) -> None:
        """There is no fault any more, and nothing new."""
        self._faults.labels(file).set(0)


def _refused(fault: Fault, call: Call) -> AuthOutcome | None:
    if isinstance(fault, Refused):
        return AuthOutcome(fault.flaw)
    if fault.reason == reasons.ERROR_REASON_RATE_LIMITED and call.identity is NOBODY:
        return AuthOutcome.SLOWED
    return _REFUSED.get(fault.reason)

"""Servers whose chain is what logs and audits, and nothing else."""

import pytest

from mfn_server import app
from mfn_server.interceptors.access_log import AccessLog
from mfn_server.interceptors.audit import AuditCalls
from mfn_server.interceptors.request_id import RequestIds
from mfn_server.rpc.chain import Interceptor, Interceptors
from mfn_server.telemetry.audit import Audit


def use_chain(monkeypatch: pytest.MonkeyPatch, *guards: Interceptor) -> None:
    """Servers of this test log and audit every call; guards: after that."""
    observers: list[Interceptor] = [RequestIds(), AccessLog(), AuditCalls(Audit())]
    monkeypatch.setattr(app, "interceptors", lambda _: Interceptors(observers, guards))

"""Buckets in tests: a slow machine is no store that hangs."""

import pytest


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls wait for a store far longer than any of them takes, unless a test says otherwise."""
    monkeypatch.setattr("mfn_server.limiting.shared.TIMEOUT_S", 30.0)

"""No setting comes from outside the test."""

import pytest

from mfn_server.config.settings import Settings


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MFN_{name.upper()}", raising=False)

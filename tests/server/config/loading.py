"""Settings from variables, and what the operator reads when they are refused."""

import secrets

import pytest

from mfn_server.config.loading import InvalidSettings, load_settings
from mfn_server.config.settings import Settings

KEY = secrets.token_hex(32)
COMPLETE = {"MFN_API_KEY": KEY, "MFN_RESUME_TOKEN_KEY": secrets.token_hex(32), "MFN_TRANSPORT_SECURITY": "mesh"}
"""With these a server starts in any environment."""


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    """The settings with these variables."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> dict[str, str]:
    """The faults with these variables, by the variable that each names."""
    with pytest.raises(InvalidSettings) as caught:
        loaded(monkeypatch, **variables)
    first, *lines = str(caught.value).splitlines()
    assert first == "the server cannot start:"
    assert all(line.startswith("  MFN_") for line in lines)
    return {variable: text for variable, _, text in (line.strip().partition(": ") for line in lines)}

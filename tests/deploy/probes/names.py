"""The services that probes ask for, and the settings of the servers that are asked."""

from collections.abc import Callable

from tests.e2e.process import ServerProcess

Serve = Callable[..., ServerProcess]
KEY = "probing-needs-no-key-of-32-characters-or-more"  # pragma: allowlist secret
GUARDED = {"api_key": KEY, "api_key_required": "true"}  # pragma: allowlist secret
"""Settings of a server that lets nobody in without a key."""
FEDERATION = "mfn.v1.FederationService"
ELECTROCHEMISTRY = "mfn.v1.ElectrochemistryService"

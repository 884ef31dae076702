"""The settings of this process, or every fault in them at once."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from mfn_server.config.describing import variable
from mfn_server.config.offering import Offering, OfferingAlone
from mfn_server.config.settings import Settings
from mfn_server.secrets.stores import own_stores

READ_ELSEWHERE = {
    *("MFN_SERVER", "MFN_TOKEN", "MFN_TLS", "MFN_CA_FILE", "MFN_CLIENT_CERT", "MFN_CLIENT_KEY", "MFN_DEBUG"),
    "MFN_HEALTHCHECK_NAME",
    *("MFN_DEMO_EXAMPLES", "MFN_DEMO_FORGED", "MFN_DEMO_PLACE"),
}
"""Variables of the same prefix that are no settings: the `mfn` command's and its demonstration's."""
READ_BY_TESTS = {"MFN_CRASH_AT", "MFN_FUZZ_REQUESTS", "MFN_FUZZ_SEED", "MFN_SOAK_MINUTES", "MFN_BUILT_IMAGE"}
"""Those of the tests, whose servers inherit their environment: there each could be told as a misspelt setting."""

LIKENESS = 0.75
"""Share of letters in common from which a name is taken for a misspelt one; the prefix alone makes a fifth of it."""


class InvalidSettings(ValueError):
    """Settings that the server refuses to start with; the text names every fault by its variable."""

    def __init__(self, error: ValidationError) -> None:
        told = [(str(fault["loc"][0]), fault["msg"].removeprefix("Value error, ")) for fault in error.errors()]
        faults = [f"  {variable(name)}: {text}" for name, text in told]
        super().__init__("\n".join(["the server cannot start:", *faults]))


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; raises InvalidSettings."""
    try:
        with own_stores():
            return Settings(**overrides)
    except ValidationError as error:
        raise InvalidSettings(error) from None


def load_offering(**overrides: Any) -> Offering:
    """What is offered, where the other settings are not known; raises InvalidSettings."""
    try:
        return OfferingAlone(**overrides)
    except ValidationError as error:
        raise InvalidSettings(error) from None


def misspelt(variables: Iterable[str]) -> dict[str, str]:
    """Variables that look like a setting but are none, and the setting each comes closest to."""
    known = {variable(name) for name in Settings.model_fields}
    unknown = [
        name for name in variables if name.startswith("MFN_") and name not in known | READ_ELSEWHERE | READ_BY_TESTS
    ]
    near = {name: get_close_matches(name, known, n=1, cutoff=LIKENESS) for name in unknown}
    return {name: found[0] for name, found in near.items() if found}

"""From settings to authenticators."""

from pathlib import Path
from typing import Any

import pytest

from mfn_server.access.assemble import authenticators
from mfn_server.access.authenticator import UnusableAccess
from mfn_server.access.certificates import ClientCertificates
from mfn_server.access.keys import ApiKeys, SingleKey
from mfn_server.access.tokens import BearerTokens
from mfn_server.config.access import Access
from mfn_server.secrets.watch_list import WatchList
from tests.server.access.calls import Recorded
from tests.server.access.test_tokens import RSA, publish


@pytest.fixture
def everything(tmp_path: Path) -> dict[str, Any]:
    keys, jwks = tmp_path / "keys.json", tmp_path / "jwks.json"
    keys.write_text('{"version": 1, "keys": []}')
    publish(jwks, RSA)
    return {
        "api_key": "k" * 32,
        "api_keys_file": keys,
        "api_key_pepper": "p" * 32,
        "jwt_jwks_file": jwks,
        "jwt_issuer": "https://id.example",
        "jwt_audience": "mfn",
        "client_identities": {"reader": ["read"]},
    }


def test_there_is_one_for_each_kind_that_is_set_up(everything: dict[str, Any]) -> None:
    found = authenticators(Access(**everything), Recorded(), WatchList())
    assert [type(each) for each in found] == [SingleKey, ApiKeys, BearerTokens, ClientCertificates]
    nothing: dict[str, Any] = {}
    assert authenticators(Access(**nothing), Recorded(), WatchList()) == []


def test_what_has_become_unusable_since_the_settings_were_checked_is_told_at_once_and_no_secret_is(
    everything: dict[str, Any],
) -> None:
    settings = Access(**everything)
    everything["api_keys_file"].unlink()
    everything["jwt_jwks_file"].write_text("{}")
    with pytest.raises(UnusableAccess) as caught:
        authenticators(settings, Recorded(), WatchList())
    text = str(caught.value)
    assert all(word in text for word in ("MFN_API_KEYS_FILE", "keys.json", "MFN_JWT_JWKS_FILE"))
    assert "p" * 32 not in text


@pytest.mark.parametrize(
    ("missing", "named"), [("api_key_pepper", "MFN_API_KEY_PEPPER"), ("jwt_audience", "MFN_JWT_AUDIENCE")]
)
def test_what_belongs_to_a_file_is_asked_for(everything: dict[str, Any], missing: str, named: str) -> None:
    with pytest.raises(UnusableAccess, match=named):
        authenticators(Access(**everything | {missing: None}), Recorded(), WatchList())

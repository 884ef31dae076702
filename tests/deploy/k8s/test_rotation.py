"""Where secrets are read again while the server runs, all of them are: none stays a variable of the pod."""

import pytest

from tests.deploy.k8s.rendering import Rendered

PLACES = ("@/run/secrets/mfn/", "vault:secret/mfn#", "aws:mfn/secrets#")
SECRETS = {"MFN_API_KEY_PEPPER", "MFN_RESUME_TOKEN_KEY", "MFN_FEDERATION_KEYS", "MFN_RATE_LIMIT_STORE"}


@pytest.mark.parametrize(
    ("component", "place"), list(zip(("secrets-as-files", "vault", "aws-secrets"), PLACES, strict=True))
)
def test_a_rotation_needs_no_restart(rendered: Rendered, component: str, place: str) -> None:
    found = rendered(f"prod with {component}")
    told = [
        (name, value) for each in found.workloads for name, value in found.settings(each).items() if name in SECRETS
    ]
    assert {name for name, _ in told} == SECRETS
    assert [(name, value) for name, value in told if not value.startswith(place)] == []

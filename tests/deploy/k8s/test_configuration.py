"""The server accepts what each rendered pod tells it: `mfn config check` with the variables and files of the pod."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mfn_server.cli import register
from mfn_server.config.offering import Service
from mfn_server.config.settings import Settings
from tests.deploy.k8s.conftest import Rendered
from tests.deploy.k8s.manifests import Manifests
from tests.deploy.k8s.pods import Pod
from tests.deploy.k8s.rendering import VARIANTS

WORKLOADS = ("mfn-simulation", "mfn-federation")
STORED = {"vault:", "aws:"}
NAMED = re.compile(r"^ *(MFN_[A-Z_]+): ", re.MULTILINE)
WARNED = re.compile(r"^(?:warning: )?(MFN_[A-Z_]+) ", re.MULTILINE)
REFUSED = 2


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MFN_{name.upper()}", raising=False)


def checked(variables: dict[str, str]) -> Result:
    """`mfn config check` with these variables."""
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["config", "check"], env=variables)


def variables_of(found: Manifests, name: str, folder: Path) -> dict[str, str]:
    (workload,) = (each for each in found.workloads if each.name == name)
    return Pod(found, workload, folder).variables() | {"MFN_SERVICES": ",".join(workload.services)}


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_settings_of_every_pod_are_accepted(rendered: Rendered, variant: str, name: str, tmp_path: Path) -> None:
    variables = variables_of(rendered(variant), name, tmp_path)
    said = checked(variables)
    elsewhere = {name for name, value in variables.items() if value.startswith(tuple(STORED))}
    if elsewhere:  # the store is not here: that its answers are missing is all there is to say
        assert set(NAMED.findall(said.stderr)) == elsewhere, said.stderr
    else:
        assert (said.stdout, said.exit_code) == ("ok\n", 0), said.stderr


@pytest.mark.parametrize("name", WORKLOADS)
def test_prod_warns_of_nothing_but_the_port_that_a_policy_closes(rendered: Rendered, name: str, tmp_path: Path) -> None:
    said = checked(variables_of(rendered("prod"), name, tmp_path))
    assert set(WARNED.findall(said.stderr)) - {"MFN_MAX_STATE_BYTES"} == {"MFN_METRICS_HOST"}, said.stderr


@pytest.mark.parametrize(
    "missing", ["MFN_API_KEY_PEPPER", "MFN_TLS_CERT_FILE", "MFN_RESUME_TOKEN_KEY", "MFN_API_KEYS_FILE"]
)
def test_without_one_of_them_the_pod_refuses(rendered: Rendered, missing: str, tmp_path: Path) -> None:
    variables = variables_of(rendered("prod"), "mfn-simulation", tmp_path)
    del variables[missing]
    said = checked(variables)
    assert said.exit_code == REFUSED
    assert "MFN_" in said.stderr


def test_workloads_offer_every_service_once(rendered: Rendered) -> None:
    offered = [service for each in rendered("prod").workloads for service in each.services]
    assert sorted(offered) == sorted(Service)

"""The server accepts what each rendered pod tells it: `mfn config check` with the variables and files of the pod."""

import re
from pathlib import Path

import pytest

from mfn_server.config.offering import Service
from tests.deploy.k8s.config_check import checked
from tests.deploy.k8s.local_pod import Pod
from tests.deploy.k8s.rendering import VARIANTS, Rendered

WORKLOADS = ("mfn-simulation", "mfn-federation")
STORED = {"vault:", "aws:"}
NAMED = re.compile(r"^ *(MFN_[A-Z_]+): ", re.MULTILINE)
WARNED = re.compile(r"^(?:warning: )?(MFN_[A-Z_]+) ", re.MULTILINE)
REFUSED = 2
OF_THIS_MACHINE = {"MFN_MAX_STATE_BYTES"}
"""Warned of where this machine has less memory than the state may take; that the pod has it is checked elsewhere."""


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_settings_of_every_pod_are_accepted(rendered: Rendered, variant: str, name: str, tmp_path: Path) -> None:
    variables = Pod(rendered(variant), name, tmp_path).variables()
    said = checked(variables)
    elsewhere = {name for name, value in variables.items() if value.startswith(tuple(STORED))}
    if elsewhere:  # the store is not here: that its answers are missing is all there is to say
        assert set(NAMED.findall(said.stderr)) == elsewhere, said.stderr
    else:
        assert (said.stdout, said.exit_code) == ("ok\n", 0), said.stderr


@pytest.mark.parametrize("name", WORKLOADS)
def test_prod_warns_of_nothing_but_the_port_that_a_policy_closes(rendered: Rendered, name: str, tmp_path: Path) -> None:
    said = checked(Pod(rendered("prod"), name, tmp_path).variables())
    assert set(WARNED.findall(said.stderr)) - OF_THIS_MACHINE == {"MFN_METRICS_HOST"}, said.stderr


@pytest.mark.parametrize(
    "missing", ["MFN_API_KEY_PEPPER", "MFN_TLS_CERT_FILE", "MFN_RESUME_TOKEN_KEY", "MFN_API_KEYS_FILE"]
)
def test_without_one_of_them_the_pod_refuses(rendered: Rendered, missing: str, tmp_path: Path) -> None:
    variables = Pod(rendered("prod"), "mfn-simulation", tmp_path).variables()
    del variables[missing]
    said = checked(variables)
    assert said.exit_code == REFUSED
    assert missing in said.stderr


def test_workloads_offer_every_service_once(rendered: Rendered) -> None:
    offered = [service for each in rendered("prod").workloads for service in each.services]
    assert sorted(offered) == sorted(Service)

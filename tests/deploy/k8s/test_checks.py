"""Every rendering is free of the faults that our own checks know."""

import re

import pytest

from tests.deploy.k8s.checks.all_checks import CHECKS
from tests.deploy.k8s.rendering import FOLDER, VARIANTS, Rendered

SOURCES = sorted(FOLDER.rglob("*.yaml"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_rendering_has_a_fault(rendered: Rendered, variant: str) -> None:
    found = rendered(variant)
    assert {check.__name__: faults for check in CHECKS if (faults := list(check(found)))} == {}


def test_no_source_makes_a_secret_or_names_a_registry() -> None:
    forbidden = re.compile(r"secretGenerator|kind:\s*Secret\s*$|(docker|ghcr|quay)\.io|\.amazonaws\.com", re.MULTILINE)
    assert SOURCES
    assert [path.name for path in SOURCES if forbidden.search(path.read_text(encoding="utf-8"))] == []

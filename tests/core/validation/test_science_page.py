"""The tables of docs/science.md are the registry's, and what they say was measured passes."""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mfn_grpc.core.validation import OFFERED_SUITES, CheckSpec, Relation, Suite, checks_of
from tests.contract.conftest import load_script

COMMAND = "mfn validate all --json | python docs/generate_science.py"


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    return load_script(root / "docs" / "generate_science.py")


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "science.md").read_text(encoding="utf-8")


def measured_values(page: str) -> dict[str, float]:
    """The second column of every row that begins with the name of a check."""
    rows = re.findall(r"^\| `([a-z0-9_]+)` \| ([^|]+) \|", page, re.MULTILINE)
    return {name: float(value) for name, value in rows if name in {check.name for check in checks_of(Suite.ALL)}}


def as_printed(check: CheckSpec, measured: float) -> dict[str, Any]:
    """A check as `mfn validate --json` prints it."""
    return {
        "name": check.name,
        "suite": check.suite.value,
        "measured": measured,
        "expected": check.expected,
        "tolerance": check.tolerance,
        "unit": check.unit,
        "relation": check.relation.value,
        "passed": True,
        "why_this_tolerance": check.why_this_tolerance,
        "reference": check.reference,
        "description": check.description,
    }


def test_every_column_but_the_measured_one_is_the_registrys(page: str, script: ModuleType) -> None:
    measured = measured_values(page)
    assert list(measured) == [check.name for check in checks_of(Suite.ALL)]
    checks = [as_printed(check, measured[check.name]) for check in checks_of(Suite.ALL)]
    assert script.page(page, checks) == page, f"write it anew: {COMMAND}"


@pytest.mark.parametrize("check", checks_of(Suite.ALL), ids=lambda check: check.name)
def test_a_value_on_the_page_passes_its_check(check: CheckSpec, page: str) -> None:
    measured = measured_values(page)[check.name]
    # The page has twelve digits.
    slack = 0.5e-11 * max(abs(measured), abs(check.expected))
    nearest = measured + max(-slack, min(slack, check.expected - measured))
    assert check.passes(nearest)


def test_every_suite_has_its_table_and_the_page_names_its_command(page: str) -> None:
    tables = re.findall(r"<!-- checks: (\w+) -->", page)
    assert tables == [suite.value for suite in OFFERED_SUITES if suite not in {Suite.QUICK, Suite.ALL}]
    assert f"\n{COMMAND}\n" in page


def test_a_row_shows_the_relation_and_escapes_what_would_end_a_cell(script: ModuleType) -> None:
    check = as_printed(checks_of(Suite.PHYSICS)[0], 1.0) | {"relation": Relation.AT_MOST.value, "unit": "a|b"}
    row = script.row(check)
    assert f"| ≤ {check['expected']:.12g} |" in row
    assert r"| a\|b |" in row


def test_a_suite_without_a_table_is_an_error(script: ModuleType) -> None:
    check = as_printed(checks_of(Suite.PHYSICS)[0], 1.0)
    with pytest.raises(KeyError):
        script.page("no tables at all", [check])


def test_the_page_is_not_written_from_checks_that_failed(root: Path) -> None:
    before = (root / "docs" / "science.md").read_bytes()
    done = subprocess.run(
        [sys.executable, str(root / "docs" / "generate_science.py")],
        input='{"checks": [{"name": "gas_constant", "passed": false}]}',
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "gas_constant" in done.stderr
    assert (root / "docs" / "science.md").read_bytes() == before

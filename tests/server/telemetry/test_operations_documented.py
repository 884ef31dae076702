"""What docs/operations.md tells an operator to watch is what the server writes and serves."""

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_lines_worth_an_alert_are_lines_of_the_server(page: str, root: Path) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (root / "server").rglob("*.py"))
    told = re.findall(r"^\| (?:ERROR|CRITICAL|WARNING) \| `([^`]+)` \|", page, re.MULTILINE)
    assert len(told) > 5
    assert [message for message in told if message not in sources] == []


def test_every_setting_that_the_operators_pages_name_exists(page: str, root: Path) -> None:
    known = set(re.findall(r"MFN_[A-Z_]+\b", (root / "docs" / "configuration.md").read_text(encoding="utf-8")))
    pages = page + "".join((root / name).read_text(encoding="utf-8") for name in ("docs/security.md", "SECURITY.md"))
    assert {name for name in re.findall(r"MFN_[A-Z_]+\b(?!\*)", pages) if not name.endswith("_")} <= known

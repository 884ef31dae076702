"""What is made of the answers of pip-audit, and, where its database answers, what it says of the build's pins."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from releasing import audit
from tests.conftest import required

TODAY = date(2026, 6, 1)
HARMLESS = {"name": "numpy", "version": "2", "vulns": []}
SKIPPED = {"name": "scipy", "skip_reason": "not found"}


def vulnerable(*aliases: str) -> dict[str, Any]:
    found = {"id": "PYSEC-1", "aliases": list(aliases), "fix_versions": ["3"]}
    return {"name": "requests", "version": "2", "vulns": [found]}


def until(day: date, reason: str = "never called") -> dict[str, Any]:
    return {"CVE-1": {"reason": reason, "until": day}}


@pytest.mark.parametrize(
    ("packages", "accepted", "code"),
    [
        ([HARMLESS], {}, audit.CLEAN),
        ([HARMLESS, vulnerable()], {}, audit.VULNERABLE),
        ([vulnerable("CVE-1")], until(TODAY), audit.CLEAN),
        ([vulnerable("CVE-1")], until(date(2026, 5, 31)), audit.VULNERABLE),
        ([vulnerable("CVE-1")], until(TODAY, ""), audit.VULNERABLE),
        ([vulnerable("CVE-2")], until(TODAY), audit.VULNERABLE),
        ([HARMLESS, SKIPPED], {}, audit.UNKNOWN),
        ([SKIPPED, vulnerable()], {}, audit.VULNERABLE),
    ],
    ids=["clean", "vulnerable", "accepted", "run-out", "no-reason", "another", "not-asked", "both"],
)
def test_silence_is_no_acquittal_and_an_acceptance_ends(packages: Any, accepted: Any, code: int) -> None:
    assert audit.judge({"dependencies": packages}, accepted, TODAY)[0] == code


def test_a_finding_says_what_to_raise() -> None:
    _, sentences = audit.judge({"dependencies": [vulnerable()]}, {}, TODAY)
    assert sentences == ["requests 2: PYSEC-1, fixed in 3"]


def test_a_file_that_cannot_be_audited_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main([str(tmp_path / "nothing.txt")]) == audit.UNKNOWN
    assert "COULD NOT BE AUDITED" in capsys.readouterr().out


def test_no_known_vulnerability_concerns_the_locks(root: Path) -> None:
    for lock in sorted((root / "requirements").glob("*.txt")):
        told = audit.ask(lock)
        accepted = tomllib.loads(audit.ACCEPTED.read_text(encoding="utf-8"))
        code, sentences = (
            audit.judge(told, accepted, datetime.now(UTC).date()) if isinstance(told, dict) else (2, [told])
        )
        if code == audit.UNKNOWN:
            reason = f"the database of known vulnerabilities does not answer here: {sentences[0]}"
            (pytest.fail if required("vulnerability-database") else pytest.skip)(reason)
        assert sentences == []

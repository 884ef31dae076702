"""The covered share is counted by package, a low one fails, and the picture says what was counted."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from releasing.covered import LEAST, badge, main, shares


def file(lines: int, ran: int) -> dict[str, Any]:
    return {"summary": {"num_statements": lines, "covered_lines": ran}}


def counted(grpc: int) -> dict[str, Any]:
    files = {"mfn_grpc/a.py": file(100, grpc), "server/mfn_server/b.py": file(200, 190)}
    return {"files": {**files, "clients/python/mfn_client/c.py": file(100, 100), "tests/d.py": file(900, 0)}}


def test_lines_of_the_three_packages_count_and_no_others() -> None:
    assert shares(counted(91)) == {"mfn_grpc": 91.0, "mfn_server": 95.0, "mfn_client": 100.0, "all": 95.25}


def test_a_package_of_which_nothing_was_seen_is_not_covered() -> None:
    assert shares({"files": {}}) == {"mfn_grpc": 0.0, "mfn_server": 0.0, "mfn_client": 0.0, "all": 0.0}


@pytest.mark.parametrize(("grpc", "code"), [(90, 0), (89, 1)])
def test_one_low_package_fails_whatever_the_others_have(
    grpc: int, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.json").write_text(json.dumps(counted(grpc)), encoding="utf-8")
    assert main([str(tmp_path / "c.json"), str(tmp_path / "c.svg")]) == code
    assert f"| mfn_grpc | {grpc}.0 % |" in capsys.readouterr().out
    assert int(re.findall(r">(\d+) %<", (tmp_path / "c.svg").read_text(encoding="utf-8"))[0]) in {94, 95}


def test_the_badge_of_the_readme_is_drawn_by_the_command(root: Path) -> None:
    drawn = (root / "docs" / "images" / "coverage.svg").read_text(encoding="utf-8")
    (share,) = set(re.findall(r">(\d+) %<", drawn))
    assert int(share) >= LEAST
    assert drawn == badge(float(share))

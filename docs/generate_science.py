"""Write the tables of docs/science.md: `mfn validate all --json | python docs/generate_science.py`."""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("science.md")
MARKED = re.compile(r"(<!-- checks: (\w+) -->\n)(.*?)(<!-- end of checks -->)", re.DOTALL)
HEADER = """\
| check | measured | expected | tolerance | unit | what is measured | why this tolerance | reference |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""
RELATIONS = {"within": "", "at_least": "≥ ", "at_most": "≤ "}


def number(value: float) -> str:
    """Twelve digits: more than a table needs, fewer than differ between processors."""
    return f"{value:.12g}"


def row(check: Mapping[str, Any]) -> str:
    """One check as a line of a table."""
    cells = (
        f"`{check['name']}`",
        number(check["measured"]),
        RELATIONS[check["relation"]] + number(check["expected"]),
        f"{check['tolerance']:.3g}",
        check["unit"],
        check["description"],
        check["why_this_tolerance"],
        check["reference"],
    )
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in cells)} |\n"


def page(text: str, checks: Iterable[Mapping[str, Any]]) -> str:
    """The page with its tables written anew; KeyError for a suite without a table."""
    tables = {suite: HEADER for _, suite, _, _ in MARKED.findall(text)}
    for check in checks:
        tables[check["suite"]] += row(check)
    return MARKED.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n{found[4]}", text)


def main() -> None:
    """Read the measured checks from standard input; refuse to write a page of checks that failed."""
    checks = json.load(sys.stdin)["checks"]
    if failed := [check["name"] for check in checks if not check["passed"]]:
        sys.exit(f"not written, as these failed: {', '.join(failed)}")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), checks), encoding="utf-8")


if __name__ == "__main__":
    main()

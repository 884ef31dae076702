"""The fields that docs/logging.md names."""

from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "logging.md"


def fields() -> set[str]:
    """Of every line, of the lines of calls, and of the audit."""
    audit = {word.strip("` ") for row in _rows("Audit") for word in row[2].split(",")}
    lines = {row[0].strip("`") for heading in ("Fields of every line", "Lines of calls") for row in _rows(heading)}
    return (lines | audit | {"stream", "event"}) - {""}


def events() -> set[str]:
    """The events of the audit."""
    return {row[0].strip("`") for row in _rows("Audit")}


def _rows(heading: str) -> list[list[str]]:
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:2] == "| "]
    return rows[1:]

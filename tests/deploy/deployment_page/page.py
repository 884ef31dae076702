"""docs/deployment.md, taken to pieces: its sections, what stands in fences, its links and tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "deployment.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """What stands in a fence, the section it is in, and the file that the sentence before names."""

    section: str
    language: str
    text: str
    file: str = ""


def text() -> str:
    """The page."""
    return PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[Block]:
    """All fences of a language, in order."""
    return [block for block in _blocks(text()) if block.language == language]


def _blocks(page: str) -> Iterator[Block]:
    for found in FENCE.finditer(page):
        before = page[: found.start()]
        sections = re.findall(r"^## (.+)$", before, re.MULTILINE)
        named = re.search(r"`([\w./-]+\.yaml)`[^`]*:\s*\Z", before)
        yield Block(sections[-1], found[1], found[2], named[1] if named else "")


def file(name: str) -> str:
    """The content that the page gives of a file."""
    (found,) = (block.text for block in blocks("yaml") if block.file == name)
    return found


def prose() -> str:
    """The page without its fences."""
    return FENCE.sub("", text())


def rows(section: str, first_cell: str) -> list[list[str]]:
    """The rows of the table of a section whose first heading this is, without its head."""
    part = text().split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    table = next(each for each in part.split("\n\n") if each.strip().startswith(f"| {first_cell} |"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]


def anchors(page: Path) -> set[str]:
    """What links may name after the #: each heading, as hosts of repositories write it."""
    headings = HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

"""`python -m releasing.notes TAG`: the part of CHANGELOG.md about one version, as release notes."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - \d{4}-\d{2}-\d{2})?$", re.MULTILINE)


class NoNotesError(ValueError):
    """The changelog has nothing to say about a version."""


def notes(changelog: str, tag: str) -> str:
    """The text below the heading of the version that `tag` names, with or without a leading v. Raises NoNotesError."""
    version = tag.removeprefix("v")
    headings = list(HEADING.finditer(changelog))
    ends = [heading.start() for heading in headings[1:]] + [len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading["version"] == version:
            if text := changelog[heading.end() : end].strip():
                return f"{text}\n"
            raise NoNotesError(f"the changelog has nothing below [{version}]")
    known = ", ".join(heading["version"] for heading in headings)
    raise NoNotesError(f"the changelog has no [{version}], only {known}: move what is below [Unreleased]")


def main(arguments: Sequence[str]) -> int:
    """Write the notes of a tag; 1 when there are none."""
    (tag,) = arguments
    try:
        sys.stdout.write(notes(CHANGELOG.read_text(encoding="utf-8"), tag))
    except NoNotesError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

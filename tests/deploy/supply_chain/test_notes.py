"""Release notes come from the changelog, for the version of the tag alone."""

from pathlib import Path

import pytest

from releasing.notes import NoNotesError, main, notes

CHANGELOG = """# Changelog

## [Unreleased]

## [0.2.0] - 2026-05-01

### Added

- Two.

## [0.1.0] - 2026-01-01

- One.
"""


@pytest.mark.parametrize(("tag", "text"), [("v0.2.0", "### Added\n\n- Two.\n"), ("0.1.0", "- One.\n")])
def test_the_notes_are_what_stands_below_the_version(tag: str, text: str) -> None:
    assert notes(CHANGELOG, tag) == text


@pytest.mark.parametrize("tag", ["v0.3.0", "Unreleased", "v0.2", ""])
def test_a_version_without_notes_is_not_released(tag: str) -> None:
    with pytest.raises(NoNotesError):
        notes(CHANGELOG, tag)


def test_the_changelog_of_this_project_can_be_read(root: Path) -> None:
    assert "### Added" in notes((root / "CHANGELOG.md").read_text(encoding="utf-8"), "Unreleased")


def test_a_tag_that_the_changelog_does_not_know_fails_the_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v999.0.0"]) == 1
    assert "has no [999.0.0]" in capsys.readouterr().err

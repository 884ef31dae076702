"""The examples of docs/client.md run as they stand, and show what the page says."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mfn_server.embedded import EmbeddedServer

PAGE = Path(__file__).parents[2] / "docs" / "client.md"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with EmbeddedServer(api_key=None, api_key_required=False) as server:
        yield server.target


def examples() -> str:
    """The page with everything but its Python left blank, so that a failure has the page's line."""
    fenced, lines = False, list[str]()
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        fence = line.startswith("```")
        fenced = line == "```python" if fence else fenced
        lines.append(line if fenced and not fence else "")
    return "\n".join(lines)


def test_every_example_runs_and_prints_what_its_comment_says(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {"target": target}
    exec(compile(examples(), str(PAGE), "exec"), names)  # the page is ours
    printed = capsys.readouterr().out.splitlines()
    promised = re.findall(r"^ *print\([^#\n]*\)  # (.+)$", examples(), re.MULTILINE)
    assert len(promised) == 3
    for words in promised:
        assert any(line.startswith(words.removesuffix(" ...")) for line in printed), words

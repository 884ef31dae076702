"""What the help and the page of settings say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mfn_server.config.describing import describe, written
from mfn_server.config.settings import Settings


def test_the_description_tells_every_variable_its_range_and_default() -> None:
    lines = {line.split()[0]: line for line in describe().splitlines()}
    assert set(lines) == {f"MFN_{name.upper()}" for name in Settings.model_fields}
    assert lines["MFN_PORT"].endswith("0 takes a free one, 0 to 65,535 (default: 50,051)")
    assert lines["MFN_ARRAY_TTL_S"].endswith(", 60 or more (default: 3,600)")
    assert lines["MFN_PRINCIPAL_STATE_SHARE"].endswith(", above 0, to 1 (default: 1.0)")
    assert lines["MFN_STATE_DIR"].endswith("(default: none)")
    assert lines["MFN_RATE_LIMIT_STORE"].endswith("(default: memory://)")
    assert lines["MFN_RATE_LIMIT_SIMULATE"].endswith("(default: 100/m burst 50)")


@pytest.mark.parametrize(
    ("value", "words"), [(True, "true"), (10_000, "10,000"), (None, "none"), ([], "empty"), (["a", "b"], "a,b")]
)
def test_values_are_written_as_people_read_them(value: object, words: str) -> None:
    assert written(value) == words


def test_the_page_of_settings_is_what_its_script_prints(root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(root / "docs" / "generate_configuration.py")]
    printed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert (root / "docs" / "configuration.md").read_bytes() == printed

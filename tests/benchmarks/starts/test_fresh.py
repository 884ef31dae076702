"""Fresh processes and what they find."""

from pathlib import Path

import pytest

from benchmarks.starts.fresh import byte_code_kept, cost

IMPORT = ["-c", "import benchmarks.starts.fresh"]


def test_byte_code_of_the_first_process_is_there_for_the_next_and_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    with byte_code_kept() as environment:
        folder = Path(environment["PYTHONPYCACHEPREFIX"])
        assert not list(folder.rglob("fresh.*.pyc"))
        cost(IMPORT, environment)
        (kept,) = folder.rglob("fresh.*.pyc")
        written = kept.stat().st_mtime_ns
        cost(IMPORT, environment)
        assert kept.stat().st_mtime_ns == written
    assert not folder.exists()


def test_variables_may_be_given_and_reach_the_process() -> None:
    code = "import os, sys; sys.exit(os.environ['MFN_SAID'] != 'yes')"
    with byte_code_kept(MFN_SAID="yes") as environment:
        assert cost(["-c", code], environment).processor_s > 0


def test_processor_time_is_that_of_the_process_alone() -> None:
    with byte_code_kept() as environment:
        slept = cost(["-c", "import time; time.sleep(0.3)"], environment)
    assert slept.wall_s >= 0.3
    assert slept.processor_s > 0

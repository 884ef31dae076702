"""Fresh processes and what they find."""

import os
import resource
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


def test_processor_time_is_what_the_system_counted_for_that_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    waited, told = os.wait4, list[float]()

    def wait4(child: int, options: int) -> tuple[int, int, resource.struct_rusage]:
        found = waited(child, options)
        told.append(found[2].ru_utime + found[2].ru_stime)
        return found

    monkeypatch.setattr(os, "wait4", wait4)
    code = "import time\nwhile time.process_time() < {}: pass"
    with byte_code_kept() as environment:
        busy, idle = cost(["-c", code.format(0.3)], environment), cost(["-c", code.format(0)], environment)
    assert [busy.processor_s, idle.processor_s] == told
    assert busy.processor_s >= 0.29  # the system counts in ticks

import sys

import pytest

from benchmarks.servers.server_process import ServerProcess


def test_a_server_that_cannot_start_is_told_with_what_it_said() -> None:
    with pytest.raises(RuntimeError, match="MFN_COMPUTE_THREADS") as error, ServerProcess(compute_threads=-1):
        pytest.fail("a server with -1 threads started")
    assert "ended with 2" in str(error.value)


def test_the_server_gets_its_own_settings_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MFN_API_KEY", "k" * 32)
    environment = ServerProcess(slice_ms=20)._environment()
    ours = {name: value for name, value in environment.items() if name.startswith("MFN_")}
    assert set(ours) == {"MFN_ENV", "MFN_HOST", "MFN_PORT", "MFN_SLICE_MS"}
    assert ours["MFN_SLICE_MS"] == "20"
    assert environment["PYTHONPATH"].split(":")[0] == next(filter(None, sys.path))

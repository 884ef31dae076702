import numpy as np
import pytest

from benchmarks.measuring.rows import Result
from benchmarks.subjects import stream_memory
from benchmarks.subjects.stream_memory import Stream, Use


def test_the_state_buffers_are_two_padded_states() -> None:
    padded = np.empty((2, 2, 2050, 2050))
    assert padded.nbytes / 2**20 == stream_memory.BUFFERS_MIB


def test_a_frame_is_every_species_in_float64() -> None:
    assert Stream(10, 2048).frame_mib == 64
    assert Stream(10, 64).frame_mib == 0.0625


@pytest.mark.parametrize(("peak", "result"), [(372.0, Result.PASS), (373.0, Result.FAIL)])
def test_the_bar_is_idle_buffers_two_frames_and_sixteen_mib(peak: float, result: Result) -> None:
    row = stream_memory._row(Stream(10, 2048), Use(idle_mib=100.0, peak_mib=peak, seconds=1.0))
    assert row.bar is not None
    assert row.bar.limit == pytest.approx(128.25 + 128 + 16, abs=0.01)
    assert row.result is result


def test_many_frames_are_compared_with_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_memory, "_use", lambda stream: Use(100.0, 200.0 + stream.frames, 1.0))
    rows = list(stream_memory.measure(True))
    assert [row.value for row in rows] == [110.0, 130.0, 20.0] * 2
    assert [row.result for row in rows] == [Result.PASS, Result.PASS, Result.FAIL] * 2
    assert len({row.what for row in rows}) == len(rows)

import pytest

from benchmarks.measuring.rows import Result, Row
from benchmarks.measuring.timing import Samples
from benchmarks.subjects import stream_frames


def rows_of(ours_s: float, compute_s: float) -> list[Row]:
    """For streams that take the bare one 1 s."""
    seconds = {"ours": Samples((ours_s, ours_s)), "bare": Samples((1.0, 1.0))}
    return stream_frames._rows(400, seconds, Samples((compute_s, compute_s)), {"ours": 0.001, "bare": 0.0005})


@pytest.mark.parametrize(("compute_s", "result"), [(0.3, Result.PASS), (0.2, Result.FAIL)])
def test_compute_is_taken_from_the_time_that_the_bar_is_for(compute_s: float, result: Result) -> None:
    excluded, included = rows_of(ours_s=1.4, compute_s=compute_s)
    assert excluded.value == pytest.approx(1 / (1.4 - compute_s))
    assert excluded.result is result
    assert included.value == pytest.approx(1 / 1.4)
    assert included.result is Result.NO_BAR


def test_the_samples_tell_what_the_ratio_was_made_of() -> None:
    excluded, _ = rows_of(ours_s=1.4, compute_s=0.2)
    assert excluded.samples == {"ours": (1.4, 1.4), "bare": (1.0, 1.0), "compute": (0.2, 0.2)}


def test_messages_that_do_not_come_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="3 messages of 1 MiB came of 4"):
        stream_frames._require(4, 3)


def test_a_short_measurement_has_every_frame_and_its_compute() -> None:
    excluded, included = stream_frames.measure(True)
    assert {row.against for row in (excluded, included)} == {"a bare stream of 1 MiB messages"}
    assert {len(values) for values in excluded.samples.values()} == {stream_frames.REPEATS[True]}
    assert all(
        0 < part < whole for part, whole in zip(excluded.samples["compute"], excluded.samples["ours"], strict=True)
    )

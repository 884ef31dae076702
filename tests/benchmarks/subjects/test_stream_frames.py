import pytest

from benchmarks.measuring.rows import Result, Row
from benchmarks.measuring.timing import Samples
from benchmarks.subjects import stream_frames


def twice(value: float) -> Samples:
    return Samples((value, value))


def rows_of(ours_s: float, compute_s: float, steps_s: float) -> list[Row]:
    """For streams that take the bare one 1 s."""
    seconds = {"ours": twice(ours_s), "bare": twice(1.0), "steps": twice(steps_s)}
    return stream_frames._rows(400, seconds, twice(compute_s), {"ours": 0.001, "bare": 0.0005})


@pytest.mark.parametrize(("steps_s", "result"), [(0.3, Result.PASS), (0.2, Result.FAIL)])
def test_the_steps_alone_are_taken_from_the_time_that_the_bar_is_for(steps_s: float, result: Result) -> None:
    steps, compute, whole = rows_of(ours_s=1.4, compute_s=0.5, steps_s=steps_s)
    assert steps.value == pytest.approx(1 / (1.4 - steps_s))
    assert steps.result is result
    assert compute.value == pytest.approx(1 / 0.9)
    assert whole.value == pytest.approx(1 / 1.4)
    assert {compute.result, whole.result} == {Result.NO_BAR}


def test_the_samples_tell_what_the_ratio_was_made_of() -> None:
    steps, *_ = rows_of(ours_s=1.4, compute_s=0.5, steps_s=0.2)
    assert steps.samples == {"ours": (1.4, 1.4), "bare": (1.0, 1.0), "steps": (0.2, 0.2), "compute": (0.5, 0.5)}


def test_messages_that_do_not_come_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="3 messages of 1 MiB came of 4"):
        stream_frames._require(4, 3)


def test_a_short_measurement_has_every_frame_and_its_compute() -> None:
    rows = list(stream_frames.measure(True))
    assert {row.against for row in rows} == {"a bare stream of 1 MiB messages"}
    assert {len(values) for values in rows[0].samples.values()} == {stream_frames.REPEATS[True]}
    assert all(
        0 < part < whole for part, whole in zip(rows[0].samples["compute"], rows[0].samples["ours"], strict=True)
    )

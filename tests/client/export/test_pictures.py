"""PNG, GIF and MP4, read back by their own libraries."""

import weakref
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from mfn_client._colours import colour_table, levels, shaded, table_for
from mfn_client._export import Outputs, _animation
from mfn_client._export._animation import _resized
from mfn_client._export._png import LONGEST, _labels, picture
from mfn_client._export._size import EDGE, THINNEST, picture_size
from mfn_client._export._spool import FrameSpool
from mfn_client._results import Frame
from tests.client.export.runs import COLS, ROWS, STEPS, field, started, written


@pytest.mark.parametrize("name", ["ember", "lagoon"])
def test_lightness_rises_all_the_way_through_a_table(name: str) -> None:
    # Rec. 709 luma: the order of values must show in grey as well.
    luma = colour_table(name).astype(float) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luma) > -0.5).all()
    assert luma[-1] - luma[0] > 150


def test_values_outside_the_scale_take_the_colours_of_its_ends() -> None:
    assert levels(np.array([-1.0, 0.0, 0.5, 1.0, 9.0, np.nan]), 0.0, 1.0).tolist() == [0, 0, 128, 255, 255, 0]
    assert levels(np.array([3.0, 3.0]), 3.0, 3.0).tolist() == [128, 128]


def test_shading_takes_colours_from_the_table() -> None:
    np.testing.assert_array_equal(shaded(np.array([[0.0, 1.0]]), 0.0, 1.0, "ember")[0], colour_table("ember")[[0, 255]])
    assert (table_for("mycelium"), table_for("brusselator")) == ("ember", "lagoon")


def test_the_scale_of_a_spool_holds_all_frames_but_the_first_and_no_single_cells_far_off() -> None:
    spool = FrameSpool()
    spool.add(np.linspace(-1e3, 1e3, 10_000).reshape(100, 100))
    for level in (0.0, 5.0):
        values = level + np.linspace(0, 1, 10_000).reshape(100, 100)
        values[0, 0] = 1e6
        spool.add(values)
    low, high = spool.limits()
    assert 0 <= low < 0.01
    assert 5.99 < high < 6.1
    assert [frame[50, 50] for frame in spool][1:] == pytest.approx([0.505, 5.505], abs=0.01)
    spool.close()


def test_animations_are_enlarged_by_whole_cells_and_reduced_to_the_edge() -> None:
    small = _resized(np.arange(12, dtype=np.uint8).reshape(3, 4), (1.0, 1.0))
    assert small.shape == (384, EDGE)
    assert small[127, 127] == 0
    assert small[128, 128] == 5
    assert _resized(np.zeros((1024, 2048), np.uint8), (2.0, 2.0)).shape == (256, 512)
    assert _resized(np.zeros((64, 64), np.uint8), (1.0, 2.0)).shape == (256, 512)


@pytest.mark.parametrize(
    ("cells", "spacing", "expected"),
    [
        ((256, 256), (1.0, 1.0), (512, 512)),
        ((256, 256), (0.1, 0.1), (512, 512)),
        ((300, 300), (0.3, 0.3), (300, 300)),
        ((24, 16), (7.0, 7.0), (504, 336)),
        ((100, 100), (1.0, 2.0), (200, 400)),
        ((100, 100), (1.5, 1.0), (450, 300)),
        ((4096, 4096), (1.0, 1.0), (512, 512)),
        ((4, 4096), (1.0, 1.0), (THINNEST, 512)),
        ((4, 4), (1e-6, 1.0), (THINNEST, 512)),
    ],
)
def test_pictures_keep_the_proportions_of_the_grid_within_bounds(
    cells: tuple[int, int], spacing: tuple[float, float], expected: tuple[int, int]
) -> None:
    assert picture_size(cells, spacing) == expected


@pytest.mark.parametrize("cells", [(4, 4096), (4096, 4), (4, 4), (2048, 2048)])
def test_a_png_of_any_grid_is_bounded_and_has_room_for_its_labels(cells: tuple[int, int]) -> None:
    values = np.linspace(-1000, 1000, cells[0] * cells[1]).reshape(cells)
    drawn = picture(Frame(0, 0.0, {"u": values}), "u", "a title that is longer than the picture is wide", "ember")
    assert max(drawn.size) < LONGEST + 250
    assert min(drawn.size) > 100
    _, cols = picture_size(cells, (1.0, 1.0), min(max(EDGE, *cells), LONGEST))
    labels = np.asarray(drawn, dtype=int)[46:, cols + 2 * 16 + 14 :]
    heights = np.flatnonzero((labels.min(axis=2) > 150).any(axis=1))
    lines = np.split(heights, np.flatnonzero(np.diff(heights) > 1) + 1)
    assert len(lines) == 3
    assert all(len(line) < 20 for line in lines)


def test_labels_say_which_percentile_they_are_only_where_values_lie_beyond() -> None:
    values = np.arange(10.0, dtype=np.float32)
    assert _labels(values, 0.5, 8.5) == ("8.5 (99.5 %)", "4.5", "0.5 (0.5 %)")
    assert _labels(values, 0.0, 8.5) == ("8.5 (99.5 %)", "4.25", "0")
    assert _labels(values, 0.0, 9.0) == ("9", "4.5", "0")


def test_a_png_shows_the_last_frame_with_its_colours(tmp_path: Path) -> None:
    written(tmp_path / "run.png")
    with Image.open(tmp_path / "run.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    rows, _ = picture_size((ROWS, COLS), (1.0, 0.5))
    assert pixels.shape[0] >= rows
    corner = pixels[46 + 8, 16 + 8]
    np.testing.assert_allclose(corner, colour_table("lagoon")[0], atol=12)


def test_a_gif_plays_every_frame_on_one_scale(tmp_path: Path) -> None:
    written(tmp_path / "run.gif", model="mycelium")
    spool = FrameSpool()
    for step in STEPS:
        spool.add(field(step))
    low, high = spool.limits()
    spool.close()
    with Image.open(tmp_path / "run.gif") as image:
        assert (getattr(image, "n_frames", 1), image.info["loop"]) == (3, 0)
        for index, step in enumerate(STEPS):
            image.seek(index)
            # Rows lie twice as far apart as columns.
            pixels = np.asarray(image.convert("RGB"))[:: image.height // ROWS, :: image.width // COLS]
            expected = shaded(field(step).astype(np.float32), low, high, "ember")
            # 64 colours stand for 256: two steps of the table, of 3 levels at most, lie between them.
            np.testing.assert_allclose(pixels.astype(int), expected, atol=8)


def test_a_gif_shows_what_changed_at_its_time_and_only_that_is_encoded(tmp_path: Path) -> None:
    still = np.linspace(0, 1, ROWS * COLS).reshape(ROWS, COLS)
    moved = still.copy()
    moved[2, 3] = 0.0
    path = tmp_path / "run.gif"
    with Outputs([path]) as outputs:
        for step, values in enumerate((still, still, moved, still)):
            outputs.add(Frame(step, 0.0, {"u": values}), started())
        outputs.finish(None)
    with Image.open(path) as image:
        shown = []
        durations = []
        for index in range(4):
            image.seek(index)
            shown.append(np.asarray(image.convert("RGB")).astype(int))
            durations.append(image.info["duration"])
    assert durations == [250, 250, 250, 1500]
    np.testing.assert_array_equal(shown[0], shown[1])
    np.testing.assert_array_equal(shown[0], shown[3])
    different = (shown[2] != shown[0]).any(axis=2)
    assert different.sum() == (different.shape[0] // ROWS) * (different.shape[1] // COLS)


def test_a_gif_is_written_without_holding_its_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[weakref.ref[object]] = []
    most = 0
    resized = _animation._resized

    def counting(*arguments: Any) -> Any:
        nonlocal most
        made = resized(*arguments)
        alive.append(weakref.ref(made))
        most = max(most, sum(each() is not None for each in alive))
        return made

    monkeypatch.setattr(_animation, "_resized", counting)
    with Outputs([tmp_path / "run.gif"]) as outputs:
        for step in range(20):
            outputs.add(Frame(step, 0.0, {"u": field(step)}), started())
        outputs.finish(None)
    assert len(alive) == 20
    assert most <= 3


def test_a_film_has_every_frame_and_an_even_size(tmp_path: Path) -> None:
    written(tmp_path / "run.mp4")
    with av.open(str(tmp_path / "run.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert film.streams.video[0].codec_context.name == "h264"
    assert len(frames) == len(STEPS)
    rows, cols, _ = frames[0].shape
    assert (rows % 2, cols % 2) == (0, 0)
    assert frames[-1].mean() > frames[0].mean()

"""PNG, GIF and MP4, read back by their own libraries."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from mfn_client._colours import colour_table, levels, shaded, table_for
from mfn_client._export._animation import EDGE, _resized
from mfn_client._export._spool import FrameSpool
from tests.client.export.runs import COLS, ROWS, STEPS, field, written


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
    small = _resized(np.arange(12, dtype=np.uint8).reshape(3, 4))
    assert small.shape == (384, EDGE)
    assert small[127, 127] == 0
    assert small[128, 128] == 5
    assert _resized(np.zeros((1024, 2048), np.uint8)).shape == (256, 512)


def test_a_png_shows_the_last_frame_with_its_colours(tmp_path: Path) -> None:
    written(tmp_path / "run.png")
    with Image.open(tmp_path / "run.png") as image:
        pixels = np.asarray(image.convert("RGB"))
    factor = EDGE // COLS
    assert pixels.shape[0] >= ROWS * factor
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
            pixels = np.asarray(image.convert("RGB"))[:: EDGE // COLS, :: EDGE // COLS]
            expected = shaded(field(step).astype(np.float32), low, high, "ember")
            # 64 colours stand for 256: two steps of the table, of 3 levels at most, lie between them.
            np.testing.assert_allclose(pixels.astype(int), expected, atol=8)


def test_a_film_has_every_frame_and_an_even_size(tmp_path: Path) -> None:
    written(tmp_path / "run.mp4")
    with av.open(str(tmp_path / "run.mp4")) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert film.streams.video[0].codec_context.name == "h264"
    assert len(frames) == len(STEPS)
    rows, cols, _ = frames[0].shape
    assert (rows % 2, cols % 2) == (0, 0)
    assert frames[-1].mean() > frames[0].mean()

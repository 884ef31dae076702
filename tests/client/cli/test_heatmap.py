"""The picture in the terminal."""

import io

import numpy as np
import pytest
from rich.console import Console

from mfn_client._colours import colour_table
from mfn_client.cli.heatmap import HeatMap, half_blocks, reduced


@pytest.mark.parametrize(
    ("shape", "room", "expected"),
    [
        ((256, 256), (64, 80), (64, 64)),
        ((4, 6), (64, 80), (4, 6)),
        ((100, 400), (64, 80), (20, 80)),
        ((5, 5), (2, 80), (1, 1)),
    ],
)
def test_a_field_is_averaged_until_it_fits(
    shape: tuple[int, int], room: tuple[int, int], expected: tuple[int, int]
) -> None:
    small = reduced(np.ones(shape), *room)
    assert small.shape == expected
    assert (small == 1).all()


def test_blocks_are_means() -> None:
    np.testing.assert_array_equal(reduced(np.arange(16.0).reshape(4, 4), 2, 4), [[2.5, 4.5], [10.5, 12.5]])


def test_each_character_shows_two_rows_in_their_colours() -> None:
    pixels = np.arange(18, dtype=np.uint8).reshape(3, 2, 3)
    segments = list(half_blocks(pixels))
    assert "".join(segment.text for segment in segments) == "▀▀\n▀▀\n"
    first, _, _, last, *_ = segments
    assert first.style is not None
    assert last.style is not None
    assert first.style.color is not None
    assert tuple(first.style.color.get_truecolor()) == (0, 1, 2)
    assert first.style.bgcolor is not None
    assert tuple(first.style.bgcolor.get_truecolor()) == (6, 7, 8)
    assert last.style.color == last.style.bgcolor  # the last row of an odd number is doubled


def drawn(heat_map: HeatMap) -> str:
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, color_system="truecolor", width=20, height=16, legacy_windows=False
    )
    console.print(heat_map)
    return out.getvalue()


def test_a_heat_map_draws_its_field_within_the_screen() -> None:
    heat_map = HeatMap("ember")
    assert "▀" not in drawn(heat_map)
    heat_map.field = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    lines = drawn(heat_map).splitlines()
    assert len([line for line in lines if "▀" in line]) == 8
    assert all(line.count("▀") == 16 for line in lines if "▀" in line)
    red, green, blue = colour_table("ember")[0]
    assert f"38;2;{red};{green};{blue}" in lines[0]

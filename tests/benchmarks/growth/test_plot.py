"""The picture of ladders."""

from pathlib import Path

from benchmarks.growth.ladder import Climb, Ladder, climb
from benchmarks.growth.plot import draw

PNG = b"\x89PNG\r\n\x1a\n"


def climbed(what: str, power: float) -> Climb:
    return climb(Ladder(what, "cells", "ms", (1, 10, 100), lambda size: size**power), turns=1)


def test_every_ladder_becomes_a_panel_of_a_png(tmp_path: Path) -> None:
    few, many = tmp_path / "few.png", tmp_path / "new" / "many.png"
    draw([climbed("flat", 0.0), climbed("steep", 3.0)], few)
    draw([climbed(f"work {number}", 1.0) for number in range(9)], many)
    assert few.read_bytes().startswith(PNG)
    height = [int.from_bytes(path.read_bytes()[20:24]) for path in (few, many)]
    assert height[1] == 3 * height[0]

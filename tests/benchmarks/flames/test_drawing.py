"""From a tree to a picture."""

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from benchmarks.flames.drawing import KINDS, MARGIN, WIDTH, kind_of, svg
from benchmarks.flames.stacks import Frame, tree

SVG = "{http://www.w3.org/2000/svg}"
PROFILE = tree(
    [
        "handle (mfn_server/rpc/binding.py:70);read (grpc/cygrpc.so) 30",
        "handle (mfn_server/rpc/binding.py:70);<lambda> & more (json/decoder.py:5) 10",
        "select (selectors.py:451) 60",
    ]
)


def boxes(picture: str) -> dict[str, tuple[float, float, float, str]]:
    """Left edge, top edge, width and colour of each frame, by what it tells."""
    found = {}
    for group in ET.fromstring(picture).iter(f"{SVG}g"):
        rect, told = group.find(f"{SVG}rect"), group.findtext(f"{SVG}title")
        assert rect is not None
        assert told is not None
        left, top, width = (float(rect.attrib[key]) for key in ("x", "y", "width"))
        found[told] = (left, top, width, rect.attrib["fill"])
    return found


def test_a_frame_is_as_wide_as_its_share_and_stands_on_the_one_that_called_it() -> None:
    found = boxes(svg(PROFILE, "a call"))
    root, caller = found["all: 100.0%"], found["handle (mfn_server/rpc/binding.py): 40.0%"]
    called = found["read (grpc/cygrpc.so): 30.0%"]
    assert root[2] == WIDTH - 2 * MARGIN
    assert [caller[2] / root[2], called[2] / root[2]] == pytest.approx([0.4, 0.3], abs=0.001)
    assert called[0] >= caller[0]
    assert called[0] + called[2] <= caller[0] + caller[2]
    assert root[1] > caller[1] > called[1]


def test_frames_of_one_caller_do_not_overlap() -> None:
    found = boxes(svg(PROFILE, "a call"))
    first_level = sorted(box for told, box in found.items() if told.startswith(("handle", "select")))
    assert all(left[0] + left[2] <= right[0] + 0.2 for left, right in pairwise(first_level))


def test_names_that_look_like_markup_are_told_as_they_are() -> None:
    picture = svg(PROFILE, "Krum <100> & median")
    assert "<lambda> & more (json/decoder.py): 10.0%" in boxes(picture)
    assert ET.fromstring(picture).findtext(f"{SVG}title") == "Krum <100> & median"


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("mfn_server/rpc/binding.py", "ours"),
        ("mfn_grpc/core/aggregation/blocks.py", "ours"),
        ("grpc/aio/_server.py", "grpc"),
        ("numpy/_core/_multiarray_umath.so", "numpy and numba"),
        ("asyncio/events.py", "Python"),
        ("", "Python"),
    ],
)
def test_a_frame_has_the_colour_of_the_package_that_it_is_from(file: str, kind: str) -> None:
    assert kind_of(Frame("f", file)) == kind
    assert kind in KINDS


def test_the_same_samples_make_the_same_picture_and_none_make_an_empty_one() -> None:
    assert svg(PROFILE, "a call") == svg(PROFILE, "a call")
    assert list(boxes(svg(tree([]), "nothing"))) == ["all: 0.0%"]

"""From py-spy's lines to a tree."""

import pytest

from benchmarks.flames.stacks import ALL, Frame, Node, pruned, tree

SERVING = "<module> (mfn_server/__main__.py:1);BaseEventLoop._run_once (asyncio/base_events.py:1845)"


def shape(node: Node) -> dict[str, object]:
    """Samples and what was called, by the function."""
    return {each.frame.function: (each.samples, shape(each)) for each in node.called.values()}


def test_stacks_with_the_same_beginning_share_it_whatever_the_line() -> None:
    found = tree(["a (x.py:1);b (x.py:2) 3", "a (x.py:9);c (x.py:5) 1", ""])
    assert (found.frame, found.samples) == (ALL, 4)
    assert shape(found) == {"a": (4, {"b": (3, {}), "c": (1, {})})}
    assert found.depth == 3


def test_how_the_program_came_to_run_is_left_out() -> None:
    found = tree([f"{SERVING};handle (mfn_server/rpc/binding.py:7) 2"])
    assert shape(found) == {"handle": (2, {})}


def test_a_stack_that_is_nothing_but_a_beginning_is_kept() -> None:
    assert list(shape(tree([f"{SERVING} 2"]))) == ["<module>"]


@pytest.mark.parametrize("wait", ["epoll_wait", "epoll_pwait"])
def test_threads_that_wait_do_not_count(wait: str) -> None:
    assert tree([f"run (x.py:1);{wait} (libc.so.6) 9", "run (x.py:1);work (x.py:2) 1"]).samples == 1


def test_functions_without_a_name_are_one_frame_of_their_library() -> None:
    found = tree(["a (x.py:1);0x7fda3bee79fa (grpc/cygrpc.cpython-311.so);0x12 (grpc/cygrpc.cpython-311.so) 1"])
    assert shape(found) == {"a": (1, {"[cygrpc]": (1, {})})}


def test_nothing_is_told_of_where_the_machine_keeps_its_files() -> None:
    found = tree(["a (/opt/somewhere/lib/python3.11/json/decoder.py:4);b (mfn_grpc/core/aggregation/blocks.py) 1"])
    assert list(found.called) == [Frame("a", "python3.11/json/decoder.py")]
    assert list(found.called[Frame("a", "python3.11/json/decoder.py")].called) == [
        Frame("b", "mfn_grpc/core/aggregation/blocks.py")
    ]


def test_frames_of_a_small_share_are_left_out_and_the_largest_stands_first() -> None:
    lines = ["a (x.py:1);b (x.py:1) 1", "a (x.py:1) 9", "c (x.py:1) 90"]
    assert shape(pruned(tree(lines), 0.05)) == {"c": (90, {}), "a": (10, {})}
    assert list(shape(pruned(tree(lines), 0.05))) == ["c", "a"]


def test_a_line_without_a_count_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        tree(["a (x.py:1)"])

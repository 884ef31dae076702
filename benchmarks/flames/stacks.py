"""Sampled stacks as a tree: what was called by what, and in how many samples."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby

STEMS = frozenset({"<module>", "BaseEventLoop._run_once", "uv_run", "Loop__on_idle", "Thread.run", "_worker"})
"""Functions below which a stack tells nothing: how the program, or a thread of it, came to run at all."""
WAITS = frozenset(
    {
        "PyThread_acquire_lock_timed",
        "epoll_pwait",
        "epoll_wait",
        "poll",
        "__poll",
        "ppoll",
        "pthread_cond_timedwait",
    }
)
"""Functions in which a thread does nothing; py-spy takes it for busy when it records compiled code as well."""
_LEAVES = 3
"""Frames at the end of a stack among which such a function is looked for: the C library has frames of its own in it."""
_PLACE = re.compile(r"^(?P<function>.*) \((?P<file>[^()]*)\)$")
_LINE = re.compile(r":\d+$")
_NAMELESS = re.compile(r"^0x[0-9a-f]+$")
KEPT_PARTS = 3
"""Of an absolute path, from its end: nothing of the machine that it lies on."""


@dataclass(frozen=True)
class Frame:
    """A function. file: where it is, with the packages that it lies in."""

    function: str
    file: str


@dataclass
class Node:
    """A frame with those that it called. samples: in which it, or something that it called, was seen."""

    frame: Frame
    samples: int = 0
    called: dict[Frame, "Node"] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Frames on the longest way up, this one among them."""
        return 1 + max((each.depth for each in self.called.values()), default=0)


ALL = Frame("all", "")


def tree(lines: Iterable[str]) -> Node:
    """The tree of lines as py-spy's raw format has them: frames from the outermost between semicolons, and a count.

    Stacks of threads that wait are left out. Functions without a name that call each other in one library are one
    frame. Raises ValueError for a line without a count.
    """
    root = Node(ALL)
    for line in filter(None, map(str.strip, lines)):
        stack, _, count = line.rpartition(" ")
        frames = [_frame(each) for each in stack.split(";")]
        if WAITS.isdisjoint(frame.function for frame in frames[-_LEAVES:]):
            _add(root, [frame for frame, _ in groupby(_without_stem(frames))], int(count))
    return root


def pruned(root: Node, least_share: float) -> Node:
    """The tree without frames that were seen in a smaller share of all samples; the largest first at each level."""
    return _pruned(root, least_share * root.samples)


def _add(root: Node, frames: Iterable[Frame], count: int) -> None:
    root.samples += count
    node = root
    for frame in frames:
        node = node.called.setdefault(frame, Node(frame))
        node.samples += count


def _pruned(node: Node, least: float) -> Node:
    kept = [each for each in node.called.values() if each.samples >= least]
    kept.sort(key=lambda each: (-each.samples, each.frame.function, each.frame.file))
    return Node(node.frame, node.samples, {each.frame: _pruned(each, least) for each in kept})


def _frame(text: str) -> Frame:
    """The frame that py-spy calls `function (file:line)`, whatever the line: a function is one frame."""
    found = _PLACE.match(text)
    if found is None:
        return Frame(text, "")
    file = _LINE.sub("", found["file"])
    if file.startswith("/"):
        file = "/".join(file.split("/")[-KEPT_PARTS:])
    nameless = _NAMELESS.match(found["function"])
    return Frame(f"[{file.rpartition('/')[-1].partition('.')[0]}]" if nameless else found["function"], file)


def _without_stem(frames: list[Frame]) -> list[Frame]:
    ends = [place for place, frame in enumerate(frames) if frame.function in STEMS]
    return frames[ends[-1] + 1 :] if ends and ends[-1] + 1 < len(frames) else frames

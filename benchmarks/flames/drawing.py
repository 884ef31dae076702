"""A flame graph as SVG: a rectangle a frame, as wide as its share of the samples, above the one that called it."""

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from benchmarks.flames.stacks import Frame, Node

WIDTH, ROW, MARGIN, HEAD = 1200, 17, 10, 56
"""In pixels."""
CHARACTER = 6.3
"""Width of one, in pixels, of the font below."""
LEAST_SHOWN = 3
"""Characters of a name that is worth writing."""
KINDS: Mapping[str, str] = {"ours": "#f2a65a", "grpc": "#8fb8de", "numpy and numba": "#9ccc9c", "Python": "#d9d2c5"}
_OF_KIND = (
    (re.compile(r"(^|/)(mfn_|benchmarks/)"), "ours"),
    (re.compile(r"grpc", re.IGNORECASE), "grpc"),
    (re.compile(r"numpy|numba|scipy|blas|<dynamic>", re.IGNORECASE), "numpy and numba"),
)


def kind_of(frame: Frame) -> str:
    """Whose code a frame is."""
    return next((kind for pattern, kind in _OF_KIND if pattern.search(frame.file)), "Python")


def svg(root: Node, title: str) -> str:
    """The picture; the same for the same tree. Each frame tells its name, place and share to a pointer."""
    height = HEAD + root.depth * ROW + MARGIN
    style = "text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#222}rect{stroke:#fff;stroke-width:.5}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{style}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{MARGIN}" y="20">{escape(title)}, {root.samples:,} samples</text>',
        *_legend(),
        *_drawn(root, MARGIN, height - MARGIN - ROW, (WIDTH - 2 * MARGIN) / max(root.samples, 1), root.samples),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _legend() -> Iterator[str]:
    x = MARGIN
    for kind, colour in KINDS.items():
        yield f'<rect x="{x}" y="30" width="12" height="12" fill="{colour}"/><text x="{x + 17}" y="40">{kind}</text>'
        x += round(17 + CHARACTER * (len(kind) + 3))


def _drawn(node: Node, x: float, y: float, pixels_each: float, total: int) -> Iterator[str]:
    """The frame and all above it. pixels_each: width of one sample."""
    width, frame = node.samples * pixels_each, node.frame
    where = f" ({frame.file})" if frame.file else ""
    told = escape(f"{frame.function}{where}: {node.samples / max(total, 1):.1%}")
    fits = int((width - 4) / CHARACTER)
    text = f'<text x="{x + 3:.1f}" y="{y + 12:.0f}">{escape(_cut(frame.function, fits))}</text>'
    rect = f'<rect x="{x:.1f}" y="{y:.0f}" width="{width:.1f}" height="{ROW}" fill="{KINDS[kind_of(frame)]}"/>'
    yield f"<g><title>{told}</title>{rect}{text if fits >= LEAST_SHOWN else ''}</g>"
    for each in node.called.values():
        yield from _drawn(each, x, y - ROW, pixels_each, total)
        x += each.samples * pixels_each


def _cut(name: str, characters: int) -> str:
    return name if len(name) <= characters else f"{name[: characters - 1]}…"

"""`python -m benchmarks.flames [NAMES...]`: record each path under load and draw docs/images/flame-NAME.svg."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.flames.drawing import svg
from benchmarks.flames.loads import LOADS
from benchmarks.flames.sampling import recorded
from benchmarks.flames.stacks import pruned, tree

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LEAST_SHARE = 0.003


def main(arguments: Sequence[str] | None = None) -> int:
    """Record and draw; the files are named on standard output."""
    options = _parser().parse_args(arguments)
    for name in options.names or LOADS:
        file = options.folder / f"flame-{name}.svg"
        file.write_text(_picture(name, options.seconds, native=options.native), encoding="utf-8")
        print(f"{file.name}: {file.stat().st_size // 1024} KiB")
    return 0


def _picture(name: str, seconds: int, *, native: bool) -> str:
    title, load = LOADS[name]
    with load() as running:
        running.turn()  # warms it up
        lines = recorded(running.pid, seconds, running.turn, native=native)
    return svg(pruned(tree(lines), LEAST_SHARE), title)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flames", description="Draw flame graphs.")
    parser.add_argument(
        "names", nargs="*", choices=[*LOADS, []], metavar="NAME", help=f"default all: {', '.join(LOADS)}"
    )
    parser.add_argument("--seconds", type=int, default=10, help="how long each is sampled (default 10)")
    parser.add_argument("--no-native", dest="native", action="store_false", help="without frames of compiled code")
    parser.add_argument("--folder", type=Path, default=IMAGES, help="where the pictures go (default docs/images)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

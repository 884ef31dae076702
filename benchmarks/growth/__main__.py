"""`python -m benchmarks.growth [--plot [FILE]] [--quick]`: print how cost grows, and draw it where asked."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.growth.everything import climbs
from benchmarks.growth.ladder import Climb
from benchmarks.measuring.table import render

PICTURE = Path("docs/images/growth.png")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, draw; always 0: `python -m benchmarks growth --strict` judges."""
    options = _parser().parse_args(arguments)
    found = [_told(each) for each in climbs(options.quick)]
    print(render({"growth": [each.row() for each in found]}, quick=options.quick))
    if options.plot:
        from benchmarks.growth.plot import draw  # noqa: PLC0415  # only who wants a picture needs matplotlib

        draw(found, options.plot)
    return 0


def _told(found: Climb) -> Climb:
    print(found.ladder.what, found.ladder.axis, sep=", ", file=sys.stderr, flush=True)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description="Measure how cost grows.")
    parser.add_argument("--plot", type=Path, nargs="?", const=PICTURE, metavar="FILE", help=f"draw; default {PICTURE}")
    parser.add_argument("--quick", action="store_true", help="small ladders: shows that it works, not how cost grows")
    return parser


if __name__ == "__main__":
    sys.exit(main())

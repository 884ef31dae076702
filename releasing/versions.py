"""`python -m releasing.versions [TAG]`: does every place that carries the version carry the same, and the tag as well?

Prints the version, which the tag has after a `v`. Exit code 1: where they differ.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IMAGE = r"mfn-grpc:(\d+\.\d+\.\d+)"
PLACES = {
    "pyproject.toml": r'^version = "(.+)"',
    "Dockerfile": r"^ARG VERSION=(.+)",
    "k8s/base/kustomization.yaml": rf"^    newTag: (.+)|{IMAGE}",
    "clients/node/package.json": r'^  "version": "(.+)"',
    "README.md": IMAGE,
    "docs/deployment.md": rf" VERSION=(\d\S*) SITE|{IMAGE}",
    "docs/edge.md": IMAGE,
    "docs/image.md": IMAGE,
}
"""Files, and what stands around the version in them; the first one is what the others must agree with."""


def carried(root: Path) -> Iterator[tuple[str, str]]:
    """Each place, `FILE:LINE`, and the version there; none for a file is a fault of this list."""
    for name, pattern in PLACES.items():
        text = (root / name).read_text(encoding="utf-8")
        found = list(re.finditer(pattern, text, re.MULTILINE))
        if not found:
            yield f"{name}", "none"
        for each in found:
            yield f"{name}:{text.count(chr(10), 0, each.start()) + 1}", next(filter(None, each.groups()))


def faults(root: Path, tag: str | None = None) -> list[str]:
    """Which places differ from pyproject.toml, in sentences."""
    (_, version), *others = carried(root)
    said = [*others, *([] if tag is None else [("the tag", tag.removeprefix("v"))])]
    return [f"{place} says {found}, pyproject.toml {version}" for place, found in said if found != version]


def main(arguments: Sequence[str]) -> int:
    """Say what differs; 1 when something does."""
    found = faults(ROOT, *arguments)
    sys.stderr.writelines(f"{fault}\n" for fault in found)
    if not found:
        sys.stdout.write(f"{next(carried(ROOT))[1]}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

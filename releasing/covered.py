"""`python -m releasing.covered JSON BADGE`: the covered share of our packages' lines, at least 90 % in each.

Lines of compiled kernels run where no tracer sees them. They count as missed, so that the true share is higher.
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

PACKAGES = "mfn_grpc", "mfn_server", "mfn_client"
LEAST = 90.0
BADGE = """<svg xmlns="http://www.w3.org/2000/svg" width="106" height="20" role="img" aria-label="coverage: {share}">
<title>coverage: {share}</title>
<rect width="64" height="20" fill="#444"/>
<rect x="64" width="42" height="20" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="32" y="14">coverage</text>
<text x="85" y="14">{share}</text>
</g>
</svg>
"""


def shares(report: Mapping[str, Any]) -> dict[str, float]:
    """Per cent of lines that ran, by package and, as "all", over them; files outside the packages are left out."""
    lines, ran = Counter[str](), Counter[str]()
    for name, file in report["files"].items():
        if package := next((part for part in PurePosixPath(name).parts if part in PACKAGES), None):
            lines.update({package: file["summary"]["num_statements"], "all": file["summary"]["num_statements"]})
            ran.update({package: file["summary"]["covered_lines"], "all": file["summary"]["covered_lines"]})
    return {package: 100 * ran[package] / max(1, lines[package]) for package in (*PACKAGES, "all")}


def badge(share: float) -> str:
    """A picture that says the share of all lines."""
    return BADGE.format(share=f"{int(share)} %", colour="#2a7a2a" if share >= LEAST else "#a33")


def main(arguments: Sequence[str]) -> int:
    """Print the shares as a table, draw the badge; 1 when a package is below the least."""
    report, picture = map(Path, arguments)
    found = shares(json.loads(report.read_text(encoding="utf-8")))
    picture.write_text(badge(found["all"]), encoding="utf-8")
    sys.stdout.write("| package | lines covered |\n| --- | --- |\n")
    sys.stdout.writelines(f"| {package} | {share:.1f} % |\n" for package, share in found.items())
    low = [package for package, share in found.items() if share < LEAST]
    sys.stderr.writelines(f"{package} is below {LEAST:g} %\n" for package in low)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

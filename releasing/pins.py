"""The pins of requirements/*.txt that this machine and this Python install."""

import re
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pins(path: Path) -> dict[str, str]:
    """Canonical name -> version, without the pins whose marker excludes this machine."""
    text = re.sub(r"(?m)^\s*#.*$", "", path.read_text(encoding="utf-8")).replace("\\\n", " ")
    wanted = [Requirement(line.split("--hash=")[0]) for line in text.splitlines() if line.strip()]
    here = [requirement for requirement in wanted if requirement.marker is None or requirement.marker.evaluate()]
    return {canonicalize_name(requirement.name): next(iter(requirement.specifier)).version for requirement in here}

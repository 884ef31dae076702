"""Requirements read three ways: from pyproject.toml, from a pinned file, and from installed metadata."""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "mfn-grpc"
PLATFORMS = (("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"), ("win32", "nt", "Windows"))


@dataclass(frozen=True)
class Pin:
    """One entry of a pinned file: `name==version`, where it applies, and the hashes of its archives."""

    name: str
    version: str
    marker: Marker | None
    hashes: frozenset[str]

    def applies_here(self) -> bool:
        """Whether this machine and this Python install it."""
        return self.marker is None or self.marker.evaluate()


def declared(root: Path) -> dict[str, list[Requirement]]:
    """Requirements of pyproject.toml by extra; the base ones are under the empty name."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {extra: [Requirement(text) for text in texts] for extra, texts in groups.items()}


def roots_of(root: Path, *extras: str) -> list[Requirement]:
    """The base requirements and those of `extras`, with references to the project's own extras resolved."""
    groups, wanted, found = declared(root), ["", *extras], []
    for extra in wanted:
        for requirement in groups[extra]:
            if requirement.name == PROJECT:
                wanted.extend(requirement.extras - set(wanted))
            else:
                found.append(requirement)
    return found


def read_pins(path: Path) -> dict[str, Pin]:
    """A pinned file by canonical name; an entry that is not an exact pin is an error."""
    text = re.sub(r"(?m)^\s*#.*\n", "", path.read_text(encoding="utf-8")).replace("\\\n", " ")
    pins = [_pin(line) for line in text.splitlines() if line.strip()]
    assert len({pin.name for pin in pins}) == len(pins), f"{path.name} pins one package twice"
    return {pin.name: pin for pin in pins}


def _pin(line: str) -> Pin:
    declaration, *hashes = line.split("--hash=")
    requirement = Requirement(declaration)
    (exact,) = requirement.specifier
    assert exact.operator == "==", f"{declaration} is no exact pin"
    digests = frozenset(digest.strip() for digest in hashes)
    return Pin(canonicalize_name(requirement.name), exact.version, requirement.marker, digests)


def closure(roots: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    """Everything that `roots` reach on any supported platform: canonical name -> the requirements that name it.

    Packages that are not installed here, such as those for other platforms, are leaves.
    """
    reached: dict[str, list[Requirement]] = {}
    waiting, seen = list(roots), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        reached.setdefault(name, []).append(requirement)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting.extend(_required_by(name, extra))
    return reached


def _required_by(name: str, extra: str) -> Iterator[Requirement]:
    try:
        texts = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for text in texts:
        requirement = Requirement(text)
        if requirement.marker is None:
            if not extra:
                yield requirement
        elif _holds_somewhere(requirement.marker, extra):
            yield requirement


def _holds_somewhere(marker: Marker, extra: str) -> bool:
    here = {key: str(value) for key, value in default_environment().items()}
    for sys_platform, os_name, platform_system in PLATFORMS:
        platform = {"sys_platform": sys_platform, "os_name": os_name, "platform_system": platform_system}
        if marker.evaluate({**here, **platform, "extra": extra}):
            return True
    return False

"""`python -m releasing.licences ENVIRONMENT REPORT`: the licence of each installed package, each on the allow-list."""

import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from releasing.run_module import run_module

ALLOWED = Path(__file__).with_name("licences.toml")


@dataclass(frozen=True)
class Rules:
    """What is allowed (SPDX names), older spellings of those, and what packages have whose metadata says too little."""

    allowed: frozenset[str]
    spellings: Mapping[str, str]
    packages: Mapping[str, str]

    @classmethod
    def read(cls, path: Path = ALLOWED) -> "Rules":
        """From the file beside this module."""
        read = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(frozenset(read["allowed"]), read["spellings"], read["packages"])

    def expression(self, package: str, stated: str) -> str:
        """The SPDX expression of a package (canonical name) whose metadata states this."""
        return self.packages.get(package) or self.spellings.get(stated, stated)

    def refused(self, expression: str) -> list[str]:
        """The names in an expression that are not allowed."""
        names = re.split(r"\s+(?:AND|OR)\s+|[()]", expression)
        return [name.strip() for name in names if name.strip() and name.strip() not in self.allowed]


def installed(environment: Path) -> list[dict[str, str]]:
    """What pip-licenses says of an environment: Name, Version and License of each package."""
    told = run_module("piplicenses", "--python", str(environment / "bin" / "python"), "--format", "json")
    told.check_returncode()
    packages: list[dict[str, str]] = json.loads(told.stdout)
    return packages


def report(packages: Sequence[Mapping[str, str]], rules: Rules) -> list[dict[str, str]]:
    """Name, version and SPDX expression of each package, by name."""
    rows = []
    for package in packages:
        name = canonicalize_name(package["Name"])
        licence = rules.expression(name, package["License"])
        rows.append({"name": name, "version": package["Version"], "licence": licence})
    return sorted(rows, key=lambda row: row["name"])


def faults(rows: Sequence[Mapping[str, str]], rules: Rules) -> list[str]:
    """A sentence for each package with a licence that is not allowed."""
    return [
        f"{row['name']} {row['version']} has {refused!r}, which releasing/licences.toml does not allow"
        for row in rows
        for refused in rules.refused(row["licence"])
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the report as JSON; 1 when a licence is not allowed."""
    environment, out = map(Path, arguments)
    rules = Rules.read()
    rows = report(installed(environment), rules)
    out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    found = faults(rows, rules)
    sys.stdout.writelines(f"{fault}\n" for fault in found or [f"{len(rows)} licences, all allowed: {out}"])
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

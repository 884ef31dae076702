"""`python -m releasing.sbom ENVIRONMENT LOCK SBOM`: the packages of an image as a CycloneDX document.

ENVIRONMENT holds what LOCK pins. Every pin that applies here is in the document, with its version and its licence, and
nothing else is; the document is valid by the schema that the CycloneDX library carries.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from releasing.licences import Rules, installed, report
from releasing.pins import pins
from releasing.run_module import run_module

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
VERSION = SchemaVersion.V1_6


def described(environment: Path) -> dict[str, Any]:
    """What cyclonedx-py says of an environment, the same each time."""
    options = [
        "--pyproject",
        str(PROJECT),
        "--spec-version",
        VERSION.to_version(),
        "--output-reproducible",
        "--no-validate",
    ]
    told = run_module("cyclonedx_py", "environment", *options, str(environment / "bin" / "python"))
    told.check_returncode()
    document: dict[str, Any] = json.loads(told.stdout)
    return document


def state_licences(document: Mapping[str, Any], licences: Mapping[str, str]) -> None:
    """Give each component the SPDX expression of its package in place of what its metadata happens to say."""
    for component in document["components"]:
        component["licenses"] = [{"expression": licences[canonicalize_name(component["name"])]}]


def faults_of_form(document: Mapping[str, Any]) -> list[str]:
    """How a document departs from the schema, in a sentence."""
    invalid = JsonStrictValidator(VERSION).validate_str(json.dumps(document))
    return [f"the document is not valid: {invalid}"] if invalid else []


def faults_of_content(document: Mapping[str, Any], wanted: Mapping[str, str]) -> list[str]:
    """How a document departs from the pins (name -> version), in sentences."""
    held = {canonicalize_name(part["name"]): part for part in document["components"]}
    found = [f"{name} is not pinned" for name in sorted(held.keys() - wanted.keys())]
    found += [f"{name} {wanted[name]} is missing" for name in sorted(wanted.keys() - held.keys())]
    for name in sorted(held.keys() & wanted.keys()):
        if held[name].get("version") != wanted[name]:
            found.append(f"{name} is {held[name].get('version')}, pinned is {wanted[name]}")
        if not held[name].get("licenses"):
            found.append(f"{name} has no licence")
    return found


def main(arguments: Sequence[str]) -> int:
    """Write the document; 1 when it departs from schema or lock."""
    environment, lock, out = map(Path, arguments)
    document = described(environment)
    rows = report(installed(environment), Rules.read())
    state_licences(document, {row["name"]: row["licence"] for row in rows})
    out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    found = faults_of_form(document) + faults_of_content(document, pins(lock))
    sys.stdout.writelines(f"{fault}\n" for fault in found or [f"{len(document['components'])} packages: {out}"])
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

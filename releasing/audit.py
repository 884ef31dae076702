"""`python -m releasing.audit LOCK...`: do known vulnerabilities concern what is pinned?

Exit code 0: no. 1: yes, or an acceptance in accepted_vulnerabilities.toml has run out. 2: pip-audit could not
ask, so nobody knows.
"""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from releasing.run_module import run_module

ACCEPTED = Path(__file__).with_name("accepted_vulnerabilities.toml")
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2


def judge(told: Mapping[str, Any], accepted: Mapping[str, Any], today: date) -> tuple[int, list[str]]:
    """The exit code, and a sentence for each finding, of what pip-audit told in JSON."""
    skipped = [
        f"{package['name']}: {package['skip_reason']}" for package in told["dependencies"] if "vulns" not in package
    ]
    open_, known = [], {name for name, entry in accepted.items() if entry.get("reason") and entry["until"] >= today}
    for package in told["dependencies"]:
        for found in package.get("vulns", ()):
            if known.isdisjoint({found["id"], *found["aliases"]}):
                fixed = ", ".join(found["fix_versions"]) or "no release"
                open_.append(f"{package['name']} {package['version']}: {found['id']}, fixed in {fixed}")
    return VULNERABLE if open_ else UNKNOWN if skipped else CLEAN, open_ + skipped


def ask(lock: Path) -> dict[str, Any] | str:
    """What pip-audit says of a pinned file; its last words when it could not say anything."""
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    told = run_module("pip_audit", *options, "--requirement", str(lock))
    try:
        answer: dict[str, Any] = json.loads(told.stdout)
    except ValueError:
        return (
            told.stderr.strip().splitlines()[-1] if told.stderr.strip() else f"pip-audit ended with {told.returncode}"
        )
    return answer


def main(arguments: Sequence[str]) -> int:
    """Ask about each file; the worst answer counts, and a vulnerability is worse than silence."""
    accepted = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    codes = set[int]()
    for lock in map(Path, arguments):
        told = ask(lock)
        code, sentences = (
            judge(told, accepted, datetime.now(UTC).date()) if isinstance(told, dict) else (UNKNOWN, [told])
        )
        codes.add(code)
        sys.stdout.write(f"{lock}: {['no known vulnerability', 'VULNERABLE', 'COULD NOT BE AUDITED'][code]}\n")
        sys.stdout.writelines(f"  {sentence}\n" for sentence in sentences[:20])
    return next(code for code in (VULNERABLE, UNKNOWN, CLEAN) if code in codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

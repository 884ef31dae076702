"""The commit of the working tree, and whether anything is in it that no commit holds."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ":!benchmarks/history", ":!docs/images"
"""What measuring itself writes."""


def commit(root: Path = ROOT) -> str:
    """The full hash, or "" where git or the repository is missing."""
    return _git(root, "rev-parse", "HEAD").strip()


def dirty(root: Path = ROOT) -> bool:
    """Whether files differ from the commit or are unknown to it; results of measuring do not count."""
    return bool(_git(root, "status", "--porcelain", "--", ".", *RESULTS).strip())


def _git(root: Path, *arguments: str) -> str:
    try:
        return subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""

"""The workflows as data: files, jobs and steps."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))


@dataclass(frozen=True)
class Workflow:
    """One file; `on` is what starts it, which YAML 1.1 reads as the key True."""

    name: str
    on: Any
    text: str
    content: dict[str, Any]

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The jobs by name."""
        jobs: dict[str, dict[str, Any]] = self.content["jobs"]
        return jobs


def read(path: Path) -> Workflow:
    """One workflow."""
    text = path.read_text(encoding="utf-8")
    content: dict[Any, Any] = yaml.safe_load(text)
    return Workflow(path.name, content.pop(True), text, content)


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every step of every workflow, with `file:job` in front."""
    for workflow in map(read, FILES):
        for name, job in workflow.jobs.items():
            for step in job["steps"]:
                yield f"{workflow.name}:{name}", step


def commands() -> list[tuple[str, list[str]]]:
    """Every line that a step runs, in words, with `file:job` in front."""
    return [(place, line.split()) for place, step in steps() for line in step.get("run", "").splitlines()]

"""The Dockerfile taken apart: stages with their instructions, as far as the tests ask."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    """One instruction; text: what follows its name, on one line."""

    name: str
    text: str

    @property
    def listed(self) -> list[str] | None:
        """Its words in the exec form; None in the form that a shell reads."""
        found = re.search(r"\[.*\]$", self.text)
        return json.loads(found[0]) if found else None


@dataclass
class Stage:
    """What stands between one FROM and the next."""

    name: str
    base: str
    instructions: list[Instruction] = field(default_factory=list)


def stages(path: Path) -> dict[str, Stage]:
    """The stages by their names, in order."""
    found: dict[str, Stage] = {}
    for instruction in _instructions(path.read_text(encoding="utf-8")):
        if instruction.name == "FROM":
            base, _, name = instruction.text.partition(" AS ")
            found[name] = Stage(name, base)
        elif found:
            found[list(found)[-1]].instructions.append(instruction)
    return found


def inherited(all_stages: dict[str, Stage], name: str) -> list[Instruction]:
    """The instructions of a stage after those of the stages that it builds on."""
    stage = all_stages[name]
    before = inherited(all_stages, stage.base) if stage.base in all_stages else []
    return [*before, *stage.instructions]


def last(instructions: list[Instruction], name: str) -> Instruction | None:
    """The instruction of this name that counts."""
    return next((each for each in reversed(instructions) if each.name == name), None)


def _instructions(text: str) -> Iterator[Instruction]:
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, rest = line.partition(" ")
        yield Instruction(name, rest.strip())

"""Which rows the gate holds, each with the evidence that it is stable enough: `benchmarks/history/gate.json`.

`make bench-stability` measures, and with `--write` puts the stable rows there; nobody writes them by hand.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from benchmarks.records.files import HISTORY, RecordError, faults
from benchmarks.records.record import STRICT, Key, Record
from benchmarks.records.stability import LEAST_RUNS, STABLE_WITHIN, Stability, stability, unfit

PATH = HISTORY / "gate.json"


@dataclass(frozen=True)
class Evidence:
    """How far the row moved: runs, lowest and highest value, highest / lowest - 1, and what they were measured on."""

    __pydantic_config__ = STRICT

    runs: int
    lowest: float
    highest: float
    range: float
    commit: str
    processor: str


@dataclass(frozen=True)
class GateRow:
    """A row that the gate holds."""

    __pydantic_config__ = STRICT

    subject: str
    what: str
    against: str
    evidence: Evidence

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.subject, self.what, self.against


@dataclass(frozen=True)
class GateList:
    """The rows, and the subjects that are measured to find them."""

    __pydantic_config__ = STRICT

    candidates: tuple[str, ...]
    rows: tuple[GateRow, ...]

    @property
    def subjects(self) -> list[str]:
        """The subjects that the gate measures."""
        return list(dict.fromkeys(row.subject for row in self.rows))

    @property
    def keys(self) -> list[Key]:
        """What the rows are known by."""
        return [row.key for row in self.rows]

    @property
    def ranges(self) -> dict[Key, float]:
        """How far each row moved from run to run of one commit: highest / lowest - 1."""
        return {row.key: row.evidence.range for row in self.rows}


_LIST = TypeAdapter(GateList)


def read(path: Path = PATH) -> GateList:
    """The list; RecordError where a row lacks its evidence, or has evidence that does not carry it."""
    try:
        found = _LIST.validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error}") from None
    except ValidationError as error:
        raise RecordError(f"{path}: {faults(error)}") from None
    for row in found.rows:
        if fault := _fault(row.evidence):
            raise RecordError(f"{path}: {' / '.join(row.key)}: {fault}")
    return found


def write(found: GateList, path: Path = PATH) -> Path:
    """Write the list."""
    path.write_text(json.dumps(asdict(found), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def of_runs(candidates: Sequence[str], runs: Mapping[str, Record]) -> GateList:
    """The rows of the candidates that are stable over the runs, at least one, by the names of their files.

    RecordError names the runs that are no evidence, as `unfit` says.
    """
    if faults_of_runs := unfit(runs):
        raise RecordError(f"no evidence for the gate: {'; '.join(faults_of_runs)}")
    records = list(runs.values())
    last = records[-1]
    rows = [
        GateRow(*each.row.key, _evidence(each, last))
        for each in stability(records)
        if each.verdict == "stable" and each.row.subject in candidates
    ]
    return GateList(tuple(candidates), tuple(rows))


def _evidence(each: Stability, last: Record) -> Evidence:
    lowest, highest = round(each.lowest, 4), round(each.highest, 4)
    return Evidence(each.runs, lowest, highest, round(each.range, 4), last.commit, last.machine.processor)


def _fault(evidence: Evidence) -> str:
    """Why the evidence does not carry the row, or nothing."""
    if evidence.runs < LEAST_RUNS:
        return f"evidence of {evidence.runs} runs, where {LEAST_RUNS} are the least"
    if not 0 < evidence.lowest <= evidence.highest:
        return "evidence whose lowest value is not below its highest"
    if abs(evidence.highest / evidence.lowest - 1 - evidence.range) > 0.01:
        return "evidence whose range is not that of its values"
    return f"moves by more than {STABLE_WITHIN:.0%} from run to run" if evidence.range > STABLE_WITHIN else ""

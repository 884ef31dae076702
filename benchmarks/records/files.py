"""Records as files: written under date and commit, read strictly, found by name, by commit or by a start of either."""

import json
import os
import re
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from benchmarks.records.record import SCHEMA, Record

HISTORY = Path(__file__).resolve().parents[1] / "history"
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-(?P<commit>[0-9a-f]{7}|unknown)\.json")
_RECORD = TypeAdapter(Record)


class RecordError(Exception):
    """A file is no record, or there is none of that name; the text says which and why."""


def write(record: Record, path: Path) -> Path:
    """Write the record; folders on the way are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(record), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return path


def check_place(path: Path) -> None:
    """RecordError where no file can be written; folders on the way are made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}") from None
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise RecordError(f"{path}: cannot be written: {'a folder' if path.is_dir() else 'not permitted'}")


def file_name(record: Record) -> str:
    """`YYYY-MM-DDTHHMMSSZ-<commit7>.json`."""
    started = datetime.fromisoformat(record.started)
    return f"{started:%Y-%m-%dT%H%M%SZ}-{record.commit[:7] or 'unknown'}.json"


def read(path: Path) -> Record:
    """A record; RecordError says what is wrong with the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: cannot be read: {error}") from None
    _check_schema(path, text)
    try:
        record = _RECORD.validate_json(text)
    except ValidationError as error:
        raise RecordError(f"{path}: {faults(error)}") from None
    _check_rows(path, record)
    return record


def faults(error: ValidationError) -> str:
    """Every fault with its place, in one line."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in found)


def history(folder: Path = HISTORY) -> list[Path]:
    """The files of recorded runs, the oldest first."""
    return sorted(path for path in folder.glob("*.json") if _NAME.fullmatch(path.name))


def find(name: str, folder: Path = HISTORY) -> Path:
    """A file by its path, or in the folder by its name, its commit, or a start of either.

    Several runs of one commit are one answer: the newest. Several commits are none: RecordError names the files.
    """
    if not name.strip():
        raise RecordError(f"a record without a name; {_known(folder)}")
    if Path(name).is_file():
        return Path(name)
    fitting = [path for path in sorted(folder.glob("*.json")) if name in {path.stem, path.name}]
    fitting = fitting or [path for path in history(folder) if path.name.startswith(name) or _of_commit(path, name)]
    if not fitting:
        raise RecordError(f"there is no file and no record {name!r}; {_known(folder)}")
    if len({path.name.rpartition("-")[2] for path in fitting}) > 1:
        raise RecordError(f"{name!r} may be any of {', '.join(path.name for path in fitting)}")
    return fitting[-1]


def _of_commit(path: Path, commit: str) -> bool:
    """Whether the run is of the commit, of which as few as four digits may be given, or more than the name has."""
    known = path.stem.rpartition("-")[2]
    return len(commit) >= 4 and (known.startswith(commit) or (len(known) == 7 and commit.startswith(known)))


def _known(folder: Path) -> str:
    names = [path.name for path in history(folder)]
    return f"recorded are {', '.join(names)}" if names else 'nothing is recorded yet: make bench ARGS="--record"'


def _check_schema(path: Path, text: str) -> None:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise RecordError(f"{path}: no JSON: {error}") from None
    except RecursionError:
        raise RecordError(f"{path}: damaged: nested far deeper than a record is") from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        raise RecordError(f"{path}: schema {schema!r}, where {SCHEMA} is read; record the run anew")


def _check_rows(path: Path, record: Record) -> None:
    """What types cannot say."""
    keys = [row.key for row in record.rows]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise RecordError(f"{path}: more than one row {' / '.join(twice[0])}")
    bars = [row.key for row in record.rows if row.bar is not None and len(row.bar) != 1]
    if bars:
        raise RecordError(f"{path}: a bar is at_least or at_most, in row {' / '.join(bars[0])}")
    try:
        datetime.fromisoformat(record.started)
    except ValueError:
        raise RecordError(f"{path}: started: {record.started!r} is no time") from None

"""A run as text, HTML, JSON and CSV."""

import csv
import html
import json
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from benchmarks.load.breaking import bottleneck
from benchmarks.load.figures import LEAST_EVENTS, Outcome, RpcFigures, StageFigures

RPC_HEADINGS = ("RPC", "what", "ok", "errors", "p50 ms", "p95 ms", "p99 ms", "per s", "MiB/s")
STAGE_HEADINGS = ("stage", "users", "s", "ok", "errors", "calls/s", "slowest p99 ms", "users' cores", "server's cores")
WHAT_P99_COUNTS = (
    "p99: of the whole run, however few there were; "
    f"slowest p99: of a stage's unary calls and first frames, each only with {LEAST_EVENTS} or more in the stage"
)
Lines = Sequence[Sequence[str]]


def text(outcome: Outcome, processes: int, said: Sequence[str]) -> str:
    """Tables of the RPCs and the stages, and sentences below them."""
    tables = _aligned(rpc_lines(outcome.whole)), _aligned(stage_lines(outcome))
    return "\n".join([*tables, WHAT_P99_COUNTS, *sentences(outcome, processes), *said])


def sentences(outcome: Outcome, processes: int) -> list[str]:
    """Where the server broke, if it did, and what kept the busiest stage from doing more."""
    busiest = max(outcome.stages, key=lambda stage: stage.per_s)
    found = [f"most calls/s: {busiest.per_s:,.0f} with {busiest.users} users; {bottleneck(busiest, processes)}"]
    if outcome.broken:
        found.append(f"breaking point: {outcome.stages[-1].users} users: {outcome.broken}")
    if outcome.interrupted:
        found.append("interrupted: the figures are of what was run until then")
    return found


def rpc_lines(whole: StageFigures) -> Lines:
    """A heading, and a line for each kind of event of each RPC."""
    return [RPC_HEADINGS, *(_rpc_line(each) for each in whole.rpcs)]


def _rpc_line(each: RpcFigures) -> tuple[str, ...]:
    times = (_time(time) for time in (each.p50_ms, each.p95_ms, each.p99_ms))
    return (each.rpc, each.kind, f"{each.ok:,}", _reasons(each.errors), *times, f"{each.per_s:,.1f}", _rate(each))


def _rate(each: RpcFigures) -> str:
    return f"{each.mib_per_s:,.2f}" if each.mib_per_s else ""


def _reasons(errors: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in sorted(errors.items())) or "0"


def _time(time_ms: float | None) -> str:
    return "" if time_ms is None else f"{time_ms:,.{0 if time_ms >= 10 else 2}f}"


def stage_lines(outcome: Outcome) -> Lines:
    """A heading, and a line for each stage."""
    return [STAGE_HEADINGS, *(_stage_line(stage) for stage in outcome.stages)]


def _stage_line(stage: StageFigures) -> tuple[str, ...]:
    counts = (f"{stage.users}", f"{stage.seconds:.1f}", f"{stage.ok:,}", f"{stage.failed:,}", f"{stage.per_s:,.0f}")
    server = "" if stage.server_cores is None else f"{stage.server_cores:.2f}"
    return (stage.name, *counts, _time(stage.slowest_p99_ms), f"{stage.client_cores:.2f}", server)


def _aligned(lines: Lines) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines) + "\n"


def write(file: Path, outcome: Outcome, said: Mapping[str, Any], shown: str) -> list[Path]:
    """JSON and CSV beside Locust's report, and our figures at its top. said: what the JSON holds beside the outcome."""
    as_json, as_csv = file.with_suffix(".json"), file.with_suffix(".csv")
    as_json.write_text(json.dumps(dict(said) | {"outcome": outcome.as_json()}, indent=1) + "\n", encoding="utf-8")
    lines = StringIO()
    csv.writer(lines).writerows(rpc_lines(outcome.whole))
    as_csv.write_text(lines.getvalue(), encoding="utf-8")
    page = file.read_text(encoding="utf-8")
    head, body, rest = page.partition("<body>")
    file.write_text(f"{head}{body}<pre id='figures'>{html.escape(shown)}</pre>{rest}", encoding="utf-8")
    return [file, as_json, as_csv]

"""`python -m benchmarks.records compare | page | trend | stability | gate`: what targets of the Makefile call."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.records import comparing, files, gate_list, gate_running, page, stability, tree, trend
from benchmarks.records.files import RecordError
from benchmarks.records.record import Record
from benchmarks.records.tree import ROOT

PAGE = ROOT / "docs" / "performance.md"
TREND = ROOT / "docs" / "images" / "bench-trend.png"
RUNS = ROOT / "build" / "bench" / "stability"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 1 when the gate fails, 2 when a file or a row is not there or not as it must be."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (RecordError, ValueError) as error:
        print(error, file=sys.stderr)
        if "GITHUB_ACTIONS" in os.environ:
            print(gate_running.annotation("error", "Benchmarks", str(error)))
        return 2
    return code


def _compare(options: argparse.Namespace) -> int:
    print(comparing.render(*_two(options), gate_list.read().ranges))
    return 0


def _page(options: argparse.Namespace) -> int:
    page.fill(options.page, *_two(options))
    print(options.page)
    return 0


def _two(options: argparse.Namespace) -> tuple[Record, Record]:
    return files.read(files.find(options.a)), files.read(files.find(options.b))


def _trend(options: argparse.Namespace) -> int:
    runs = {path: files.read(path) for path in [*files.history(), *options.add]}
    for path in (path for path, run in runs.items() if run.quick):
        print(f"{path}: left out, a quick run", file=sys.stderr)
    print(trend.draw([run for run in runs.values() if not run.quick], options.output))
    return 0


def _stability(options: argparse.Namespace) -> int:
    listed = gate_list.read()
    if options.runs and options.write and tree.dirty():
        raise RecordError("the tree holds uncommitted changes: runs of it are no evidence for the gate")
    paths = _repeated(listed.candidates, options.runs) if options.runs else options.files or files.history()
    runs = {str(path): files.read(path) for path in paths}
    if not runs:
        raise RecordError("nothing is recorded: make bench-stability RUNS=5")
    if len(runs) < len(paths):
        raise RecordError("a file is named more than once")
    print(stability.render(stability.stability(list(runs.values()))))
    if options.write:
        _write(gate_list.of_runs(listed.candidates, runs))
    elif doubts := stability.unfit(runs):
        print(f"\nNo evidence for the gate: {'; '.join(doubts)}")
    return 0


def _write(found: gate_list.GateList) -> None:
    if not found.rows:
        raise RecordError("no row is stable: the list stays as it was")
    print(f"The gate now holds {len(found.rows)}: {gate_list.write(found)}; next, make bench-gate ARGS=--rebaseline")


def _repeated(subjects: Sequence[str], runs: int) -> list[Path]:
    """The subjects measured in a new process for each run, so that no run inherits memory or caches."""
    paths = [RUNS / f"run-{number}.json" for number in range(1, runs + 1)]
    for path in paths:
        command = [sys.executable, "-m", "benchmarks", *subjects, "--json", str(path)]
        code = subprocess.run(command, check=False, cwd=ROOT, stdout=subprocess.DEVNULL).returncode
        if code:
            raise RecordError(f"{path.stem} of {runs} ended with exit code {code}")
    return paths


def _gate(options: argparse.Namespace) -> int:
    listed = gate_list.read()
    if options.rebaseline:
        print(f"The baseline is now {gate_running.rebaseline(listed)}; commit it with the reason")
        return 0
    if options.json:
        files.check_place(options.json)
    return gate_running.gate(options.json, listed=listed)


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs: 1 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.records", description="Work with recorded benchmarks.")
    commands = parser.add_subparsers(required=True)
    two = argparse.ArgumentParser(add_help=False)
    two.add_argument("a", help="a file, or a record's name, commit or start of either")
    two.add_argument("b", help="the same")
    compare = commands.add_parser("compare", parents=[two], help="two records side by side")
    compare.set_defaults(run=_compare)
    paged = commands.add_parser("page", parents=[two], help="write two records into the tables of a page")
    paged.add_argument("--page", type=Path, default=PAGE, metavar="MARKDOWN")
    paged.set_defaults(run=_page)
    drawn = commands.add_parser("trend", help="draw the rows with bars over the recorded runs")
    drawn.add_argument("--output", type=Path, default=TREND, metavar="PNG")
    drawn.add_argument(
        "--add", type=Path, action="append", default=[], metavar="FILE", help="a run outside the history"
    )
    drawn.set_defaults(run=_trend)
    moved = commands.add_parser("stability", help="how far each row moves from run to run")
    moved.add_argument("files", type=Path, nargs="*", metavar="FILE", help="records; default those of the history")
    moved.add_argument(
        "--runs", type=_count, default=0, metavar="N", help="measure the gate's candidates N times instead"
    )
    moved.add_argument("--write", action="store_true", help="make the stable rows those of the gate")
    moved.set_defaults(run=_stability)
    held = commands.add_parser("gate", help="fail when a stable ratio is more than 20 %% worse than the baseline")
    held.add_argument("--json", type=Path, metavar="FILE", help="write what was measured to FILE")
    held.add_argument("--rebaseline", action="store_true", help="keep what is measured now as the baseline")
    held.set_defaults(run=_gate)
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""Runs the users of a plan, stage by stage, and looks at Locust's counts before and after each."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent  # type: ignore[import-untyped]  # it ships annotations of its compiled parts alone
import locust.runners
import locust.stats
from locust.env import Environment
from locust.html import get_html_report

from benchmarks.load.breaking import broken
from benchmarks.load.figures import CONNECTING, Look, Outcome, StageFigures, Tally, between, stages_ok
from benchmarks.load.plan import Plan, PlannedStage, plan_of, told
from benchmarks.load.users import users_of
from benchmarks.measuring.process import CpuClock
from benchmarks.servers.server_process import free_port

USERS_PER_S = 100
"""How fast they come; Locust advises against more."""
STOP_S = 20.0
"""How long a user may take to end what it has begun."""
PATIENCE_S = 60.0
"""How long a stage is prolonged until all users are there, and for the first success of what is awaited."""
LOOK_EVERY_S = 0.1
_SEEN: dict[str, Any] = {"file": sys.stderr, "flush": True}
"""Where progress is told; standard output is for the outcome."""


def main() -> None:
    """Take a plan from standard input; one more process of users joins the one that leads."""
    plan = plan_of(sys.stdin.read())
    locust.stats.bucket_response_time = _two_digits  # type: ignore[assignment]  # any number will do as a key
    locust.stats.HISTORY_STATS_INTERVAL_SEC = 1
    locust.runners.WORKER_REPORT_INTERVAL = 1.0
    environment = Environment(user_classes=users_of(plan), host=plan.target, stop_timeout=STOP_S)
    if plan.join:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that leads tells when it is over
        environment.create_worker_runner("127.0.0.1", plan.join).greenlet.join()
    else:
        print(json.dumps(_led(environment, plan).as_json()))


def _two_digits(time_ms: float) -> float:
    """Locust rounds to whole milliseconds, which would make 0 of the gap between two small frames."""
    return float(f"{time_ms:.2g}")


def _times(entry: Any) -> dict[float, int]:
    return dict(entry.response_times)


def _led(environment: Environment, plan: Plan) -> Outcome:
    """Every stage, until interrupted; then Locust's report."""
    port = free_port()
    followers = [_follower(plan, port) for _ in range(plan.processes if plan.processes > 1 else 0)]
    try:
        runner = _runner(environment, port, len(followers))
        drive = Drive(environment, runner, plan, [process.pid for process in followers])
        gevent.signal_handler(signal.SIGINT, drive.interrupt)
        outcome = drive.run()
        Path(plan.html).write_text(_report(environment), encoding="utf-8")
        runner.quit()
    finally:
        for process in followers:
            process.terminate()
    return outcome


def _report(environment: Environment) -> str:
    page: str = get_html_report(environment, show_download_link=False)  # type: ignore[no-untyped-call]  # Locust's
    return page


def _follower(plan: Plan, port: int) -> "subprocess.Popen[str]":
    """One of several processes of users; this one, which leads them, then has none itself."""
    command = (sys.executable, "-m", "benchmarks.load.swarm")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    told(process, replace(plan, join=port))
    return process


def _runner(environment: Environment, port: int, followers: int) -> Any:
    if not followers:
        return environment.create_local_runner()
    runner = environment.create_master_runner("127.0.0.1", port)
    if not _wait(lambda: len(runner.clients.ready) == followers):
        raise TimeoutError(f"not all {followers} processes of users were there after {PATIENCE_S:g} s")
    return runner


def _wait(done: Callable[[], bool], patience_s: float = PATIENCE_S) -> bool:
    """Whether it was done within the time."""
    deadline = time.monotonic() + patience_s
    while not done():
        if time.monotonic() > deadline:
            return False
        gevent.sleep(LOOK_EVERY_S)
    return True


class Drive:
    """One run. followers: pids of further processes of users."""

    def __init__(self, environment: Environment, runner: Any, plan: Plan, followers: Sequence[int]) -> None:
        self._stats, self._runner, self._plan = environment.stats, runner, plan
        self._clients = [CpuClock(pid) for pid in (os.getpid(), *followers)]
        self._server = None if plan.server_pid is None else CpuClock(plan.server_pid)
        self._interrupted, self._most = False, 0
        gevent.spawn(locust.stats.stats_history, runner)

    def interrupt(self) -> None:
        """End the stage under way, and start no other."""
        self._interrupted = True

    def run(self) -> Outcome:
        """All stages, or as many as it takes to break the server."""
        began, stages, why = self._look(), list[StageFigures](), ""
        for stage in self._plan.stages:
            self._come(stage)
            stages.append(self._stage(stage, is_last=stage is self._plan.stages[-1]))
            print(f"{stage.name}: {stages[-1].per_s:,.0f} calls/s", **_SEEN)
            why = broken(stages) if self._plan.until_broken else ""
            if why or self._interrupted:
                break
        self._runner.stop()
        ended = self._look()
        whole = between("all", max(stage.users for stage in stages), began, ended)
        return Outcome(tuple(stages), whole, ended.at_s - began.at_s, why, self._interrupted, self._faults())

    def _come(self, stage: PlannedStage) -> None:
        """Have as many users as the stage wants; Locust forgets its counts when the first ones come."""
        self._runner.start(stage.users, USERS_PER_S)
        self._most = max(self._most, stage.users)
        there = _wait(lambda: self._interrupted or self._all_there(stage.users))
        print(f"{stage.name}: {stage.users} users {'are there' if there else 'should be there'}", **_SEEN)

    def _all_there(self, users: int) -> bool:
        """Whether so many users run, and all that ever came are connected."""
        connected = sum(entry.num_requests for (_, kind), entry in self._stats.entries.items() if kind == CONNECTING)
        return connected >= self._most and self._runner.user_count == users

    def _stage(self, stage: PlannedStage, *, is_last: bool) -> StageFigures:
        before = self._look()
        _wait(lambda: self._interrupted, stage.seconds)
        if is_last:
            _wait(lambda: self._interrupted or self._succeeded())
        return between(stage.name, stage.users, before, self._look())

    def _succeeded(self) -> bool:
        """Whether each RPC that is awaited has succeeded."""
        now = between("so far", 0, Look(0.0, {}, {}, 0.0, None), self._look())
        return all(stages_ok([now], rpc) for rpc in self._plan.awaited)

    def _look(self) -> Look:
        tallies = {
            key: Tally(entry.num_requests, entry.num_failures, _times(entry), entry.total_content_length)
            for key, entry in self._stats.entries.items()
        }
        errors = {(each.name, each.method, str(each.error)): each.occurrences for each in self._stats.errors.values()}
        client_s = sum(clock.seconds() for clock in self._clients)
        server_s = None if self._server is None else self._server.seconds()
        return Look(time.monotonic() - self._plan.origin_s, tallies, errors, client_s, server_s)

    def _faults(self) -> dict[str, int]:
        return {each["msg"] or each["traceback"]: each["count"] for each in self._runner.exceptions.values()}

"""One run: the process of the users, a look at the server now and then, and what it came to."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.load.figures import Outcome, outcome_of
from benchmarks.load.limits import METHOD, admissions, overrun
from benchmarks.load.plan import Plan, PlannedStage, told
from benchmarks.load.profiles import MIX, Profile
from benchmarks.load.report import text, write
from benchmarks.load.servers import Target, handled
from benchmarks.load.verdicts import complaints
from benchmarks.soak.report import WARM_UP_SHARE, Sample, report, sample

LOOKS, LEAST_PAUSE_S = 200, 0.1
"""How often the server's memory, files and threads are read during a run, and how far apart at least."""
LEAST_SAMPLES = 10
"""For a line through them to say anything."""
EXTRA_S = 300.0
"""Beyond the stages, for starting, stopping and what is awaited; then the users are ended."""


@dataclass(frozen=True)
class Verdict:
    """A finished run as text, and what should not be so."""

    shown: str
    faults: tuple[str, ...]
    interrupted: bool


@dataclass(frozen=True)
class Run:
    """A profile against a server; html: where the report goes."""

    profile: Profile
    target: Target
    processes: int
    html: Path

    def verdict(self) -> Verdict:
        """Have the users at it, and judge what they measured; the report's files are written.

        Raises:
            RuntimeError: the process of the users failed.
        """
        began = time.monotonic()
        outcome, samples = self._measured()
        said, faults = list[str](), complaints(self.profile, outcome, external=self.target.pid is None)
        if self.profile.limits and self.target.metrics_port is not None:
            counts, seconds = handled(self.target.metrics_port, METHOD), time.monotonic() - began
            said += [*admissions(outcome), f"the server counts {counts} in {seconds:.1f} s"]
            faults += overrun(outcome, counts, seconds)
        if self.profile.watches_growth:
            table, kept = grown(samples, outcome)
            said.append(table)
            faults += [] if kept else ["the server grew"]
        if self.profile.until_broken and not outcome.broken:
            said.append("it did not break: begin with more --users")
        if outcome.interrupted:  # what was not run cannot be judged
            faults = []
        shown = text(outcome, self.processes, [*said, *(f"FAIL: {each}" for each in faults)])
        said_too = {"profile": self.profile.name, "faults": faults, "samples": [asdict(each) for each in samples]}
        write(self.html, outcome, said_too, shown)
        return Verdict(shown, tuple(faults), outcome.interrupted)

    def _plan(self, origin_s: float) -> Plan:
        stages = tuple(PlannedStage(each.name, each.users, each.seconds) for each in self.profile.stages)
        return Plan(
            target=self.target.address,
            keys=self.target.keys,
            ca_file=self.target.ca_file,
            stages=stages,
            until_broken=self.profile.until_broken,
            limits=self.profile.limits,
            awaited=() if self.profile.limits else tuple(share.rpc for share in MIX),
            server_pid=self.target.pid,
            processes=self.processes,
            html=str(self.html),
            origin_s=origin_s,
        )

    def _measured(self) -> tuple[Outcome, list[Sample]]:
        command, began = (sys.executable, "-m", "benchmarks.load.swarm"), time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            told(process, self._plan(began))
            samples = self._watched(process, began)
            printed, _ = process.communicate()
        finally:
            process.kill()
        if process.returncode:
            raise RuntimeError(f"the users' process ended with {process.returncode}")
        return outcome_of(json.loads(printed)), samples

    def _watched(self, process: "subprocess.Popen[str]", began: float) -> list[Sample]:
        """Samples until the users are gone. Ctrl-C reaches them as well: they end what they do, and report."""
        samples = list[Sample]()
        pause_s = max(LEAST_PAUSE_S, self.profile.seconds / LOOKS)
        while (passed := time.monotonic() - began) < self.profile.seconds + EXTRA_S:
            if self.target.pid is not None:
                samples.append(sample(self.target.pid, passed / 60))
            try:
                process.wait(pause_s)
            except subprocess.TimeoutExpired:
                continue
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
                continue
            break
        return samples


def grown(samples: Sequence[Sample], outcome: Outcome) -> tuple[str, bool]:
    """A table of what grew while all users were there, and whether all bounds are kept."""
    first, last = outcome.stages[0], outcome.stages[-1]
    begin, end = first.began_s / 60, (last.began_s + last.seconds) / 60
    counted = [replace(each, minutes=each.minutes - begin) for each in samples if begin <= each.minutes <= end]
    warm_up = WARM_UP_SHARE * (end - begin)
    if sum(each.minutes >= warm_up for each in counted) < LEAST_SAMPLES:
        return "the server was looked at too seldom to tell whether it grew", True
    table, kept = report(counted, warm_up)
    return f"\n{table}", kept

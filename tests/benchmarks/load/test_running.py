import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.load.profiles import PROFILES
from benchmarks.load.running import Run, grown
from benchmarks.load.servers import Target
from benchmarks.soak.report import Sample
from tests.benchmarks.load.recorded import outcome, stage

SECONDS = 10.0
BEGAN_S = 600.0
FOUND = outcome(stage(began_s=BEGAN_S, seconds=SECONDS))


def samples(mib_before: float, mib_from: float, mib_to: float, count: int = 40) -> list[Sample]:
    """Some while users come, then some while all are there, in which memory rises steadily."""
    coming = [Sample((BEGAN_S - 1) / 60, mib_before, 5, 10)]
    rise = (mib_to - mib_from) / count
    return coming + [
        Sample((BEGAN_S + number * SECONDS / count) / 60, mib_from + number * rise, 20, 10) for number in range(count)
    ]


def test_what_grows_while_the_users_come_is_no_growth() -> None:
    table, kept = grown(samples(10, 200, 200), FOUND)
    assert kept
    assert "pass" in table


def test_what_grows_while_all_users_are_there_is() -> None:
    assert not grown(samples(200, 200, 260), FOUND)[1]


def test_too_few_samples_say_nothing() -> None:
    assert grown(samples(200, 200, 900, count=5), FOUND) == (
        "the server was looked at too seldom to tell whether it grew",
        True,
    )


def test_the_server_is_looked_at_by_minutes_since_the_load_began() -> None:
    target, began = Target("127.0.0.1:1", {}, pid=os.getpid()), time.monotonic()
    with subprocess.Popen((sys.executable, "-c", ""), text=True) as process:
        looks = Run(PROFILES["short"], target, 1, Path("short.html"))._watched(process, began)
    assert looks
    assert all(0 <= 60 * look.minutes <= time.monotonic() - began for look in looks)

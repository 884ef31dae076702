"""The demo with real processes: what it finds, and that nothing stays behind however it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no annotations
import pytest

from mfn_client.cli.federated_demo import running
from mfn_client.cli.federated_demo.lab import Lab, digits, finish
from tests.client.cli.installing import installed_in
from tests.client.cli.running import CLEAN, mfn

SMALL = ("--participants", 4, "--attackers", 1, "--rounds", 2, "--attack", "scaled", "--seed", 3)
ENDLESS = ("--participants", 4, "--attackers", 1, "--rounds", 10_000)


def children() -> list[psutil.Process]:
    """The participants' processes of this one."""
    return [each for each in psutil.Process().children(recursive=True) if "participate" in each.cmdline()]


def test_the_processes_come_to_what_the_simulator_comes_to(lab: Lab, scratch: Path) -> None:
    done = mfn("federated-demo", *SMALL, "--json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    outcome = found["outcome"]
    experiment = lab.robustness.Experiment(clients=4, attackers=1, rounds=2)
    held = lab.robustness.federation(*digits(), experiment, 3)
    attack = lab.attacks.Scaled()
    policy = lab.aggregation.AggregationPolicy(faulty=1)

    def accuracy(policy: Any, attack: Any) -> float:
        return float(finish(lab.robustness.simulate(held, policy, attack, experiment)).accuracy)

    # Sums are taken in another order, which may move a digit that lies on the border between two classes.
    one_digit = 1.5 / outcome["test_samples"]
    assert outcome["accuracy"] == pytest.approx(accuracy(policy, attack), abs=one_digit)
    assert outcome["simulated"] == {
        "plain_mean": accuracy(lab.robustness.PLAIN_MEAN, attack),
        "clean": accuracy(lab.robustness.PLAIN_MEAN, None),
    }
    assert [each["round"] for each in outcome["rounds"]] == [1, 2]
    assert all(each["counted"] == 4 for each in outcome["rounds"])
    assert found["plan"]["attack"] == "scaled"
    assert children() == []
    assert list(scratch.iterdir()) == []


def test_updates_with_nan_are_screened_and_the_lines_say_who_and_why(installed: None, scratch: Path) -> None:
    done = mfn("federated-demo", *SMALL, "--attack", "not_finite", "--rounds", 1)
    assert done.exit_code == 0, done.stderr
    head, line, reached, *beside = done.stdout.splitlines()
    assert head == "4 participants, 1 of them by not_finite, against the default rule"
    assert "left out: attacker 1 screened (not finite)" in line
    assert reached.startswith("Accuracy ")
    assert any("plain mean, nobody attacking" in each for each in beside)


def test_a_process_that_ends_early_ends_the_demo(
    installed: None, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "HONEST_FIT", "no_such_module:fit")
    done = mfn("federated-demo", *SMALL)
    assert done.exit_code == 1
    assert "ended early with exit code 2: Error: there is no module 'no_such_module' here" in done.stderr
    assert children() == []
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_a_demo_that_is_told_to_end_leaves_no_process_and_no_file(
    tmp_path: Path, scratch: Path, number: signal.Signals, code: int
) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in CLEAN}
    environment["PYTHONPATH"] = os.pathsep.join([*sys.path, str(installed_in(tmp_path / "installed"))])
    command = [sys.executable, "-m", "mfn_client", "federated-demo", *map(str, ENDLESS)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True, bufsize=1) as demo:
        assert demo.stdout is not None
        assert any("round   2" in line for line in demo.stdout)
        started = children()
        demo.send_signal(number)
        _, stderr = demo.communicate(timeout=60)
    assert demo.returncode == code, stderr
    assert "Traceback" not in stderr
    assert len(started) == 4
    _, alive = psutil.wait_procs(started, timeout=10)
    assert alive == []
    assert list(scratch.iterdir()) == []

"""`mfn validate` against a made-up back end."""

import io
import json
import sys
from typing import Any

import pytest

from mfn_client._decoding import decoded
from mfn_client._validation import Check
from mfn_client.cli.checklist import Checklist
from mfn_client.cli.view import bar_console
from tests.client.cli.running import mfn
from tests.client.measuring import CHECKS, FAILING_SEED, check

FIELDS = [
    "name", "suite", "measured", "expected", "tolerance", "unit", "relation", "passed", "why_this_tolerance",
    "reference", "description", "seconds", "detail",
]  # fmt: skip


def document(*arguments: object, exit_code: int = 0) -> Any:
    done = mfn("validate", *arguments, "--json")
    assert done.exit_code == exit_code, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_the_document_holds_every_check_in_the_suites_order(target: str) -> None:
    found = document("--server", target)
    assert list(found) == ["checks", "summary"]
    assert [each["name"] for each in found["checks"]] == list(CHECKS)
    assert all(list(each) == FIELDS for each in found["checks"])
    assert found["checks"][1]["relation"] == "at_least"
    assert found["summary"]["suite"] == "quick"
    assert found["summary"]["training"]["growth_events"] == 12
    assert (found["summary"]["training"]["test_loss"], found["summary"]["training"]["mean_loss"]) == (0.25, 1.75)


def test_a_check_that_fails_is_null_and_an_exit_code(target: str) -> None:
    found = document("physics", "--seed", FAILING_SEED, "--server", target, exit_code=1)
    failed = found["checks"][1]
    assert (failed["measured"], failed["passed"], failed["detail"]) == (None, False, "nothing came out [at all]")
    assert (found["summary"]["failed_count"], found["summary"]["training"]) == (1, None)


def test_people_see_measured_beside_expected(target: str) -> None:
    shown = mfn("validate", "quick", "--server", target)
    assert shown.exit_code == 0
    for word in ("Validation: quick, seed 0", "nernst_k", "= 1.5", "≥ 1.5", "± 0.5", "mV", "pass", "0.25"):
        assert word in shown.stdout
    for word in ("Training cycle", "growth_events", "3 of 3 checks passed in 0.8 s (server 0.1.0, numerics 7)."):
        assert word in shown.stdout
    assert "half of the [last] digit" not in shown.stdout


def test_people_see_the_test_loss_beside_that_of_the_mean_and_both_with_shuffled_targets(target: str) -> None:
    shown = mfn("validate", "quick", "--server", target).stdout
    assert "On fields it never saw the loss is 0.25, that of predicting the mean 1.75; " in shown
    assert "with shuffled targets, which cannot be learnt, 1.5 and 1.25." in shown
    assert "On fields" not in mfn("validate", "physics", "--server", target).stdout


def test_people_see_why_a_check_failed(target: str) -> None:
    shown = mfn("validate", "physics", "--seed", FAILING_SEED, "--server", target)
    assert shown.exit_code == 1
    for word in ("FAIL", "growth_rate: What comes out", "nothing came out [at all]", "half of the [last] digit"):
        assert word in shown.stdout
    assert "Hille 2001" in shown.stdout
    assert "2 of 3 checks passed" in shown.stdout


def test_an_unknown_suite_is_bad_usage(target: str) -> None:
    refused = mfn("validate", "chemistry", "--server", target)
    assert refused.exit_code == 2
    assert "suite: is 'chemistry', must be one of quick, physics" in refused.stderr


class OnTerminal(io.StringIO):
    """A terminal's side of stderr."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_in_a_terminal_a_bar_follows_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = OnTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    with Checklist(bar_console(quiet=False)) as shown:
        shown.expect(3)
        shown.add(decoded(Check, check(0, FAILING_SEED)))
        shown.add(decoded(Check, check(1, FAILING_SEED)))
    drawn = terminal.getvalue()
    assert "2/3" in drawn
    assert "1 failed" in drawn
    assert "growth_rate" in drawn


def test_without_a_terminal_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with Checklist(None) as shown:
        shown.expect(3)
        shown.add(decoded(Check, check(0, 0)))
    assert capsys.readouterr() == ("", "")


def test_a_suite_that_passes_is_quiet_about_its_tolerances(target: str) -> None:
    assert "Tolerance" not in mfn("validate", "physics", "--server", target).stdout

"""What people see of the rounds."""

import io
from typing import Any

import pytest
from rich.console import Console

from mfn_client import FederationEvent, ModelRef, Round, Verdict
from mfn_client.cli.federated_demo import showing
from mfn_client.cli.federated_demo.following import Follower
from mfn_client.cli.federated_demo.outcome import LeftOut, Outcome, RoundReport, Simulated, in_words
from mfn_client.cli.federated_demo.plan import Plan
from mfn_client.cli.output import console

REPORT = RoundReport(1, "done", 0.9375, 18, 0.125, (LeftOut("attacker-002", "screened", "not_finite", "NaN"),))


def verdict(name: str, kind: str = "accepted", reason: str = "unspecified", weight: float | None = None) -> Verdict:
    participant = f"federations/d/participants/{name}"
    return Verdict(participant, 1, kind, reason, "", None, None, weight, 1, {}, b"", None)


def ended(state: str, skip_reason: str = "unspecified") -> Round:
    return Round("d", 1, state, skip_reason, None, None, 4, 4, 0, 0, 1, None, None, 0.0, None, {}, 0)


def event(kind: str, about: Any) -> FederationEvent:
    return FederationEvent(1, None, kind, about)


def follower(forged: list[Any]) -> Follower:
    """Its models are numbers, 10 for each version."""
    return Follower(
        first=0.0,
        download=lambda ref: 10.0 * ref.version,
        accuracy=lambda model: model / 100,
        forge=lambda *known: forged.append(known),
        liars=("attacker-001",),
    )


def test_who_was_left_out_is_told_by_reason() -> None:
    found = [
        LeftOut("attacker-001", "rejected", "outlier", ""),
        LeftOut("attacker-002", "rejected", "outlier", ""),
        LeftOut("honest-013", "rejected", "outlier", ""),
        LeftOut("attacker-003", "screened", "not_finite", ""),
        LeftOut("honest-005", "missing", "unspecified", ""),
    ]
    assert in_words(found) == (
        "honest 5 missing; attacker 1, 2, honest 13 rejected (outlier); attacker 3 screened (not finite)"
    )
    assert in_words([]) == "nobody"


def test_events_become_reports_and_attackers_know_the_model_and_the_last_aggregate() -> None:
    forged: list[Any] = []
    found = follower(forged)
    assert found.follow(event("round_started", ended("collecting"))) is None
    assert found.follow(event("verdict", verdict("attacker-001", weight=0.25))) is None
    assert found.follow(event("verdict", verdict("honest-002", weight=0.75))) is None
    assert found.follow(event("verdict", verdict("honest-003", "rejected", "outlier", 0.0))) is None
    assert found.follow(event("model_published", ModelRef("uid", 1, b""))) is None
    report = found.follow(event("round_ended", ended("done")))
    assert report == RoundReport(1, "done", 0.1, 4, 0.25, (LeftOut("honest-003", "rejected", "outlier", ""),))
    found.follow(event("round_started", ended("collecting")))
    assert forged == [(1, 0.0, 0.0), (1, 10.0, 10.0)]


def test_a_skipped_round_keeps_the_accuracy_and_says_why() -> None:
    found = follower([])
    found.follow(event("model_published", ModelRef("uid", 2, b"")))
    report = found.follow(event("round_ended", ended("skipped", "screened_beyond_f")))
    assert report is not None
    assert (report.state, report.accuracy, report.attackers_weight) == ("skipped: screened_beyond_f", 0.2, None)
    assert "skipped: screened_beyond_f; nobody" in showing._line(report)


def test_elsewhere_than_in_a_terminal_every_round_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with showing.shown(Plan(rule="krum", pre=("bucketing",)), quiet=False) as show:
        show(REPORT)
    assert capsys.readouterr().out.splitlines() == [
        "20 participants, 4 of them by scaled, against krum behind bucketing",
        "round   1  accuracy 93.8 %  counted 18  attackers' weight 12.5 %  left out: attacker 2 screened (not finite)",
    ]


def test_the_end_sets_the_rule_beside_a_plain_mean_attacked_and_not(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome((REPORT,), 0.9375, 360, Simulated(plain_mean=0.0361, clean=0.981), 1.5)
    showing.tell(console(), Plan(), outcome)
    told = capsys.readouterr().out
    assert told.startswith("Accuracy 93.8 % on 360 digits that nobody trained on, after 1.5 s.\n")
    for rule, accuracy in (
        ("the default rule, attacked by scaled", "93.8 %"),
        ("plain mean, attacked by scaled, simulated", "3.6 %"),
        ("plain mean, nobody attacking, simulated", "98.1 %"),
    ):
        assert any(rule in line and accuracy in line for line in told.splitlines())


def test_with_json_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with showing.shown(Plan(), quiet=True) as show:
        show(REPORT)
    assert capsys.readouterr().out == ""


def test_in_a_terminal_the_table_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=140, highlight=False)
    monkeypatch.setattr(showing, "console", lambda: terminal)
    with showing.shown(Plan(attack="none"), quiet=False) as show:
        before = screen.getvalue()
        show(REPORT)
        after = screen.getvalue()[len(before) :]
    assert "nobody attacks" in before
    assert "93.8 %" not in before
    assert all(word in after for word in ("93.8 %", "12.5 %", "attacker 2 screened (not finite)"))

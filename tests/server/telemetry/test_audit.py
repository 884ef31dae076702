"""The audit: a stream of its own that no level silences."""

import logging
from pathlib import Path
from typing import Any

import orjson
import pytest

from mfn_server.telemetry import sparing
from mfn_server.telemetry.audit import Audit
from tests.server.access.calls import call_with
from tests.server.telemetry.captured import capturing


def test_events_go_to_standard_error_whatever_the_level_of_the_logs(tmp_path: Path) -> None:
    with capturing(tmp_path / "log", log_level="ERROR") as captured:
        Audit().record("key.revoked", key_id="k1", key="hidden", count=2, digest=b"123")
    (line,) = captured.lines
    del line["timestamp"]
    assert line == {
        "level": "INFO",
        "logger": "mfn.audit",
        "message": "key.revoked",
        "stream": "audit",
        "event": "key.revoked",
        "key_id": "k1",
        "key": "[masked]",
        "count": 2,
        "digest": "3 bytes",
    }


def test_events_go_to_the_file_alone_where_there_is_one(tmp_path: Path) -> None:
    file = tmp_path / "audit"
    with capturing(tmp_path / "log") as captured:
        audit = Audit(file)
        audit.record("server.started")
        audit.close()
    assert captured.lines == []
    assert orjson.loads(file.read_bytes())["logger"] == "mfn.audit"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_moved_away_is_made_anew_and_an_older_one_appended_to(tmp_path: Path) -> None:
    file, moved = tmp_path / "audit", tmp_path / "audit.1"
    for event in ("key.created", "key.revoked"):
        audit = Audit(file)
        audit.record(event)
        audit.close()
    audit = Audit(file)
    file.rename(moved)
    audit.record("server.stopped")
    audit.close()
    assert [orjson.loads(line)["event"] for line in moved.read_bytes().splitlines()] == ["key.created", "key.revoked"]
    assert orjson.loads(file.read_bytes())["event"] == "server.stopped"


def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Audit(tmp_path / "missing" / "audit")


def test_in_another_program_its_own_logging_decides(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    Audit().record("key.created", key_id="k1")
    assert "key.created stream=audit event=key.created key_id=k1" in caplog.text


def test_no_caller_blanks_its_own_event_by_naming_it_as_its_credential(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    call = call_with(x_api_key="authentication.denied")
    call.request_id = "authentication.denied"
    with capturing(tmp_path / "log") as captured:
        Audit().record("authentication.denied", call=call, reason="invalid", error="no authentication.denied")
    (line,) = captured.lines
    assert (line["event"], line["message"], line["reason"]) == (*["authentication.denied"] * 2, "invalid")
    assert (line["request_id"], line["error"]) == ("[masked]", "no [masked]")
    caplog.set_level(logging.INFO)
    Audit().record("authentication.denied", call=call, reason="invalid", error="no authentication.denied")
    assert "event=authentication.denied reason=invalid error=no [masked]" in caplog.text


@pytest.mark.parametrize(
    ("event", "one", "other"),
    [
        ("authentication.denied", {"reason": "missing", "peer": "10.0.0.7"}, {"reason": "missing", "peer": "10.0.0.8"}),
        ("authorization.denied", {"principal": "ann", "scope": "admin"}, {"principal": "ann", "scope": "read"}),
    ],
)
def test_denials_that_cost_a_caller_nothing_are_recorded_once_in_a_while_and_counted(
    event: str, one: dict[str, Any], other: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [100.0]
    monkeypatch.setattr(sparing, "monotonic", lambda: moment[0])
    with capturing(tmp_path / "log") as captured:
        audit = Audit()
        for number in range(1000):
            audit.record(event, **one, method=f"/{number}")
        audit.record(event, **other)
        moment[0] += sparing.EVERY_S
        audit.record(event, **one)
    found = [(line["count"], line["principal" if "principal" in one else "peer"]) for line in captured.lines]
    who = one.get("principal", one.get("peer")), other.get("principal", other.get("peer"))
    assert found == [(1, who[0]), (1, who[1]), (1000, who[0])]


def test_wrong_credentials_are_recorded_one_by_one(tmp_path: Path) -> None:
    with capturing(tmp_path / "log") as captured:
        audit = Audit()
        for _ in range(3):
            audit.record("authentication.denied", reason="invalid", peer="10.0.0.7")
    assert len(captured.lines) == 3


def test_the_kind_that_was_told_of_longest_ago_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparing, "monotonic", lambda: 100.0)
    monkeypatch.setattr(sparing, "MOST_KINDS", 2)
    seen = sparing.Sparing()
    assert [seen.count(kind) for kind in ("a", "b", "a", "c", "b", "a")] == [1, 1, 0, 1, 0, 1]

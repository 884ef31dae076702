"""The audit: a stream of its own that no level silences."""

import logging
from pathlib import Path

import orjson
import pytest

from mfn_server.telemetry.audit import Audit
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

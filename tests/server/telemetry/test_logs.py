"""Every line of the process is one JSON object, whoever writes it and whatever it holds."""

import asyncio
import gc
import logging
import os
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider

from mfn_server.telemetry import writing
from mfn_server.telemetry.entries import emit
from mfn_server.telemetry.handler import LineHandler, lost_line
from mfn_server.telemetry.lines import MAX_LINE_BYTES, line_of
from mfn_server.telemetry.writing import DescriptorSink, Writer
from tests.server.telemetry.captured import Captured, capturing

SECRET = "s3cret-of-this-server-" + "x" * 20  # pragma: allowlist secret
log = logging.getLogger("some.library")


@pytest.fixture
def captured(tmp_path: Path) -> Iterator[Captured]:
    with capturing(tmp_path / "log", api_key=SECRET) as captured:
        yield captured


def test_a_librarys_line_has_the_fields_of_every_line(captured: Captured) -> None:
    log.warning("%d of %s", 3, "five")
    (line,) = captured.lines
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {"level": "WARNING", "logger": "some.library", "message": "3 of five"}


@pytest.mark.parametrize(
    "text",
    ['a\nb\r\n{"level":"INFO"}\u2028c', "lone \udc80 surrogate", "nul \0 bell \a", "\U0001f600", '"}\n{"forged":1}'],
    ids=["line ends", "a lone surrogate", "control characters", "an emoji", "a forged line"],
)
def test_no_text_breaks_its_line(captured: Captured, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Past the handlers of pytest, whose reports cannot hold a lone surrogate.
    ours = [handler for handler in logging.getLogger().handlers if isinstance(handler, LineHandler)]
    monkeypatch.setattr(log, "handlers", ours)
    monkeypatch.setattr(log, "propagate", False)
    log.error("%s", text)
    raw = captured.path.read_bytes() if captured.text else b""
    assert raw.count(b"\n") == 1
    (line,) = captured.lines
    assert line["message"] == text.encode("utf-8", "backslashreplace").decode()


def test_an_endless_text_is_cut(captured: Captured) -> None:
    log.error("x" * 10_000_000)
    (line,) = captured.lines
    assert line["message"] == "x" * 8192 + "..."


def test_a_line_that_is_too_long_keeps_what_names_it() -> None:
    raw = line_of({"message": "m", "many": ["y" * 5000] * 5})
    assert orjson.loads(raw) == {"message": "m", "many": ["y" * 5000] * 5}
    raw = line_of({"message": "m", "many": ["y" * 5000] * 14})
    assert orjson.loads(raw) == {"message": "m", "many": ["y" * 4096 + "..."] * 14, "truncated": True}
    assert len(raw) <= MAX_LINE_BYTES
    raw = line_of({"message": "m", "many": ["y" * 5000] * 500})
    assert orjson.loads(raw) == {"message": "m", "truncated": True}


def test_what_json_has_no_word_for_is_told_as_well_as_can_be() -> None:
    ring: list[object] = []
    ring.append(ring)
    given = {"big": 2**70, "object": object(), "nan": float("nan"), "inner": {1: {"k"}}, "ring": ring}
    line = orjson.loads(line_of(given))
    assert (line["big"], line["object"], line["nan"], line["inner"]) == (hex(2**70), "<object>", None, {"1": ["k"]})


def test_an_exception_is_one_field_with_type_text_and_place(captured: Captured) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        log.exception("failed")
    (line,) = captured.lines
    assert (line["exception"]["type"], line["exception"]["message"]) == ("ValueError", "first\nsecond")
    assert "test_logs.py" in line["exception"]["traceback"]


def test_a_line_that_cannot_be_made_says_so(captured: Captured) -> None:
    record = logging.LogRecord("some.library", logging.ERROR, "", 0, "%d", ("no number",), None)
    captured.logs._handler.handle(record)
    (line,) = captured.lines
    assert (line["message"], line["from"], line["failure"]) == (
        "a log line could not be made",
        "some.library",
        "TypeError",
    )


def test_a_line_inside_a_span_names_it(captured: Captured) -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("work") as span:
        log.error("inside")
    log.error("outside")
    inside, outside = captured.lines
    context = span.get_span_context()
    assert (int(inside["trace_id"], 16), int(inside["span_id"], 16)) == (context.trace_id, context.span_id)
    assert (len(inside["trace_id"]), len(inside["span_id"])) == (32, 16)
    assert "trace_id" not in outside


def test_warnings_and_what_nobody_catches_become_lines(captured: Captured) -> None:
    warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: 1 / 0, name="worker-1")
    thread.start()
    thread.join()
    sys.excepthook(KeyError, KeyError("k"), None)

    async def leave_a_failure() -> None:
        asyncio.get_running_loop().create_future().set_exception(OSError("unseen"))
        gc.collect()

    asyncio.run(leave_a_failure())
    assert any("old ways" in line["message"] for line in captured.lines if line["logger"] == "py.warnings")
    assert "OSError" in {line["exception"]["type"] for line in captured.lines if line["logger"] == "asyncio"}
    told = {line["exception"]["type"]: line for line in captured.lines if "exception" in line}
    assert [told[kind]["level"] for kind in ("ZeroDivisionError", "KeyError")] == ["ERROR", "CRITICAL"]
    assert "worker-1" in told["ZeroDivisionError"]["message"]


def test_structlog_comes_out_the_same_way_with_its_fields_masked(captured: Captured) -> None:
    structlog.get_logger("other.library").info("done %s", "well", level="mine", token="t0ken", size=3)
    structlog.get_logger("other.library").debug("not told")
    (line,) = captured.lines
    assert (line["message"], line["level"], line["logger"]) == ("done well", "INFO", "other.library")
    assert (line["level_"], line["token"], line["size"]) == ("mine", "[masked]", 3)


def test_secrets_of_the_settings_stand_in_no_line(captured: Captured) -> None:
    log.error("key %s", SECRET)
    try:
        raise ValueError(f"bad {SECRET}")
    except ValueError:
        log.exception("failed")
    assert len(captured.lines) == 2
    assert SECRET not in captured.text


def test_the_level_of_the_settings_counts_and_closing_restores_everything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = logging.getLogger()
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning)
    before = (root.level, root.handlers[:], structlog.is_configured())
    with capturing(tmp_path / "log", log_level="ERROR") as captured:
        log.warning("not told")
        log.error("told")
    assert [line["message"] for line in captured.lines] == ["told"]
    assert (root.level, root.handlers, structlog.is_configured()) == before
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning) == hooks
    log.warning("seen by the host again")
    assert "seen by the host again" in caplog.text
    assert len(captured.lines) == 1


def test_for_people_lines_are_no_json(tmp_path: Path) -> None:
    with capturing(tmp_path / "log", log_format="console") as captured:
        log.error("told to people")
    assert "told to people" in captured.text
    assert not captured.text.startswith("{")


def test_for_people_nothing_in_a_text_moves_the_cursor_or_forges_a_line(tmp_path: Path) -> None:
    with capturing(tmp_path / "log", log_format="console") as captured:
        log.error("a\x1b[2Jb\nforged", exc_info=ValueError("c\x1b[1md\re"))
        emit(log, logging.ERROR, "rpc", {"error": "f\x1b]0;title\x07\u202e", "nested": {"x": "g\x1b["}})
    text = captured.text
    assert all(each.isprintable() for each in text.split("\n"))
    assert "a\\x1b[2Jb\\nforged" in text
    assert "f\\x1b]0;title\\x07\\u202e" in text
    assert "Traceback" not in text.split("\n")[0]


def test_a_reader_that_stops_reading_stops_no_caller_and_the_lost_lines_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "MAX_QUEUED_BYTES", 500_000)
    reading_end, writing_end = os.pipe()
    writer = Writer(DescriptorSink(writing_end), lost_line, "test-writer")
    line = line_of({"message": "x" * 1000})
    for _ in range(2000):  # far more than the pipe and the queue hold; a put that waited would wait for ever
        writer.put(line)
    lost = writer.lost
    assert 0 < lost < 2000
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.extend(iter(lambda: os.read(reading_end, 65536), b"")))
    reader.start()
    writer.close()
    os.close(writing_end)
    reader.join()
    os.close(reading_end)
    lines = [orjson.loads(each) for each in b"".join(received).splitlines()]
    assert [each["dropped"] for each in lines if "dropped" in each] == [lost]
    assert len(lines) == 2000 - lost + 1


def test_a_sink_that_fails_costs_its_lines_and_nothing_else() -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    writer = Writer(DescriptorSink(writing_end), lost_line, "test-writer")
    writer.put(b"{}\n")
    writer.close()
    os.close(writing_end)
    assert writer.lost == 1
    writer.put(b"{}\n")
    assert writer.lost == 2

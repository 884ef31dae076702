"""docs/logging.md names the fields and events that the server writes, all of them and no others."""

import logging
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace import TracerProvider

from mfn_grpc.v1 import electrochemistry_pb2, simulation_pb2
from mfn_server.interceptors.audit import EVENTS
from mfn_server.telemetry.entries import OF_THIS_PROCESS
from mfn_server.telemetry.handler import lost_line
from mfn_server.telemetry.lines import line_of
from tests.server.calling import NERNST, refused
from tests.server.conftest import Start
from tests.server.interceptors.logging_server import use_chain
from tests.server.telemetry.captured import capturing

PAGE = Path(__file__).parents[3] / "docs" / "logging.md"
SOURCES = Path(__file__).parents[3] / "server" / "mfn_server"
TYPES = {"string": str, "integer": int, "number": float, "boolean": bool, "object": dict, "array of objects": list}


def rows(heading: str) -> dict[str, list[str]]:
    """The table below a heading: its first column to the others."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:2] == "| "]
    return {first.strip("`"): rest for first, *rest in cells[1:]}


def examples() -> list[dict[str, Any]]:
    """The lines shown on the page."""
    shown = (line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith('{"timestamp"'))
    return [orjson.loads(line) for line in shown]


async def test_the_fields_of_the_page_are_those_of_the_lines(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_chain(monkeypatch)
    monkeypatch.setitem(OF_THIS_PROCESS, "worker", 1)
    with capturing(tmp_path / "log", log_level="DEBUG") as captured:
        server = await start(ready=False)
        await server.electrochemistry.ComputeNernst(NERNST)
        await refused(server.electrochemistry.ComputeNernst(electrochemistry_pb2.ComputeNernstRequest()))
        await refused(server.simulation.Simulate(simulation_pb2.SimulateRequest()))
        with TracerProvider().get_tracer("test").start_as_current_span("work"):
            logging.getLogger("library").error("failed", exc_info=ValueError("x"))
        captured.logs._handler.handle(logging.LogRecord("library", logging.ERROR, "", 0, "%d", ("x",), None))
    more = [orjson.loads(lost_line(3)), orjson.loads(line_of({"message": ["y" * 5000] * 20}))]
    lines = [line for line in captured.lines if line["logger"] != "mfn.audit"]
    documented = rows("Fields of every line") | rows("Lines of calls")
    assert {name for line in [*lines, *more] for name in line} == documented.keys()
    for line in lines:
        for name, value in line.items():
            assert isinstance(value, TYPES[documented[name][0]]), name


def test_the_events_of_the_page_are_those_of_the_server() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.rglob("*.py"))
    recorded = set(re.findall(r'\.record\(\s*"([a-z]+\.[a-z]+)"', text)) | set(EVENTS.values())
    assert recorded == rows("Audit").keys()


def test_the_examples_of_the_page_have_documented_fields_only() -> None:
    documented = rows("Fields of every line") | rows("Lines of calls")
    assert len(examples()) == 3
    for line in examples():
        own = {"stream", "event", "resource"} if line["logger"] == "mfn.audit" else set()
        assert line.keys() <= documented.keys() | own


async def test_the_examples_of_the_page_are_what_the_server_writes(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_chain(monkeypatch)
    with capturing(tmp_path / "log") as captured:
        server = await start(ready=False)
        for number, out_molar in ((1, 0.005), (2, -1)):
            request = electrochemistry_pb2.ComputeNernstRequest(z_valence=1, concentration_in_molar=0.14)
            request.concentration_out_molar = out_molar
            call = server.electrochemistry.ComputeNernst(request, metadata=[("x-request-id", f"4f2a-{number}")])
            await (refused(call) if out_molar < 0 else call)
    written = captured.by("mfn.access")
    shown = [line for line in examples() if line["logger"] == "mfn.access"]
    for line in (*written, *shown):
        del line["timestamp"], line["duration_ms"], line["peer"]
    assert written == shown

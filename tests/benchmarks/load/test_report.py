import csv
import json
from pathlib import Path

from benchmarks.load.figures import STREAM, outcome_of
from benchmarks.load.report import stage_lines, text, write
from tests.benchmarks.load.recorded import outcome, rpc, stage

FOUND = outcome(
    stage(rpc("ComputeNernst", 1234, p99_ms=120.0), rpc("Simulate", 0, {"OVERLOADED": 2}, kind=STREAM, p99_ms=None)),
    stage(rpc("ComputeNernst", 40), users=20),
    broken="too slow",
)


def test_the_text_has_a_line_for_each_rpc_and_each_stage() -> None:
    lines = text(FOUND, 1, ["FAIL: <this>"]).splitlines()
    assert lines[1].split() == ["ComputeNernst", "unary", "1,234", "0", "1.00", "2.00", "120", "1.0"]
    assert lines[2].split() == ["Simulate", "stream", "0", "2", "OVERLOADED", "1.00", "2.00", "1.0"]
    assert [line.split()[:2] for line in lines[5:7]] == [["stage", "10"], ["stage", "20"]]
    assert "breaking point: 20 users: too slow" in lines
    assert lines[-1] == "FAIL: <this>"


def test_below_the_tables_stands_what_each_p99_counts() -> None:
    (said,) = [line for line in text(FOUND, 1, []).splitlines() if line.startswith("p99")]
    assert "p99: of the whole run" in said
    assert "slowest p99: of a stage's" in said
    assert "each only with 100 or more in the stage" in said


def test_a_stage_with_too_few_calls_for_a_p99_has_none() -> None:
    heading, often, seldom = stage_lines(FOUND)
    column = heading.index("slowest p99 ms")
    assert (often[column], seldom[column]) == ("120", "")


def test_figures_stand_at_the_top_of_the_page_and_in_json_and_csv_beside_it(tmp_path: Path) -> None:
    page = tmp_path / "steady.html"
    page.write_text("<html><body><div>Locust</div></body></html>", encoding="utf-8")
    write(page, FOUND, {"profile": "steady"}, "1 < 2")
    assert page.read_text(encoding="utf-8") == (
        "<html><body><pre id='figures'>1 &lt; 2</pre><div>Locust</div></body></html>"
    )
    said = json.loads((tmp_path / "steady.json").read_text(encoding="utf-8"))
    assert said["profile"] == "steady"
    assert outcome_of(said["outcome"]) == FOUND
    with (tmp_path / "steady.csv").open(encoding="utf-8", newline="") as lines:
        assert [line[0] for line in csv.reader(lines)] == ["RPC", "ComputeNernst", "Simulate"]

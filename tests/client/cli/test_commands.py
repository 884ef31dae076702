"""Each sub-command against a made-up server."""

import io
import json
import math
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from mfn_client import Frame, StabilityReport, StepLimit, _embedded
from mfn_client.cli import analyze, demo
from mfn_client.cli.demo_runs import RUNS, DemoRun
from mfn_client.cli.failures import UsageError
from mfn_client.cli.federated_demo.outcome import Outcome, Simulated
from mfn_client.cli.output import counted, limit, number
from mfn_client.cli.simulate import _frames
from tests.client.backend import Seen
from tests.client.cli.running import mfn
from tests.client.fakes import field


def document(*arguments: object) -> Any:
    """The one JSON document of a command that succeeds."""
    done = mfn(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_nernst(target: str) -> None:
    arguments = ("nernst", "--z", "2", "--out", "0.1", "--in", "0.2", "--temperature", "300", "--server", target)
    assert mfn(*arguments).stdout == "600.0000 mV\n"
    assert document(*arguments) == {"potential_mv": 600.0}


def test_goldman(target: str) -> None:
    ions = ("--ion", "K:1:1:0.005:0.14", "--ion", "Na:1:0.04:0.145:0.015")
    assert document("goldman", *ions, "--server", target) == {"potential_mv": 2.0}
    assert mfn("goldman", *ions, "--server", target).stdout == "2.0000 mV\n"
    refused = mfn("goldman", "--ion", "K", "--server", target)
    assert refused.exit_code == 2
    assert "K:1:1.0:0.005:0.140" in refused.stderr


def test_models_are_listed_and_shown(target: str) -> None:
    assert [model["name"] for model in document("models", "--server", target)["models"]] == ["mycelium", "gray_scott"]
    listed = mfn("models", "--server", target).stdout
    assert "gray_scott" in listed
    shown = mfn("models", "gray_scott", "--server", target).stdout
    for word in ("Gray_Scott", "u' = 0", "u (mV)", "feed", "0 to 1", "true, false"):
        assert word in shown
    assert document("models", "gray_scott", "--server", target)["parameters"][0]["name"] == "feed"


def test_an_unknown_model_is_bad_usage(target: str) -> None:
    refused = mfn("models", "lorenz", "--server", target)
    assert refused.exit_code == 2
    assert refused.stderr == "Error: MODEL is 'lorenz', must be one of mycelium, gray_scott\n"


def test_health_is_a_word_and_an_exit_code(target: str) -> None:
    healthy = mfn("health", "--server", target)
    assert (healthy.exit_code, healthy.stdout) == (0, "SERVING\n")
    sick = mfn("health", "mfn.v1.FeatureService", "--server", target, "--json")
    assert sick.exit_code == 1
    assert json.loads(sick.stdout) == {"service": "mfn.v1.FeatureService", "status": "NOT_SERVING"}
    assert mfn("health", "nobody", "--server", target).exit_code == 1


def test_analyze(target: str) -> None:
    found = document("analyze", "brusselator", "--dt", "0.5", "--server", target)
    assert (found["dt"], found["steady_states"][1]["grid"]["wavelength"]) == (0.5, 12.5)
    assert found["steady_states"][0]["critical_ratio"] is None
    shown = mfn("analyze", "brusselator", "--dt", "0.5", "--server", target).stdout
    assert "12.5" in shown
    assert "dt = 0.5 is NOT stable" in shown


def report(*limits: StepLimit) -> StabilityReport:
    return StabilityReport(species=("u",), steady_states=(), step_limits=limits, dt=1.0, dt_is_stable=True)


def test_the_mycelium_model_has_no_limits_of_steppers_that_it_cannot_use(capsys: pytest.CaptureFixture[str]) -> None:
    limits = [StepLimit(name, 2.0, "reaction") for name in ("euler", "semi_implicit", "rk4")]
    analyze._show("gray_scott", report(*limits))
    assert "rk4" in capsys.readouterr().out
    analyze._show("mycelium", report(*limits))
    shown = capsys.readouterr().out
    assert "euler" in shown
    assert "rk4" not in shown
    assert "semi_implicit" not in shown


@pytest.mark.parametrize("found", [0.4999996, 1.5625, 1 / 3, 2 / 3, 123456.78, 1.2345678e-7])
def test_a_limit_is_printed_so_that_it_can_be_used(found: float) -> None:
    printed = float(limit(found))
    assert printed <= found
    assert printed == pytest.approx(found, rel=1e-5)  # six digits


def test_a_limit_that_is_not_there_is_infinite() -> None:
    assert limit(math.inf) == "inf"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1e8, "100,000,000"), (0.25, "0.25"), (65536.0, "65536"), (1e-8, "1e-08"), (None, "–"), (math.nan, "–")],
)
def test_large_whole_numbers_are_written_out(value: float | None, shown: str) -> None:
    assert number(value) == shown


def test_one_step_is_a_step() -> None:
    assert [counted(count, "step") for count in (0, 1, 2, 1000)] == ["0 steps", "1 step", "2 steps", "1,000 steps"]


def test_simulate_without_files_asks_for_the_two_ends_only(target: str) -> None:
    found = document("simulate", "gray_scott", "--steps", "10", "--seed", "3", "--server", target)
    assert found["frames"] == 2
    assert found["started"]["spec"]["seed"] == 3
    assert found["summary"]["stop_reason"] == "completed"
    assert found["files"] == []


def test_simulate_writes_files_of_every_kind(target: str, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.npz", "a.png", "a.gif")]
    options = [word for path in paths for word in ("--out", path)]
    found = document("simulate", "gray_scott", "--steps", "10", "--stride", "4", *options, "--server", target)
    assert found["files"] == [str(path) for path in paths]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    with np.load(tmp_path / "a.npz") as archive:
        assert archive["steps"].tolist() == [0, 4, 8, 10]
        np.testing.assert_array_equal(archive["u"][2], field(8))


def test_simulate_tells_people_what_came_of_it(target: str, tmp_path: Path) -> None:
    shown = mfn("simulate", "gray_scott", "--steps", "10", "--out", tmp_path / "a.npz", "--server", target)
    assert shown.exit_code == 0
    assert "10 steps of 4 x 6 cells and 11 frames in " in shown.stdout
    assert ", 0 s of them computing" in shown.stdout
    assert f"Wrote {tmp_path / 'a.npz'}" in shown.stdout
    assert "▀" not in shown.stdout


def test_simulate_measures_the_features_of_the_run_when_asked(target: str) -> None:
    options = ("--features", "--feature-species", "v", "--thresholds", "0.1", "0.2", "0.3", "--server", target)
    found = document("simulate", "gray_scott", "--steps", "10", *options)
    assert found["summary"]["features"]["v_mean"] == 10.0
    assert found["summary"]["features"]["d_box"] is None
    assert found["summary"]["undefined_features"][0]["name"] == "d_box"
    shown = mfn("simulate", "gray_scott", "--steps", "10", *options).stdout
    assert "Features of the run" in shown
    assert "no cell is above [the] threshold" in shown
    assert document("simulate", "gray_scott", "--server", target)["summary"]["features"] is None


def test_options_of_features_need_features(target: str) -> None:
    refused = mfn("simulate", "gray_scott", "--thresholds", "0.1", "0.2", "0.3", "--server", target)
    assert refused.exit_code == 2
    assert "belong to --features" in refused.stderr


def test_simulate_tells_why_the_server_chose_a_stepper(target: str) -> None:
    run = ("simulate", "gray_scott", "--steps", "10", "--server", target)
    assert "Stepper: EULER: the spec [is] not stiff.\n" in mfn(*run).stdout
    assert document(*run)["started"]["stepper_reason"] == "EULER: the spec [is] not stiff."
    said = mfn(*run, "--stepper", "semi_implicit").stdout
    assert "Stepper" not in said


def test_an_unknown_suffix_is_refused_before_anything_is_computed(target: str, seen: Seen, tmp_path: Path) -> None:
    refused = mfn("simulate", "gray_scott", "--out", tmp_path / "a.tiff", "--server", target)
    assert refused.exit_code == 2
    assert "known are .npz, .zarr, .png, .gif, .mp4" in refused.stderr
    assert seen.metadata == []


def test_faults_of_options_and_parameters_are_bad_usage(target: str) -> None:
    refused = mfn("simulate", "gray_scott", "--param", "fed=1", "--precision", "half", "--server", target)
    assert refused.exit_code == 2
    assert "spec.gray_scott.fed: is not a parameter of gray_scott" in refused.stderr
    assert "spec.precision: is 'half'" in refused.stderr


def test_a_run_that_fails_leaves_no_file(target: str, seen: Seen, tmp_path: Path) -> None:
    seen.fail_after = 4
    failed = mfn("simulate", "gray_scott", "--steps", "10", "--out", tmp_path / "a.npz", "--server", target)
    assert failed.exit_code == 1
    assert failed.stderr.startswith("Error: a bug")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("stride", "names", "live", "expected"),
    [
        (None, [], False, {"stride": None, "max_edge": 128, "element_type": "float32"}),
        (None, [], True, {"stride": 50, "max_edge": 128, "element_type": "float32"}),
        (7, [], True, {"stride": 7, "max_edge": 128, "element_type": "float32"}),
        (None, ["a.png"], False, {"stride": None}),
        (None, ["a.png", "a.gif"], False, {"stride": 50}),
        (None, ["a.NPZ"], False, {"stride": 50}),
    ],
)
def test_as_many_frames_are_asked_for_as_are_of_use(
    stride: int | None, names: list[str], live: bool, expected: dict[str, Any]
) -> None:
    assert _frames(5000, stride, [Path(name) for name in names], live) == expected
    assert _frames(10, None, [Path("a.gif")], live=False) == {"stride": 1}


@pytest.fixture
def no_federation(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo without its last part, whose tests are those of federated_demo."""
    outcome = Outcome((), 0.75, 359, Simulated(0.1, 0.9), 3.0)
    monkeypatch.setattr(demo, "load_lab", lambda: None)
    monkeypatch.setattr(demo, "prepare", lambda lab, plan: plan)
    monkeypatch.setattr(demo, "demonstrate", lambda plan, address, quiet: outcome)


@pytest.mark.usefixtures("no_federation")
def test_the_demo_draws_and_measures(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = DemoRun("gray_scott", 10, 5, ("u",), "u", pictures=True)
    measured = DemoRun("brusselator", 10, 2, ("u", "v"), "v")
    monkeypatch.setattr(demo, "RUNS", (drawn, measured))
    folder = tmp_path / "made" / "here"
    found = document("demo", "--out", folder, "--server", target)
    first, second = found["runs"]
    assert found["federated"]["accuracy"] == 0.75
    assert first["files"] == [str(folder / "gray_scott.png"), str(folder / "gray_scott.gif")]
    assert sorted(folder.iterdir()) == sorted(map(Path, first["files"]))
    assert (first["model"], first["steps"], first["frames"]) == ("gray_scott", 10, 6)
    assert (second["frames"], second["predicted_wavelength"], second["files"]) == (3, 12.5, [])
    shown = mfn("demo", "--out", folder, "--server", target).stdout
    for word in ("What was computed", "brusselator", "12.5", "gray_scott.gif", "Accuracy 75.0 % on 359 digits"):
        assert word in shown
    assert "linear theory predicts none" not in shown


def test_the_demo_says_so_where_theory_predicts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = demo.Outcome("gray_scott", 10, 2, 1.0, 0.25, 2e6, 12.0, None, [])
    demo._show([outcome])
    assert "linear theory predicts none" in capsys.readouterr().out


def test_the_rate_of_the_demo_stands_beside_the_seconds_that_it_counts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    demo._show([demo.Outcome("gray_scott", 100, 2, 9.0, 0.25, 100 * 65536 / 0.25, 12.0, 12.0, [])])
    heads, cells = (
        [word.strip() for word in line.replace("┃", "│").strip("│ ").split("│")]
        for line in capsys.readouterr().out.splitlines()
        if "model" in line or "gray_scott" in line
    )
    row = dict(zip(heads, cells, strict=True))
    assert (row["seconds"], row["compute s"], row["cell-steps/compute s"]) == ("9.0", "0.25", "26 M")


class OnTerminal(io.StringIO):
    """A terminal's side of stderr."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_in_a_terminal_the_demo_draws_the_field_while_it_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = OnTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    with demo._view(DemoRun("gray_scott", 10, 5, ("u",), "u"), quiet=False) as view:
        view.show(Frame(0, 0.0, {"u": field(0)}))
    assert "▀" in terminal.getvalue()
    assert "gray_scott" in terminal.getvalue()


@pytest.mark.usefixtures("no_federation")
def test_without_a_terminal_the_demo_says_what_runs(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        demo, "RUNS", (DemoRun("gray_scott", 1000, 1, ("u",), "u"), DemoRun("brusselator", 1, 1, (), "u"))
    )
    said = mfn("demo", "--out", tmp_path, "--server", target).stderr
    assert said == "gray_scott: 1,000 steps of 256 x 256 cells\nbrusselator: 1 step of 256 x 256 cells\n"


@pytest.mark.usefixtures("no_federation")
def test_the_demo_says_that_it_starts_a_server_before_it_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object) -> None:
        raise UsageError("no server")

    monkeypatch.setattr(demo, "serving", refuse)
    assert mfn("demo", "--out", tmp_path).stderr == f"{demo.STARTING}\nError: no server\n"
    assert demo.STARTING not in mfn("demo", "--out", tmp_path, "--json").stderr
    assert demo.STARTING not in mfn("demo", "--out", tmp_path, "--server", "127.0.0.1:1").stderr


def test_a_run_on_the_embedded_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("default", "mfn_server.embedded:EmbeddedServer", _embedded.EMBEDDED_GROUP)
    monkeypatch.setattr(_embedded, "entry_points", lambda **_: [entry])
    grid = ("--rows", 16, "--cols", 24, "--spacing", "1,2", "--boundary", "no_flux")
    run = ("simulate", "gray_scott", "--steps", 20, "--stride", 5, "--param", "feed=0.03", "--dt", 0.5)
    found = mfn(*run, *grid, "--out", tmp_path / "run.zarr", "--json")
    assert found.exit_code == 0, found.stderr
    spec = json.loads(found.stdout)["started"]["spec"]
    assert (spec["gray_scott"]["feed"], spec["dt"], spec["grid"]["spacing"]) == (0.03, 0.5, [1.0, 2.0])
    assert spec["boundaries"][0]["lower"]["kind"] == "no_flux"
    stored = zarr.open_array(tmp_path / "run.zarr", path="u", mode="r")
    assert stored.shape == (5, 16, 24)


def test_strides_of_the_demo_divide_its_steps() -> None:
    assert all(run.steps % run.frames == 0 for run in RUNS)
    assert all(run.measured in run.species for run in RUNS)

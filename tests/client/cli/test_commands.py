"""Each sub-command against a made-up server."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from mfn_client.cli import connection, demo
from mfn_client.cli.demo_runs import RUNS, DemoRun
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
    assert "10 steps of 4 x 6 cells" in shown.stdout
    assert "11 frames" in shown.stdout
    assert f"Wrote {tmp_path / 'a.npz'}" in shown.stdout
    assert "▀" not in shown.stdout


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


def test_the_demo_draws_and_measures(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = DemoRun("gray_scott", 10, 5, ("u",), "u", pictures=True)
    measured = DemoRun("brusselator", 10, 2, ("u", "v"), "v")
    monkeypatch.setattr(demo, "RUNS", (drawn, measured))
    folder = tmp_path / "made" / "here"
    first, second = document("demo", "--out", folder, "--server", target)["runs"]
    assert first["files"] == [str(folder / "gray_scott.png"), str(folder / "gray_scott.gif")]
    assert sorted(folder.iterdir()) == sorted(map(Path, first["files"]))
    assert (first["model"], first["steps"], first["frames"]) == ("gray_scott", 10, 6)
    assert (second["frames"], second["predicted_wavelength"], second["files"]) == (3, 12.5, [])
    shown = mfn("demo", "--out", folder, "--server", target).stdout
    for word in ("What was computed", "brusselator", "12.5", "gray_scott.gif"):
        assert word in shown
    assert "linear theory predicts none" not in shown


def test_the_demo_says_so_where_theory_predicts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = demo.Outcome("gray_scott", 10, 2, 1.0, 2e6, 12.0, None, [])
    demo._show([outcome])
    assert "linear theory predicts none" in capsys.readouterr().out


def test_a_run_on_the_embedded_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("default", "mfn_server.embedded:EmbeddedServer", connection.EMBEDDED_GROUP)
    monkeypatch.setattr(connection, "entry_points", lambda **_: [entry])
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

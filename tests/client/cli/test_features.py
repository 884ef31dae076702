"""`mfn features` against a made-up back end."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.client.backend import Seen
from tests.client.cli.running import mfn

HISTORY = np.random.default_rng(8).uniform(-90, 10, (9, 5, 6))
LEVELS = ("--thresholds", "-60", "-50", "-40")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    np.save(tmp_path / "history.npy", HISTORY)
    return tmp_path / "history.npy"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.arange(0, 240, 10).astype(np.uint8).reshape(4, 6)).save(tmp_path / "grey.png")
    return tmp_path / "grey.png"


def document(*arguments: object) -> Any:
    done = mfn("features", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_features_of_a_history_as_a_document(history: Path, target: str) -> None:
    found = document(history, *LEVELS, "--server", target)
    assert (found["file"], found["array"], found["shape"]) == (str(history), None, [9, 5, 6])
    assert found["thresholds"] == [-60.0, -50.0, -40.0]
    assert found["features"]["v_max"] == HISTORY[-1].max()
    assert found["features"]["d_box"] is None
    assert len(found["features"]) == 18
    assert found["undefined"] == [{"name": "d_box", "reason": "there is no [d_box] here"}]
    assert (found["fractal"], found["early_warnings"]) == (None, None)


def test_features_are_told_to_people_with_the_reason_for_each_that_is_missing(history: Path, target: str) -> None:
    shown = mfn("features", history, *LEVELS, "--server", target).stdout
    for word in ("history.npy: 9 x 5 x 6", "cluster_size_std", "there is no [d_box] here", "–"):
        assert word in shown


def test_the_dimension_stands_on_its_evidence(history: Path, target: str, seen: Seen) -> None:
    found = document(history, *LEVELS, "--fractal", "--server", target)["fractal"]
    np.testing.assert_array_equal(seen.arrays[1], HISTORY[-1])
    assert found["set_cells"] == np.count_nonzero(HISTORY[-1] > -50)
    (dimension,) = found["dimensions"]
    assert (dimension["dimension"], dimension["verdict"]) == (1.58, "fractal")
    assert [scale["local_dimension"] for scale in dimension["counts"]] == [1.5849, None]
    shown = mfn("features", history, *LEVELS, "--fractal", "--threshold", "1e9", "--server", target).stdout
    for word in (
        "0 of 30 cells",
        "2,187",
        "1.5849",
        "R² 0.999",
        "1.5 to 1.7",
        "fractal: one power law over [8] scales",
    ):
        assert word in shown


def test_the_dimension_stands_beside_that_of_chance_when_asked(history: Path, target: str) -> None:
    options = (*LEVELS, "--fractal", "--null", "shuffled", "--server", target)
    (dimension,) = document(history, *options)["fractal"]["dimensions"]
    assert dimension["null_comparison"]["null_model"] == "shuffled"
    assert "Chance gives 1.5 ± 0.1 (40 patterns, shuffled); p 0.25." in mfn("features", history, *options).stdout
    refused = mfn("features", history, *LEVELS, "--fractal", "--null", "brown", "--server", target)
    assert (refused.exit_code, "null_comparison.null_model" in refused.stderr) == (2, True)


def test_early_warnings_of_a_history_come_by_the_stream(history: Path, target: str, seen: Seen) -> None:
    options = ("--early-warning", "--watch", "v_std", "--watch", "v_mean", "--window", "8", "--server", target)
    found = document(history, *LEVELS, *options)
    assert found["features"]["v_max"] == HISTORY[-1].max()
    assert [each["feature"] for each in found["early_warnings"]] == ["v_std", "v_std", "v_mean", "v_mean"]
    assert found["early_warnings"][1] == {
        "feature": "v_std",
        "indicator": "skewness",
        "value": None,
        "kendall_tau": 0.25,
        "p_value": 0.1,
        "undefined_reason": "all [values] are equal",
    }
    assert (seen.begins[0].report_stride, seen.begins[0].early_warning.window_frames) == (9, 8)
    shown = mfn("features", history, *LEVELS, *options).stdout
    assert "Kendall tau" in shown
    assert "all [values] are equal" in shown
    short = mfn("features", history, *LEVELS, "--early-warning", "--window", "50", "--server", target).stdout
    assert "shorter than their window" in short


def test_a_picture_is_its_grey_levels(picture: Path, target: str, seen: Seen) -> None:
    found = document(picture, "--thresholds", "50", "100", "150", "--fractal", "--server", target)
    np.testing.assert_array_equal(seen.arrays[0], np.arange(0, 240, 10).reshape(4, 6))
    assert found["features"]["v_max"] == 230.0
    assert found["fractal"]["set_cells"] == 13


def test_an_archive_in_millivolts_needs_no_thresholds(tmp_path: Path, target: str) -> None:
    np.savez(tmp_path / "run.npz", potential_mv=HISTORY, activator=HISTORY, steps=np.arange(9))
    found = document(tmp_path / "run.npz", "--key", "potential_mv", "--server", target)
    assert (found["array"], found["thresholds"]) == ("potential_mv", [-60.0, -50.0, -40.0])


def test_frames_further_apart_than_a_step_are_told(tmp_path: Path, target: str) -> None:
    options = (tmp_path / "run.npz", "--server", target)
    for steps, apart in ((np.array([0, 50, 100]), 50), (np.array([0, 40, 60]), 40), (np.array([7, 8, 9]), 1)):
        np.savez(tmp_path / "run.npz", potential_mv=HISTORY[:3], steps=steps)
        assert document(*options)["steps_apart"] == apart
        note = f"dv_mean, dv_max, t_stable and e_trend count frames, {apart} steps apart"
        assert (note in mfn("features", *options).stdout) == (apart > 1)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ((), "for mV: --thresholds -60 -50 -40"),
        (("--threshold", "3", *LEVELS), "--threshold and --null belong to --fractal"),
        (("--window", "30", *LEVELS), "belong to --early-warning"),
        (("--early-warning", *LEVELS), "needs a history"),
        (("--key", "u", *LEVELS), "--key chooses an array"),
        (("--thresholds", "1", "2"), "thresholds"),
    ],
    ids=["thresholds", "threshold", "window", "early-warning", "key", "two"],
)
def test_options_that_do_not_fit_are_bad_usage(
    picture: Path, target: str, seen: Seen, options: tuple[str, ...], word: str
) -> None:
    refused = mfn("features", picture, *options, "--server", target)
    assert refused.exit_code == 2
    assert word in refused.stderr
    assert seen.metadata == []


def test_values_that_are_not_finite_are_refused_by_the_server(tmp_path: Path, target: str) -> None:
    np.save(tmp_path / "a.npy", np.full((3, 3), np.nan))
    refused = mfn("features", tmp_path / "a.npy", *LEVELS, "--server", target)
    assert refused.exit_code == 2
    assert "array: holds NaN" in refused.stderr

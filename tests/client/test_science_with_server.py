"""Features, fractals, steppers and validation against the real server, inside this process."""

import asyncio
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from scipy import ndimage, stats
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from mfn_client import (
    FEATURE_NAMES,
    AsyncClient,
    BoxCountOptions,
    Client,
    EarlyWarningOptions,
    Features,
    Frame,
    InvalidArgument,
    NullComparisonOptions,
    Summary,
    _embedded,
)
from mfn_client.sklearn import FractalFeatures
from mfn_server.embedded import EmbeddedServer
from tests.client.cli.running import mfn

LEVELS = (-60.0, -50.0, -40.0)
HISTORY = ndimage.gaussian_filter(np.random.default_rng(5).normal(-50, 60, (12, 40, 30)), (0, 2, 2))
MYCELIUM: dict[str, Any] = {"steps": 60, "stride": 1, "rows": 32, "cols": 48, "seed": 3}
CHANGE = ("dv_mean", "dv_max", "t_stable", "e_trend")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Client]:
    with Client(server.target, api_key=server.api_key) as open_client:
        yield open_client


def expected(history: Any) -> dict[str, float]:
    """The features that numpy and scipy have as well, by their definitions."""
    last, change = history[-1], np.abs(np.diff(history, axis=0))
    clusters = {
        name: ndimage.label(last > level)[1] for name, level in zip(("low", "med", "high"), LEVELS, strict=True)
    }
    sizes = np.bincount(ndimage.label(last > LEVELS[1])[0].ravel())[1:]
    energy = (history**2).mean(axis=(1, 2))
    return {
        "v_min": last.min(),
        "v_max": last.max(),
        "v_mean": last.mean(),
        "v_std": last.std(),
        "v_skew": stats.skew(last, axis=None),
        "v_kurt": stats.kurtosis(last, axis=None),
        "dv_mean": change.mean(),
        "dv_max": change.max(),
        "e_trend": np.polyfit(np.arange(len(history)), energy, 1)[0],
        "f_active": np.mean(last > LEVELS[1]),
        "max_cluster_size": sizes.max(),
        "cluster_size_std": sizes.std(),
        **{f"n_clusters_{name}": count for name, count in clusters.items()},
    }


def check_features(found: Features | None, history: Any) -> None:
    assert found is not None
    for name, value in expected(history).items():
        # Sums over a few thousand cells in another order; the trend loses some digits more to cancellation.
        assert getattr(found, name) == pytest.approx(value, rel=1e-9), name


def test_features_of_a_history_are_those_of_numpy_and_scipy(client: Client) -> None:
    found = client.extract_features(HISTORY, LEVELS)
    check_features(found.features, HISTORY)
    assert found.undefined == ()
    assert client.extract_features(HISTORY).features == found.features


def test_a_single_field_has_no_features_of_change_and_is_told_why(client: Client) -> None:
    found = client.extract_features(HISTORY[-1])
    assert {each.name for each in found.undefined} == set(CHANGE)
    assert all(each.reason for each in found.undefined)
    values = found.features.as_array()
    assert [name for name, value in zip(FEATURE_NAMES, values, strict=True) if math.isnan(value)] == list(CHANGE)


def test_a_stream_of_frames_ends_with_the_features_of_the_history(client: Client) -> None:
    reports = list(client.feature_stream(HISTORY, LEVELS, report_stride=5))
    assert [report.frame for report in reports] == [4, 9, 11]
    for report in reports:
        whole = client.extract_features(HISTORY[: report.frame + 1], LEVELS).features.as_array()
        np.testing.assert_allclose(report.features.as_array(), whole, rtol=1e-12)


def test_a_history_of_a_simulation_streams_into_its_features(client: Client) -> None:
    run = client.simulate("mycelium", with_features=True, **MYCELIUM)
    frames = list(run)
    history = np.stack([frame.fields["potential_mv"] for frame in frames])
    check_features(frames[-1].features, history)
    assert run.summary is not None
    assert features_bytes(run.summary) == features_bytes(frames[-1])
    again = client.simulate("mycelium", **MYCELIUM)
    *_, last = client.feature_stream(frame.fields["potential_mv"] for frame in again)
    np.testing.assert_allclose(last.features.as_array(), frames[-1].features.as_array(), rtol=1e-12)  # type: ignore[union-attr]  # checked above


def test_features_do_not_depend_on_the_stride_nor_on_resuming(client: Client) -> None:
    every = list(client.simulate("mycelium", with_features=True, **MYCELIUM))
    sparse = MYCELIUM | {"stride": 20}
    with client.simulate("mycelium", with_features=True, **sparse) as first:
        begun = [next(first), next(first)]
        token = first.resume_token
    rest = list(client.simulate("mycelium", with_features=True, resume_token=token, **sparse))
    assert [frame.step for frame in begun + rest] == [0, 20, 40, 60]
    for frame in begun + rest:
        assert features_bytes(frame) == features_bytes(every[frame.step])


def features_bytes(carrier: Frame | Summary) -> bytes:
    """The features of a frame or a summary, so that NaN is equal to NaN and nothing else is forgiven."""
    assert carrier.features is not None
    return carrier.features.as_array().tobytes()


def test_features_of_a_run_without_frames_are_those_of_the_stream(client: Client) -> None:
    levels = (0.05, 0.1, 0.2)
    spec: dict[str, Any] = {"steps": 40, "rows": 24, "cols": 24, "seed": 1}
    asked: dict[str, Any] = {"with_features": True, "feature_species": "v", "thresholds": levels}
    *_, last = client.simulate("gray_scott", **spec, **asked)
    result = client.run("gray_scott", **spec, **asked)
    assert features_bytes(result.summary) == features_bytes(last)
    assert result.summary.features is not None
    assert result.summary.features.v_max == last.fields["v"].max()
    assert last.features is not None
    undefined = {each.name for each in result.summary.undefined_features}
    assert undefined == {name for name in FEATURE_NAMES if math.isnan(getattr(last.features, name))}


def test_thresholds_are_needed_where_nothing_is_in_millivolts(client: Client) -> None:
    with pytest.raises(InvalidArgument, match="thresholds"):
        client.run("gray_scott", steps=1, rows=8, cols=8, with_features=True)
    with pytest.raises(InvalidArgument, match="feature_options"):
        client.run("gray_scott", steps=1, rows=8, cols=8, feature_species="v")


def test_every_fault_of_a_field_is_named(client: Client) -> None:
    with pytest.raises(InvalidArgument) as caught:
        client.extract_features(np.zeros((0, 4)), (1.0, 1.0))
    assert {each.field.partition(".")[0] for each in caught.value.violations} == {"array", "options"}


def carpet(levels: int) -> Any:
    """The Sierpinski carpet: digits in base 3 of row and column are never 1 at the same place."""
    side = np.arange(3**levels)
    cells = np.ones((3**levels, 3**levels), bool)
    for place in range(levels):
        digit = side // 3**place % 3 == 1
        cells &= ~(digit[:, None] & digit[None, :])
    return cells


def test_the_dimension_of_the_carpet_is_exact_at_its_own_ratio(client: Client) -> None:
    found = client.analyze_fractal(
        carpet(5),
        box_count=BoxCountOptions(base="triadic"),
        null_comparison=NullComparisonOptions(samples=19),
        lacunarity_box_edges=[1],
        generalized_orders=[0.0, 2.0],
    )
    (dimension,) = found.dimensions
    # Every count is a power of 8, so that only the logarithms round.
    assert dimension.dimension == pytest.approx(math.log(8) / math.log(3), abs=1e-12)
    assert dimension.verdict == "fractal"
    assert [scale.boxes for scale in dimension.counts][:3] == [8**5, 8**4, 8**3]
    assert (found.set_cells, found.total_cells) == (8**5, 9**5)
    assert found.lacunarity[0].lacunarity == pytest.approx(9**5 / 8**5, rel=1e-12)
    assert [each.q for each in found.generalized_dimensions] == [0.0, 2.0]


def occupied(cells: Any, edge: int) -> int:
    """Boxes that hold a cell, counted from the corner of the bounding box by what each cell's box is."""
    rows, cols = np.nonzero(cells)
    return len({(row // edge, col // edge) for row, col in zip(rows - rows.min(), cols - cols.min(), strict=True)})


def test_the_estimators_are_told_apart_and_compared_with_chance(client: Client) -> None:
    disc = np.hypot(*np.mgrid[-64:64, -64:64]) < 50
    found = client.analyze_fractal(
        disc,
        estimators=["box_count", "boundary_count"],
        null_comparison=NullComparisonOptions("shuffled", samples=10, seed=4),
    )
    whole, boundary = found.dimensions
    assert (whole.estimator, boundary.estimator) == ("box_count", "boundary_count")
    assert [scale.boxes for scale in whole.counts] == [occupied(disc, scale.box_edge_cells) for scale in whole.counts]
    # A disc fills the plane and its edge is a line: one dimension lies between them, half of it is more than chance.
    assert boundary.dimension < whole.dimension - 0.5
    assert whole.null_comparison is not None
    assert (whole.null_comparison.null_model, whole.null_comparison.samples) == ("shuffled", 10)


def test_large_fields_and_sets_are_uploaded_by_themselves(client: Client) -> None:
    large = np.random.default_rng(9).uniform(-90, 10, (2, 600, 600))
    check_features(client.extract_features(large, LEVELS).features, large)
    assert client.analyze_fractal(np.ones((2200, 2200), bool)).set_cells == 2200**2


def test_early_warnings_come_once_their_window_is_full(client: Client) -> None:
    options = EarlyWarningOptions(
        features=("v_mean", "v_std"), indicators=("variance",), window_frames=8, surrogates=10
    )
    reports = list(client.feature_stream(HISTORY, LEVELS, early_warning=options))
    assert [len(report.early_warnings) for report in reports] == [0] * 7 + [2] * 5
    means = HISTORY.mean(axis=(1, 2))
    first = reports[7].early_warnings[0]
    assert (first.feature, first.indicator) == ("v_mean", "variance")
    assert first.value == pytest.approx(np.var(means[:8]), rel=1e-9)  # roundoff of the means


async def test_the_asynchronous_client_measures_the_same(server: EmbeddedServer, client: Client) -> None:
    async def frames() -> Any:
        for frame in HISTORY:
            await asyncio.sleep(0)
            yield frame

    async with AsyncClient(server.target, api_key=server.api_key) as other:
        found = await other.extract_features(HISTORY)
        reports = [report async for report in other.feature_stream(frames())]
        analysis = await other.analyze_fractal(HISTORY[-1], -50.0)
    assert found == client.extract_features(HISTORY)
    assert reports[-1].frame == len(HISTORY) - 1
    assert analysis == client.analyze_fractal(HISTORY[-1], -50.0)


@pytest.mark.parametrize("stepper", ["euler", "rk4", "semi_implicit"])
def test_every_stepper_runs_and_the_choice_is_told_when_it_is_left_open(client: Client, stepper: str) -> None:
    said = client.run("schnakenberg", steps=3, rows=16, cols=16, stepper=stepper).started
    assert (said.spec["stepper"], said.stepper_reason) == (stepper, "")
    chosen = client.run("schnakenberg", steps=3, rows=16, cols=16).started
    assert chosen.spec["stepper"] in {"euler", "rk4", "semi_implicit"}
    assert chosen.stepper_reason


def test_a_quick_validation_passes_and_is_the_same_in_one_piece_and_streamed(client: Client) -> None:
    with client.validate_stream("physics", 2) as validation:
        names = validation.begin().check_names
        streamed = {check.name: check for check in validation}
    assert validation.summary is not None
    report = client.validate("physics", 2)
    assert tuple(check.name for check in report.checks) == names
    assert [check.measured for check in report.checks] == [streamed[name].measured for name in names]
    assert report.summary.passed
    assert report.summary.passed_count == len(names)
    for check in report.checks:
        assert check.why_this_tolerance
        assert check.reference
        assert abs(check.measured - check.expected) <= check.tolerance or check.relation != "within"


@pytest.fixture
def embedding(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("default", "mfn_server.embedded:EmbeddedServer", _embedded.EMBEDDED_GROUP)
    monkeypatch.setattr(_embedded, "entry_points", lambda **_: [entry])


def test_the_command_validates_on_the_embedded_server(embedding: None) -> None:
    done = mfn("validate", "physics", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["passed"] is True


def test_the_transformer_regresses_on_features_of_real_fields(server: EmbeddedServer) -> None:
    features = FractalFeatures(LEVELS, server=server.target, api_key=server.api_key)
    model = make_pipeline(features, SimpleImputer(keep_empty_features=True), Ridge(1e-3))
    targets = HISTORY.mean(axis=(1, 2))
    model.fit(HISTORY, targets)
    # The target is one of the features; the penalty on the others shifts it by less than a tenth of its spread.
    assert np.abs(model.predict(HISTORY) - targets).max() < 0.1 * targets.std()


PROGRAM = """
import numpy as np
from importlib.metadata import EntryPoint
from mfn_client import _embedded
from mfn_client.sklearn import FractalFeatures

entry = EntryPoint("default", "mfn_server.embedded:EmbeddedServer", "mfn.embedded_server")
_embedded.entry_points = lambda **_: [entry]
fields = np.random.default_rng(1).uniform(-90, 10, (3, 8, 8))
first, second = FractalFeatures().fit_transform(fields), FractalFeatures().fit_transform(fields)
print(first.shape, np.array_equal(first, second, equal_nan=True), len(_embedded._shared))
"""


def test_without_a_server_the_transformer_shares_one_in_its_process_and_the_process_ends() -> None:
    hidden = {"MFN_SERVER", "MFN_API_KEY"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "(3, 18) True 1\n"

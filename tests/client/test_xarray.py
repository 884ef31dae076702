"""Frames as a labelled dataset."""

import json
import sys

import numpy as np
import pytest

from mfn_client import AsyncSimulation, Simulation
from mfn_client._resume import Backoff
from mfn_client._spec import NO_FEATURES, FeatureArguments, SpecArguments, simulate_request
from mfn_client._stream import SimulationStream
from mfn_client._xarray import cell_centres
from tests.client.fakes import COLS, ROWS, Calls, FakeServer, field, whole


def simulation(features: FeatureArguments = NO_FEATURES) -> Simulation:
    request = simulate_request(SpecArguments.of("gray_scott", {"steps": 10}), stride=4, features=features)
    return Simulation(SimulationStream(request, None, Backoff(0.0)), Calls(whole(FakeServer())))


def test_all_frames_become_one_dataset() -> None:
    found = simulation().to_xarray()
    assert found["u"].dims == ("step", "row", "col")
    assert found["step"].values.tolist() == [0, 4, 8, 10]
    assert found["time"].values.tolist() == [0.0, 2.0, 4.0, 5.0]
    np.testing.assert_array_equal(found["v"].sel(step=8), field(8))
    assert found["u"].attrs == {"units": "mV"}


def test_coordinates_are_lengths_and_attributes_tell_the_run() -> None:
    found = simulation().to_xarray()
    np.testing.assert_array_equal(found["row"], np.arange(ROWS) * 1.0)
    np.testing.assert_array_equal(found["col"], np.arange(COLS) * 0.5)
    assert found.attrs["model"] == "gray_scott"
    assert found.attrs["numerics_version"] == "7"
    assert json.loads(found.attrs["spec"])["steps"] == 10


def test_features_are_a_variable_of_step_and_feature() -> None:
    found = simulation(FeatureArguments(with_features=True)).to_xarray()
    assert found["features"].dims == ("step", "feature")
    assert found["features"].sel(feature="v_mean").values.tolist() == [0.0, 4.0, 8.0, 10.0]
    assert np.isnan(found["features"].sel(step=8, feature="d_box"))
    assert "features" not in simulation().to_xarray()


def test_frames_already_taken_are_not_in_it() -> None:
    running = simulation()
    next(running)
    assert running.to_xarray()["step"].values.tolist() == [4, 8, 10]
    assert not running.to_xarray().data_vars


async def test_the_asynchronous_simulation_gives_the_same_dataset() -> None:
    request = simulate_request(SpecArguments.of("gray_scott", {"steps": 10}), stride=4)
    stream = SimulationStream(request, None, Backoff(0.0))
    found = await AsyncSimulation(stream, Calls(whole(FakeServer()))).to_xarray()
    assert found.identical(simulation().to_xarray())


def test_averaged_blocks_lie_at_the_mean_of_their_cells() -> None:
    # Ten rows in blocks of six, as the longer axis tells: the last block of rows holds four.
    rows, cols = cell_centres((10, 24), (2, 4), (0.5, 1.0))
    np.testing.assert_array_equal(rows, [1.25, 3.75])
    np.testing.assert_array_equal(cols, [2.5, 8.5, 14.5, 20.5])
    rows, _ = cell_centres((4, 4), (4, 4), (1.0, 1.0))
    np.testing.assert_array_equal(rows, [0, 1, 2, 3])


def test_without_xarray_the_remedy_is_named_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xarray", None)
    running = simulation()
    with pytest.raises(ImportError, match=r"mfn-grpc\[analytics\]"):
        running.to_xarray()
    assert next(running).step == 0

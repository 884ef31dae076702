"""Zarr groups."""

import json
from pathlib import Path

import numpy as np
import xarray
import zarr

from tests.client.export.runs import COLS, ROWS, STEPS, field, written


def test_xarray_opens_the_group_with_its_coordinates_and_units(tmp_path: Path) -> None:
    written(tmp_path / "run.zarr")
    found = xarray.open_zarr(tmp_path / "run.zarr", consolidated=False)
    assert found["u"].dims == ("step", "row", "col")
    assert set(found.coords) == {"step", "time", "row", "col"}
    assert set(found.data_vars) == {"u", "v"}
    assert found["u"].dropna("step").swap_dims(step="time").sel(time=2.0)["step"] == 4
    assert found["step"].values.tolist() == list(STEPS)
    assert found["time"].values.tolist() == [0.0, 2.0, 4.0]
    np.testing.assert_array_equal(found["col"], np.arange(COLS) * 0.5)
    np.testing.assert_array_equal(found["v"].sel(step=4), field(4, -1.0))
    assert found["u"].attrs["units"] == "mV"
    assert json.loads(found.attrs["spec"])["grid"]["shape"] == [ROWS, COLS]
    assert found.attrs["spec_hash"] == "0102"


def test_a_chunk_is_a_frame(tmp_path: Path) -> None:
    written(tmp_path / "run.zarr")
    array = zarr.open_group(tmp_path / "run.zarr", mode="r")["u"]
    assert isinstance(array, zarr.Array)
    assert (array.shape, array.chunks) == ((3, ROWS, COLS), (1, ROWS, COLS))

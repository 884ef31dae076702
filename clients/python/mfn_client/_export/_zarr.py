"""A Zarr 3 group that xarray opens: step, time, and an array (step, row, col) for each species, a chunk a frame."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from mfn_client._export._writer import Writer
from mfn_client._messages import json_ready
from mfn_client._results import Frame, Started, Summary
from mfn_client._xarray import cell_centres


class ZarrWriter(Writer):
    """Writes every frame to disk when it comes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._group: Any = None
        self._started: Started | None = None
        self._steps: list[int] = []
        self._times: list[float] = []

    def begin(self, started: Started) -> None:
        """Make the group."""
        self._started = started
        self._group = zarr.create_group(self.temporary, zarr_format=3)
        self._group.attrs["model"] = started.model
        self._group.attrs["spec"] = json.dumps(json_ready(started.spec))
        self._group.attrs["spec_hash"] = started.spec_hash.hex()
        self._group.attrs["numerics_version"] = started.numerics_version

    def add(self, frame: Frame) -> None:
        """Append one chunk to each array."""
        self._steps.append(frame.step)
        self._times.append(frame.time)
        for name, field in frame.fields.items():
            if name not in self._group:
                made = self._make(name, (0, *field.shape), ("step", "row", "col"), str(field.dtype), (1, *field.shape))
                made.attrs["coordinates"] = "time"  # xarray takes only arrays named as their axis for coordinates
            self._group[name].append(field[None])

    def _make(
        self, name: str, shape: tuple[int, ...], axes: tuple[str, ...], dtype: str, chunks: tuple[int, ...]
    ) -> Any:
        return self._group.create_array(name, shape=shape, chunks=chunks, dtype=dtype, dimension_names=axes)

    def write(self, summary: Summary | None) -> None:
        """Add the coordinates and the units."""
        if self._started is None:
            return
        _, shown_rows, shown_cols = next(array.shape for _, array in self._group.arrays())
        rows, cols = cell_centres(self._started.shape, (shown_rows, shown_cols), self._started.spacing)
        times = {"step": ("step", np.array(self._steps)), "time": ("step", np.array(self._times))}
        coordinates = times | {"row": ("row", rows), "col": ("col", cols)}
        for name, (axis, values) in coordinates.items():
            self._make(name, values.shape, (axis,), str(values.dtype), values.shape)[:] = values
        for each in summary.species if summary else ():
            if each.name in self._group:
                self._group[each.name].attrs["units"] = each.unit

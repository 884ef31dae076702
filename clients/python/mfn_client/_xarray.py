"""Frames as a labelled dataset."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mfn_client._features import FEATURE_NAMES
from mfn_client._messages import json_ready
from mfn_client._results import Frame, Started, Summary

if TYPE_CHECKING:
    import xarray


def require_xarray() -> None:
    """Refuse before anything is computed when xarray is missing.

    Raises:
        ImportError: it is.
    """
    if find_spec("xarray") is None:
        raise ImportError("to_xarray() needs xarray: install it with  pip install 'mfn-grpc[analytics]'")


def cell_centres(
    cells: tuple[int, int], shown: tuple[int, int], spacing: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positions of the values along rows and columns, when `shown` of `cells` remain after averaging over blocks.

    The first cell lies at 0; a block lies at the mean position of its cells, the last of an axis may be narrower.
    """
    # The longer axis tells the edge of the blocks; of a shorter one several edges leave the same number.
    block = max(-(-total // max(kept, 1)) for total, kept in zip(cells, shown, strict=True))
    rows, cols = (_centres(total, kept, block) for total, kept in zip(cells, shown, strict=True))
    return rows * spacing[0], cols * spacing[1]


def _centres(cells: int, shown: int, block: int) -> NDArray[np.float64]:
    starts = np.arange(shown) * block
    return (starts + np.minimum(starts + block, cells) - 1) / 2


def dataset(frames: Sequence[Frame], started: Started | None, summary: Summary | None) -> "xarray.Dataset":
    """The dataset of `Simulation.to_xarray`; empty when there are no frames."""
    import xarray  # noqa: PLC0415  # require_xarray has been asked

    if not frames or started is None:
        return xarray.Dataset()
    units = {each.name: each.unit for each in summary.species} if summary else {}
    variables: dict[str, Any] = {
        name: (("step", "row", "col"), np.stack([frame.fields[name] for frame in frames]), _units(units.get(name)))
        for name in frames[0].fields
    }
    if all(frame.features for frame in frames):
        table = np.stack([frame.features.as_array() for frame in frames if frame.features])
        variables["features"] = (("step", "feature"), table, {})
    shown_rows, shown_cols = next(iter(frames[0].fields.values())).shape
    rows, cols = cell_centres(started.shape, (shown_rows, shown_cols), started.spacing)
    coordinates: dict[str, Any] = {
        "step": [frame.step for frame in frames],
        "time": ("step", [frame.time for frame in frames]),
        "row": rows,
        "col": cols,
    }
    if "features" in variables:
        coordinates["feature"] = list(FEATURE_NAMES)
    attributes = {
        "model": started.model,
        "spec": json.dumps(json_ready(started.spec)),
        "spec_hash": started.spec_hash.hex(),
        "numerics_version": started.numerics_version,
    }
    return xarray.Dataset(variables, coordinates, attributes)


def _units(unit: str | None) -> dict[str, str]:
    return {} if unit is None else {"units": unit}

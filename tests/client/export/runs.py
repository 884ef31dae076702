"""A made-up run to write files from."""

from pathlib import Path

import numpy as np

from mfn_client._export import Outputs
from mfn_client._results import Frame, SpeciesSummary, Started, Summary

ROWS, COLS = 5, 8
STEPS = (0, 4, 8)


def started(model: str = "gray_scott") -> Started:
    grid = {"shape": [ROWS, COLS], "spacing": [1.0, 0.5]}
    return Started({model: {}, "steps": 8, "grid": grid}, b"\x01\x02", "7", None, None, 4)


def summary() -> Summary:
    species = tuple(SpeciesSummary(name, unit, 0.0, 1.0, 0.5, 0.1) for name, unit in (("u", "mV"), ("v", "1")))
    return Summary("completed", 8, b"", species, None, 0.25)


def field(step: int, factor: float = 1.0) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return factor * (step + np.arange(ROWS * COLS, dtype=np.float64).reshape(ROWS, COLS))


def frames() -> list[Frame]:
    return [Frame(step, step * 0.5, {"u": field(step), "v": field(step, -1.0)}) for step in STEPS]


def written(*paths: Path, model: str = "gray_scott") -> None:
    """Write the whole run to these files."""
    with Outputs(list(paths)) as outputs:
        for frame in frames():
            outputs.add(frame, started(model))
        assert outputs.finish(summary()) == list(paths)

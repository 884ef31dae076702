"""numpy's archive: `steps`, `times`, `spec` (JSON) and an array [frame, row, column] for each species.

Where the frames carry features, these are `features` [frame, 18] beside `feature_names`.
"""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mfn_client._export._writer import Writer
from mfn_client._features import FEATURE_NAMES
from mfn_client._messages import json_ready
from mfn_client._results import Frame, Started, Summary


class NpzWriter(Writer):
    """Keeps the frames on disk, one raw file a species, until their number is known and the archive can be written."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._spec = ""
        self._steps: list[int] = []
        self._times: list[float] = []
        self._features: list[NDArray[np.float64]] = []
        self._raw: dict[str, tuple[IO[bytes], NDArray[Any]]] = {}

    def begin(self, started: Started) -> None:
        """Remember the spec."""
        self._spec = json.dumps(json_ready(started.spec) | {"numerics_version": started.numerics_version})

    def add(self, frame: Frame) -> None:
        """Append to the raw files."""
        self._steps.append(frame.step)
        self._times.append(frame.time)
        if frame.features is not None:
            self._features.append(frame.features.as_array())
        for name, field in frame.fields.items():
            if name not in self._raw:
                raw = tempfile.TemporaryFile(dir=self.path.absolute().parent)  # noqa: SIM115  # close() closes it
                self._raw[name] = (raw, field)
            self._raw[name][0].write(np.ascontiguousarray(field).data)

    def write(self, summary: Summary | None) -> None:
        """Copy everything into the archive."""
        with zipfile.ZipFile(self.temporary, "w") as archive:
            small = {"steps": np.array(self._steps), "times": np.array(self._times), "spec": np.array(self._spec)}
            if self._features:
                small |= {"features": np.stack(self._features), "feature_names": np.array(FEATURE_NAMES)}
            for name, array in small.items():
                with archive.open(f"{name}.npy", "w") as entry:
                    npy.write_array(entry, array, allow_pickle=False)
            for name, (raw, field) in self._raw.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    _copy(raw, entry, field, len(self._steps))

    def close(self) -> None:
        """Delete the raw files."""
        for raw, _ in self._raw.values():
            raw.close()


def _copy(raw: IO[bytes], entry: IO[bytes], field: NDArray[Any], frames: int) -> None:
    shape = (frames, *field.shape)
    header = {"descr": npy.dtype_to_descr(field.dtype), "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(entry, header)
    raw.seek(0)
    shutil.copyfileobj(raw, entry, 1 << 20)

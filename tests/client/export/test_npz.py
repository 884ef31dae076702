"""numpy archives."""

import json
from pathlib import Path

import numpy as np

from mfn_client import FEATURE_NAMES, Features
from mfn_client._export import Outputs
from mfn_client._results import Frame
from tests.client.export.runs import STEPS, field, started, summary, written


def test_numpy_reads_steps_times_spec_and_every_species(tmp_path: Path) -> None:
    written(tmp_path / "run.npz")
    with np.load(tmp_path / "run.npz", allow_pickle=False) as found:
        assert set(found) == {"steps", "times", "spec", "u", "v"}
        assert found["steps"].tolist() == list(STEPS)
        assert found["times"].tolist() == [0.0, 2.0, 4.0]
        np.testing.assert_array_equal(found["u"], np.stack([field(step) for step in STEPS]))
        np.testing.assert_array_equal(found["v"][2], field(8, -1.0))
        spec = json.loads(str(found["spec"]))
    assert (spec["steps"], spec["numerics_version"]) == (8, "7")


def test_features_are_a_table_with_the_names_of_its_columns(tmp_path: Path) -> None:
    features = [Features(*np.arange(18.0) + step) for step in STEPS]
    with Outputs([tmp_path / "run.npz"]) as outputs:
        for step, measured in zip(STEPS, features, strict=True):
            outputs.add(Frame(step, 0.0, {"u": field(step)}, measured), started())
        outputs.finish(summary())
    with np.load(tmp_path / "run.npz", allow_pickle=False) as found:
        assert tuple(found["feature_names"]) == FEATURE_NAMES
        np.testing.assert_array_equal(found["features"], np.add.outer(STEPS, np.arange(18.0)))


def test_the_element_type_and_strided_fields_are_kept(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float32).reshape(4, 3).T
    with Outputs([tmp_path / "run.npz"]) as outputs:
        outputs.add(Frame(0, 0.0, {"u": values}), started())
        outputs.finish(summary())
    with np.load(tmp_path / "run.npz") as found:
        assert found["u"].dtype == np.float32
        np.testing.assert_array_equal(found["u"][0], values)

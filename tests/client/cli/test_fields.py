"""Files that hold fields: what is read from them, and what is said of those that do not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mfn_client.cli.failures import UsageError
from mfn_client.cli.fields import load

FIELD = np.random.default_rng(1).uniform(0, 1, (4, 7))
HISTORY = np.random.default_rng(2).uniform(0, 1, (3, 4, 7))


def test_a_field_and_a_history_of_numpy(tmp_path: Path) -> None:
    np.save(tmp_path / "field.npy", FIELD)
    np.save(tmp_path / "history.NPY", HISTORY)
    (tmp_path / "history.NPY.npy").rename(tmp_path / "history.NPY")
    field, history = load(tmp_path / "field.npy", None), load(tmp_path / "history.NPY", None)
    assert (field.is_history, history.is_history) == (False, True)
    np.testing.assert_array_equal(field.last, FIELD)
    np.testing.assert_array_equal(history.values, HISTORY)
    np.testing.assert_array_equal(history.last, HISTORY[-1])


def test_the_only_array_of_an_archive_that_can_be_a_field_needs_no_key(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", steps=np.arange(3), spec="{}", u=HISTORY)
    found = load(tmp_path / "a.npz", None)
    assert found.name == "u"
    np.testing.assert_array_equal(found.values, HISTORY)


def test_the_table_of_features_in_an_archive_of_a_run_is_no_field(tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", v=HISTORY, features=np.zeros((3, 18)), feature_names=np.array(["d_box"] * 18))
    assert load(tmp_path / "run.npz", None).name == "v"


@pytest.mark.parametrize("steps", [np.arange(2), np.array([0.0, 1.5, 2.0]), np.array(["a"] * 3)])
def test_an_array_named_steps_that_does_not_count_the_frames_tells_nothing(tmp_path: Path, steps: Any) -> None:
    np.savez(tmp_path / "a.npz", u=HISTORY, steps=steps)
    assert load(tmp_path / "a.npz", None).steps_apart is None


def test_a_field_alone_has_no_distance_to_another(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", u=FIELD, steps=np.arange(len(FIELD)))
    np.savez(tmp_path / "b.npz", u=HISTORY[:1], steps=np.array([5]))
    assert [load(tmp_path / name, None).steps_apart for name in ("a.npz", "b.npz")] == [None, None]


def test_one_of_several_arrays_is_chosen_by_its_key(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", u=HISTORY, v=FIELD)
    assert not load(tmp_path / "a.npz", "v").is_history
    with pytest.raises(UsageError, match="choose one of its arrays with --key: u, v"):
        load(tmp_path / "a.npz", None)
    with pytest.raises(UsageError, match="holds no 'w'; it holds u, v"):
        load(tmp_path / "a.npz", "w")


GREY = np.array([[0, 1, 128], [200, 254, 255]], np.uint8)


@pytest.mark.parametrize(
    ("picture", "levels"),
    [
        (Image.fromarray(GREY), GREY),
        (Image.fromarray(np.array([[0, 256, 65535]], np.uint16)), [[0, 256, 65535]]),
        (Image.fromarray(np.stack([GREY] * 3, axis=-1)), GREY),
        (Image.fromarray(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)), [[76, 150, 29]]),
        (Image.fromarray(GREY > 127), (GREY > 127) * 255),
    ],
    ids=["grey", "deep", "rgb", "luminance", "bits"],
)
def test_a_picture_is_its_grey_levels_as_they_are_stored(tmp_path: Path, picture: Any, levels: Any) -> None:
    picture.save(tmp_path / "a.png")
    found = load(tmp_path / "a.png", None)
    np.testing.assert_array_equal(found.values, levels)
    assert found.values.dtype == np.float32


@pytest.mark.parametrize("name", ["noise.npy", "noise.npz", "noise.png", "empty.npy", "empty.npz", "empty.png"])
def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"" if name.startswith("empty") else b"\x93noise" * 9)
    with pytest.raises(UsageError, match=rf"{name}: cannot be read"):
        load(tmp_path / name, None)


def test_an_archive_cut_short_is_damaged(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", u=FIELD)
    whole = (tmp_path / "a.npz").read_bytes()
    at = whole.index(FIELD.tobytes())
    (tmp_path / "a.npz").write_bytes(whole[:at] + bytes(FIELD.nbytes) + whole[at + FIELD.nbytes :])
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "a.npz", None)


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object))
    with pytest.raises(UsageError, match="cannot be read as numpy's"):
        load(tmp_path / "a.npy", None)


@pytest.mark.parametrize(("values", "shape"), [(np.zeros(3), "is 3;"), (np.zeros((1, 2, 3, 4)), "is 1 x 2 x 3 x 4;")])
def test_other_numbers_of_axes_are_no_field(tmp_path: Path, values: Any, shape: str) -> None:
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(UsageError, match=shape):
        load(tmp_path / "a.npy", None)


def test_an_unknown_kind_of_file_is_told_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown kind of file '\.csv'; known are \.npy, \.npz, \.png"):
        load(tmp_path / "a.csv", None)


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.png"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / name, None)

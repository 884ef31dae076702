import numpy as np
import pytest

from mfn_grpc.core.features.follower import Follower
from mfn_grpc.core.pieces import finish
from tests.core.features.oracles import Array, Precision, walk


def followed(fields: Array) -> Follower:
    follower = finish(Follower.beginning(fields[0]))
    for field in fields[1:]:
        finish(follower.follow(field))
    return follower


@pytest.mark.parametrize("cells", [1, 50, 333])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_blocks_leave_no_trace(dtype: Precision, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = walk((20, 17), 9).astype(dtype)
    whole = followed(fields)
    monkeypatch.setattr("mfn_grpc.core.features.follower.BLOCK_CELLS", cells)
    parts = followed(fields)
    np.testing.assert_array_equal(parts.history.record, whole.history.record)
    np.testing.assert_array_equal(parts.field, fields[-1])


def test_the_fields_handed_in_are_copied_and_left_alone() -> None:
    fields = walk((4, 5), 3)
    given = fields.copy()
    follower = followed(given)
    np.testing.assert_array_equal(given, fields)
    given[:] = 0.0
    np.testing.assert_array_equal(follower.field, fields[-1])


def test_a_field_of_more_digits_keeps_them() -> None:
    fields = walk((4, 5), 4)
    single = fields[:2].astype(np.float32)
    mixed = finish(Follower.beginning(single[0]))
    for field in (single[1], fields[2], fields[3].astype(np.float32), fields[4]):
        finish(mixed.follow(field))
    widened = np.stack([*single, fields[2], fields[3].astype(np.float32), fields[4]]).astype(np.float64)
    np.testing.assert_array_equal(mixed.history.record, followed(widened).history.record)


def test_float32_fields_are_kept_as_such() -> None:
    assert followed(walk((4, 5), 2).astype(np.float32)).field.dtype == np.float32


def test_a_large_field_is_taken_in_by_pieces() -> None:
    first = np.zeros((2048, 2048), np.float32)
    assert sum(1 for _ in Follower.beginning(first)) >= 4  # two for its mean square, two for the copy
    follower = finish(Follower.beginning(first))
    assert sum(1 for _ in follower.follow(np.ones((2048, 2048), np.float32))) >= 2
    assert sum(1 for _ in follower.follow(np.ones((2048, 2048)))) >= 4  # and two to widen the copy

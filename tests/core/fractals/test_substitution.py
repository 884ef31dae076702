import numpy as np
import pytest

from mfn_grpc.core.fractals import CARPET_MOTIF, DUST_MOTIF, TRIANGLE_MOTIF, VICSEK_MOTIF, substitution
from mfn_grpc.core.limits import InvalidInput
from tests.core.fractals.cases import Array, carpet, dust, triangle, vicsek


@pytest.mark.parametrize(("motif", "exact"), [
    (TRIANGLE_MOTIF, np.flipud(triangle(6))),
    (CARPET_MOTIF, carpet(4)),
    (VICSEK_MOTIF, vicsek(4)),
    (DUST_MOTIF, dust(4)),
])  # fmt: skip  # one motif a line
def test_replacing_cells_gives_the_set_that_digits_give(motif: tuple[tuple[bool, ...], ...], exact: Array) -> None:
    depth = 6 if motif is TRIANGLE_MOTIF else 4
    found = substitution(motif, depth)
    np.testing.assert_array_equal(found, exact)
    assert found.dtype == np.bool_


def test_nothing_replaced_is_one_cell() -> None:
    assert substitution(CARPET_MOTIF, 0).tolist() == [[True]]


@pytest.mark.parametrize(("motif", "depth", "field"), [
    (((True, False),), 1, "motif"),
    (TRIANGLE_MOTIF, -1, "depth"),
    (TRIANGLE_MOTIF, 14, "depth"),
    (CARPET_MOTIF, 9, "depth"),
])  # fmt: skip  # one fault a line
def test_sets_that_are_none_or_too_large_are_refused(
    motif: tuple[tuple[bool, ...], ...], depth: int, field: str
) -> None:
    with pytest.raises(InvalidInput, match=field):
        substitution(motif, depth)

"""Updates as the vectors that rules work on."""

import numpy as np

from mfn_grpc.core.aggregation import ArraySource
from mfn_server.federation.next_model.sources import Difference, Scaled


def test_weights_count_as_their_difference_from_the_model_in_float64() -> None:
    weights, base = np.array([1, 2, 1e8 + 8], np.float32), np.array([0.1, 2, 1e8], np.float32)
    found = Difference(ArraySource(weights), ArraySource(base)).read(0, 3)
    assert found.dtype == np.float64
    assert found.tolist() == [float(w) - float(b) for w, b in zip(weights, base, strict=True)]


def test_any_part_can_be_read() -> None:
    values = np.arange(10.0)
    source = Scaled(Difference(ArraySource(3 * values), ArraySource(values)), 0.5)
    assert source.read(4, 7).tolist() == [4.0, 5.0, 6.0]


def test_a_factor_scales_without_touching_what_was_sent() -> None:
    values = np.ones(2, np.float32)
    values.flags.writeable = False
    assert Scaled(ArraySource(values), 0.1).read(0, 2).tolist() == [0.1, 0.1]

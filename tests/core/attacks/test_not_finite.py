import numpy as np

from mfn_grpc.core.attacks import NotFiniteValue
from tests.core.attacks.cases import X


def test_each_attacker_spoils_one_element_of_the_honest_mean_by_another_value() -> None:
    sent = NotFiniteValue()(X, 4)
    expected = [[np.nan, 5, 6], [4, np.inf, 6], [4, 5, -np.inf], [np.nan, 5, 6]]
    assert np.array_equal(sent, expected, equal_nan=True)

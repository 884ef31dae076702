import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mfn_grpc.core.dynamics.early_warning.tails import Tail


@given(st.integers(1, 9), st.integers(0, 60))
def test_a_tail_holds_the_last_values_oldest_first(length: int, appended: int) -> None:
    tail, rows = Tail(2, length), []
    for i in range(appended):
        rows.append([i, -i])
        tail.append(np.array(rows[-1]))
    expected = np.array(rows[-length:], dtype=np.float64).reshape(-1, 2).T
    assert tail.values.tolist() == expected.tolist()
    assert tail.full == (appended >= length)


def test_each_series_is_contiguous() -> None:
    tail = Tail(3, 4)
    for _ in range(6):
        tail.append(np.zeros(3))
    assert all(series.flags.c_contiguous for series in tail.values)
